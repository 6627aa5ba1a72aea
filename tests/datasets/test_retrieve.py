"""Downloads from a real server that cuts, lies, refuses or vanishes."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flaky_server import Site, serving

from lead.datasets.download import CONTENT, Patience, fetch
from lead.errors import LeadError

SIZE = 300_000
CONTENTS = random.Random(3).randbytes(SIZE)
DIGEST = hashlib.sha256(CONTENTS).hexdigest()
HURRY = Patience(attempts=3, wait=0.001, timeout=5.0)


@pytest.fixture
def target(tmp_path):
    return tmp_path / "data" / "file.bin"


@pytest.fixture
def site():
    with serving(Site(CONTENTS)) as site:
        yield site


def is_whole(target: Path) -> bool:
    """The file is right, and nothing else was left beside it."""
    return target.read_bytes() == CONTENTS and list(target.parent.iterdir()) == [target]


def test_a_file_arrives_whole_and_alone(site, target):
    fetch(site.url, target, DIGEST, HURRY)
    assert is_whole(target)


def test_a_cut_download_goes_on_and_fetches_no_byte_twice(site, target):
    site.cuts = [100_000, 50_000]
    fetch(site.url, target, DIGEST, HURRY)
    assert is_whole(target)
    assert site.asked == [None, "bytes=100000-", "bytes=150000-"]
    assert site.sent == [100_000, 50_000, 150_000]


def test_cuts_that_bring_new_bytes_never_exhaust_the_patience(site, target):
    site.cuts = [20_000] * 10
    fetch(site.url, target, DIGEST, HURRY)
    assert is_whole(target)
    assert len(site.asked) == 11


def test_what_a_failed_call_fetched_is_used_by_the_next(site, target):
    site.cuts = [120_000, 0, 0, 0]
    with pytest.raises(LeadError, match="could not be downloaded") as error:
        fetch(site.url, target, DIGEST, HURRY)
    assert "goes on where it stopped" in str(error.value.fix)
    assert not target.exists()
    site.cuts = []
    fetch(site.url, target, DIGEST, HURRY)
    assert is_whole(target)
    assert site.sent[-1] == SIZE - 120_000


def test_a_server_that_ignores_ranges_is_asked_for_all_again(site, target):
    site.ranges = False
    site.cuts = [100_000]
    fetch(site.url, target, DIGEST, HURRY)
    assert is_whole(target)
    assert site.sent == [100_000, SIZE]


def test_a_server_that_always_cuts_at_the_same_byte_is_given_up(site, target):
    site.ranges = False
    site.cuts = [100_000] * 50
    with pytest.raises(LeadError, match="could not be downloaded"):
        fetch(site.url, target, DIGEST, HURRY)
    assert len(site.asked) <= 1 + HURRY.attempts


def test_a_file_that_changed_on_the_server_is_not_joined_to_the_old_one(site, target):
    site.content = b"old" * 100_000
    site.cuts = [100_000, 0, 0, 0]
    with pytest.raises(LeadError):
        fetch(site.url, target, DIGEST, HURRY)
    site.content, site.cuts = CONTENTS, []
    with pytest.raises(LeadError, match="wrong checksum"):
        fetch(site.url, target, DIGEST, HURRY)
    fetch(site.url, target, DIGEST, HURRY)
    assert is_whole(target)
    assert site.sent[-1] == SIZE


def test_without_a_checksum_nothing_is_continued(site, target):
    site.cuts = [100_000]
    fetch(site.url, target, patience=HURRY)
    assert is_whole(target)
    assert site.asked == [None, None]


def test_a_part_from_another_address_is_continued_since_the_checksum_is_the_same(site, target):
    site.cuts = [100_000, 0, 0, 0]
    with pytest.raises(LeadError):
        fetch(site.url, target, DIGEST, HURRY)
    site.cuts = []
    fetch(site.url + "?version=2", target, DIGEST, HURRY)
    assert is_whole(target)
    assert site.asked[-1] == "bytes=100000-"


def test_a_part_longer_than_the_file_is_thrown_away(site, target):
    site.cuts = [100_000, 0, 0, 0]
    with pytest.raises(LeadError):
        fetch(site.url, target, DIGEST, HURRY)
    with (target.parent / "file.bin.part" / CONTENT).open("ab") as file:
        file.write(bytes(SIZE))
    site.cuts = []
    fetch(site.url, target, DIGEST, HURRY)
    assert is_whole(target)
    assert site.asked[-1] is None


def test_a_server_that_cannot_go_on_from_there_is_asked_for_all(site, target):
    site.cuts, site.statuses = [100_000], [200, 416]
    fetch(site.url, target, DIGEST, HURRY)
    assert is_whole(target)
    assert site.asked == [None, "bytes=100000-", None]


def test_a_complete_part_is_only_verified_and_renamed(site, target):
    folder = target.parent / "file.bin.part"
    site.cuts = [100_000, 0, 0, 0]
    with pytest.raises(LeadError):
        fetch(site.url, target, DIGEST, HURRY)
    assert sorted(path.name for path in folder.iterdir() if path.name != "lock") == [CONTENT]
    (folder / CONTENT).write_bytes(CONTENTS)
    before = len(site.asked)
    fetch(site.url, target, DIGEST, HURRY)
    assert is_whole(target)
    assert len(site.asked) == before


def test_an_overloaded_server_is_asked_again(site, target):
    site.statuses = [503, 500]
    fetch(site.url, target, DIGEST, HURRY)
    assert is_whole(target)


def test_a_server_that_stays_broken_is_reported_with_its_answer(site, target):
    site.statuses = [500] * 10
    with pytest.raises(LeadError) as error:
        fetch(site.url, target, DIGEST, HURRY)
    assert "500" in str(error.value.found)
    assert len(site.asked) == HURRY.attempts


def test_a_missing_file_is_not_asked_for_twice(site, target):
    site.statuses = [404] * 10
    with pytest.raises(LeadError) as error:
        fetch(site.url, target, DIGEST, HURRY)
    assert "404" in str(error.value.found)
    assert site.url in str(error.value.fix)
    assert str(target) in str(error.value.fix)
    assert len(site.asked) == 1


def test_no_network_is_said_with_the_way_around(target):
    with serving(Site(CONTENTS)) as gone:
        pass
    with pytest.raises(LeadError, match="could not be downloaded") as error:
        fetch(gone.url, target, DIGEST, HURRY)
    assert "Check the network" in str(error.value.fix)
    assert "by hand" in str(error.value.fix)
    assert not target.exists()


def test_a_folder_that_cannot_be_made_is_said(site, tmp_path):
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(LeadError, match="could not be written"):
        fetch(site.url, tmp_path / "data" / "file.bin", DIGEST, HURRY)


def test_wrong_bytes_get_no_name_and_are_not_kept_for_the_next_call(site, target):
    site.content = CONTENTS[:-1] + b"x"
    with pytest.raises(LeadError, match="wrong checksum") as error:
        fetch(site.url, target, DIGEST, HURRY)
    assert error.value.found == hashlib.sha256(site.content).hexdigest()
    assert DIGEST in str(error.value.expected)
    assert not target.exists()
    site.content = CONTENTS
    fetch(site.url, target, DIGEST, HURRY)
    assert is_whole(target)


def test_an_end_that_cannot_be_noticed_is_found_by_the_checksum(site, target):
    site.length = False
    site.cuts = [100_000]
    with pytest.raises(LeadError, match="wrong checksum"):
        fetch(site.url, target, DIGEST, HURRY)
    assert not target.exists()


def test_a_file_that_is_there_is_not_asked_for(site, target):
    fetch(site.url, target, DIGEST, HURRY)
    fetch(site.url, target, DIGEST, HURRY)
    assert len(site.asked) == 1


def test_another_file_of_that_name_is_left_alone(site, target):
    target.parent.mkdir()
    target.write_bytes(b"mine")
    with pytest.raises(LeadError, match="left as it is"):
        fetch(site.url, target, DIGEST, HURRY)
    assert target.read_bytes() == b"mine"
    assert site.asked == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_said_with_the_room_there_is(site, target):
    folder = target.parent / "file.bin.part"
    folder.mkdir(parents=True)
    (folder / CONTENT).symlink_to("/dev/full")
    with pytest.raises(LeadError, match="No space left on device") as error:
        fetch(site.url, target, DIGEST, HURRY)
    assert "bytes free" in str(error.value.found)
    assert not target.exists()


def test_a_killed_download_goes_on_where_it_stopped(site, target):
    site.trickle = 0.02
    content = target.parent / "file.bin.part" / CONTENT
    call = "import sys, pathlib; from lead.datasets.download import fetch; "
    call += "fetch(sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3])"
    process = subprocess.Popen([sys.executable, "-c", call, site.url, str(target), DIGEST])
    deadline = time.monotonic() + 60
    while not content.is_file() or content.stat().st_size == 0:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    with pytest.raises(LeadError, match="another process"):
        fetch(site.url, target, DIGEST, HURRY)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not target.exists()
    kept = content.stat().st_size
    site.trickle = 0.0
    fetch(site.url, target, DIGEST, HURRY)
    assert is_whole(target)
    assert site.asked == [None, f"bytes={kept}-"]
    assert site.sent[-1] == SIZE - kept


def test_the_bar_counts_on_from_what_was_there(site, target, capsys):
    site.cuts = [100_000]
    fetch(site.url, target, DIGEST, HURRY)
    assert "file.bin, bytes 300,000/300,000" in capsys.readouterr().err
