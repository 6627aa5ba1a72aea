"""Every reader of files from strangers keeps its promises under some hundred damages.

The harness has its own page, docs/security.md; by hand it runs for minutes or an hour.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")


def fuzz(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "benchmarks/fuzz.py", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_no_reader_fails_on_damaged_files(tmp_path):
    done = fuzz("--cases", "40", "--seed", "5", "--keep", str(tmp_path / "kept"))
    kept = {path.name: path.read_text()[-800:] for path in tmp_path.glob("kept/*.txt")}
    assert (done.returncode, kept) == (0, {}), done.stderr[-3000:]
    rows = [line.split() for line in done.stdout.splitlines()[1:]]
    assert len(rows) > 15
    for name, refused, accepted, *failures in rows:
        assert int(refused) + int(accepted) == 40 and int(refused) > 5, name
        assert failures == ["0"] * 4


KEPT = Path(os.environ.get("LEAD_TEST_DATA", REPOSITORY / "../shared/data")) / "../cases/fuzz"


@pytest.mark.slow
@pytest.mark.skipif(not KEPT.is_dir(), reason="no kept cases lie beside the test data")
def test_files_that_were_once_read_wrongly_are_not():
    done = fuzz("--files", str(KEPT))
    assert done.returncode == 0, done.stderr[-3000:]
    rows = [line.split() for line in done.stdout.splitlines()[1:]]
    counts = {name: list(map(int, numbers)) for name, *numbers in rows}
    assert sum(map(sum, counts.values())) == len(list(KEPT.iterdir())) - 1  # the README
    # Two are sound: weights in half precision, and others of a usual size.
    assert {name: few[1] for name, few in counts.items() if few[1]} == {"model": 2}


def test_a_kept_file_that_is_read_wrongly_is_named(tmp_path):
    (tmp_path / "npy_garbage_1.npy").write_bytes(b"no array")
    (tmp_path / "word_crash_2.word").write_bytes(b"no word")
    code = (
        "import runpy, sys; sys.path.insert(0, 'benchmarks'); from fuzzing import parsers\n"
        "parsers.PARSERS['npy'] = parsers.Parser(lambda folder: None, lambda file: 1 / 0)\n"
        f"sys.argv = ['fuzz.py', '--files', {str(tmp_path)!r}]\n"
        "runpy.run_path('benchmarks/fuzz.py', run_name='__main__')"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    rows = [line.split() for line in done.stdout.splitlines()[1:]]
    assert (done.returncode, rows) == (1, [["npy", *"001000"], ["word", *"100000"]])
    assert "npy_garbage_1.npy" in done.stderr and "ZeroDivisionError" in done.stderr


DEEDS = {
    "raise LeadError('no', fix='none')": "refused",
    "raise LeadError('no')": "traceback",
    "raise KeyError('x')": "traceback",
    "return ''": "accepted",
    "return 'NaN'": "garbage",
    "return '' if bytearray(300 << 20) else ''": "memory",
    "bytearray(4 << 30)": "memory",
    "exec('while True: pass')": "hang",
    "os.abort()": "traceback",
}
"""What a reader does, and how the harness must count that."""

_JAIL = """
import os, sys
sys.path.insert(0, "benchmarks")
from fuzzing import jail
from lead.errors import LeadError
jail.SECONDS = 1
exec("def read(case):\\n    " + "\\n    ".join(
    f"if case == {number}: {deed}" for number, deed in enumerate(sys.argv[1:])))
for verdict in jail.judge(iter(range(len(sys.argv) - 1)), read, lambda case: 100, 2):
    print(verdict.case, verdict.outcome)
"""


def test_the_harness_counts_every_kind_of_failure():
    done = subprocess.run(
        [sys.executable, "-c", _JAIL, *DEEDS],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = dict(line.split() for line in done.stdout.splitlines())
    assert [found[str(number)] for number in range(len(DEEDS))] == list(DEEDS.values())


def test_the_same_seed_damages_alike():
    code = (
        "import random, sys; sys.path.insert(0, 'benchmarks')\n"
        "from fuzzing.mutate import mutate\n"
        "print([mutate(b'a: 1.5\\nb: [2, 3]\\n' * 9, random.Random(f'{n}')) for n in range(50)])"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1] and len(runs[0]) > 1000
