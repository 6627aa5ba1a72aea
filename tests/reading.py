"""What a reader finds, in the order of ids."""

from collections.abc import Iterable

from lead.clip import Found, Work


def found_by(works: Iterable[Work]) -> list[Found]:
    """Run every unit of reading in this process."""
    found = [item for work in works for item in work()]
    return sorted(found, key=lambda item: (item.id, item.source))
