"""Whether Python imports anything, looks it up for a pickle, or runs a program."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_RUNS = ("import", "pickle.find_class", "marshal.", "subprocess.", "os.system")
_records: list[list[str]] = []


def _record(event: str, arguments: tuple) -> None:
    if _records and event.startswith(_RUNS):
        _records[-1].append(f"{event} {arguments[:2]}")


codecs.lookup("raw_unicode_escape")  # text of old pickles; Python imports it when first used
sys.addaudithook(_record)  # which Python never lets go of


@contextmanager
def recorded_code() -> Iterator[list[str]]:
    """What Python reports of imports, look-ups of pickles, and programs that are run."""
    _records.append([])
    try:
        yield _records[-1]
    finally:
        _records.pop()
