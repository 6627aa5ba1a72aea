"""What an audit can find, how bad it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]

Kind = Literal[
    "non_finite",
    "one_frame",
    "no_caption",
    "known_broken",
    "unit",
    "fps",
    "frozen",
    "exploding",
    "stretching",
    "id_twice",
    "duplicate_apart",
    "mirror_apart",
    "take_apart",
    "duplicate",
    "count",
]


@dataclass(frozen=True)
class Meaning:
    """One kind of finding: whether results would be wrong, its name, and the way out."""

    severity: Severity
    title: str
    advice: str


MEANINGS: dict[Kind, Meaning] = {
    "non_finite": Meaning(
        "error",
        "Values that are not finite",
        "One such clip makes every FID not a number. Leave it out, or get the file again.",
    ),
    "one_frame": Meaning(
        "error", "Clips of a single frame", "Nothing moves in them. Leave them out."
    ),
    "no_caption": Meaning(
        "error", "No caption", "Nothing says what is done. Add a sentence, or leave the clip out."
    ),
    "known_broken": Meaning(
        "warning",
        "Known to be broken",
        "Others found these ids broken in the published data. They are kept while their values "
        "are finite; look at them once.",
    ),
    "unit": Meaning(
        "error",
        "Implausible unit",
        "The body has the wrong size. Scale the positions to the dataset's unit.",
    ),
    "fps": Meaning(
        "warning",
        "Implausible frame rate",
        "The steps are too slow or too fast for their length. Check the rate that the file was "
        "recorded at; slow-motion acting looks the same.",
    ),
    "frozen": Meaning(
        "warning",
        "Frozen frames",
        "Nothing moves for half a second or more: a gap in the capture, or padding. Cut it off.",
    ),
    "exploding": Meaning(
        "warning",
        "Exploding frames",
        "Faster than any body: a gap, an exchanged marker, two takes in one file. Cut there.",
    ),
    "stretching": Meaning(
        "warning",
        "Bones that change their length",
        "Exchanged joints or a failed fit. Look at the clip; features rebuild the bones rigidly.",
    ),
    "id_twice": Meaning(
        "error", "One id for several clips", "Only one of them can be meant. Rename the others."
    ),
    "duplicate_apart": Meaning(
        "error",
        "The same motion in two splits",
        "The test split is no longer unseen. Keep one, or move both to one split.",
    ),
    "mirror_apart": Meaning(
        "error",
        "A mirrored copy in another split",
        "The test split is no longer unseen. Put a clip and its mirror into one split.",
    ),
    "take_apart": Meaning(
        "warning",
        "A take in several splits",
        "Parts of one performance resemble each other. Published splits do this in places.",
    ),
    "duplicate": Meaning(
        "warning", "The same motion twice", "It counts double in its split. Keep one of them."
    ),
    "count": Meaning(
        "warning",
        "A split has another size than expected",
        "Results are not comparable to published ones before the difference is explained.",
    ),
}
"""Every kind in the order of the page; an error makes results wrong, a warning wants a look."""


@dataclass(frozen=True)
class Finding:
    """One fault of one recording, or of the whole dataset where ``id`` is empty."""

    kind: Kind
    id: str
    source: str
    detail: str

    @property
    def severity(self) -> Severity:
        """``error`` where results would be wrong, ``warning`` where somebody should look."""
        return MEANINGS[self.kind].severity
