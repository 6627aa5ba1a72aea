"""What a user is told of an error."""

import pickle

import pytest

from lead.errors import LeadError, check_input, check_output


def test_an_error_keeps_every_field_on_its_way_from_a_worker_process():
    error = LeadError("No.", "a.npy", found=ValueError("cut off"), expected="a file", fix="Try.")
    again = pickle.loads(pickle.dumps(error))
    assert (
        str(again)
        == str(error)
        == ("No.\n  file: a.npy\n  found: cut off\n  expected: a file\n  fix: Try.")
    )


@pytest.mark.parametrize(
    "name,found",
    [
        ("folder.npz", "a folder"),
        ("", "a folder"),
        ("file/out.npz", "can lie under"),
        ("file/new/out.npz", "can lie under"),
        ("loop/out.npz", "can lie under"),
        ("n" * 240 + ".npz", "a name of 244 bytes"),
        ("é" * 124 + ".npz", "a name of 252 bytes"),
        ("n" * 5000 + ".npz", "too long"),
        ("input.npz", "would be replaced"),
        ("new/../input.npz", "would be replaced"),
        ("link.npz", "would be replaced"),
        ("out.txt", "found: .txt"),
        ("out", "no ending"),
    ],
)
def test_a_file_that_could_not_be_written_is_refused_at_once(tmp_path, name, found):
    for folder in ("folder.npz", "new"):
        (tmp_path / folder).mkdir()
    for file in ("file", "input.npz"):
        (tmp_path / file).touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "link.npz").symlink_to(tmp_path / "input.npz")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(LeadError, match=found) as caught:
        check_output(tmp_path / name, ".npz", inputs=[tmp_path / "input.npz", tmp_path / "none"])
    assert caught.value.fix and sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["out.npz", "old.npz", "a/b/c/OUT.NPZ", "dangling.npz"])
def test_a_file_that_can_be_written_passes_and_nothing_is_made(tmp_path, name):
    (tmp_path / "old.npz").write_text("old")
    (tmp_path / "dangling.npz").symlink_to(tmp_path / "none.npz")
    before = sorted(tmp_path.iterdir())
    check_output(tmp_path / name, ".npz", inputs=[tmp_path / "none.npz"])
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name,found", [("folder", "a folder"), ("none", "nothing that can be")])
def test_an_input_that_is_no_file_is_refused(tmp_path, name, found):
    (tmp_path / "folder").mkdir()
    with pytest.raises(LeadError, match=found):
        check_input(tmp_path / name, "a map")
    check_input(None, "a map")
