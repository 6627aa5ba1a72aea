"""What stands below each table of the analysis: how it was computed, and what it does not say."""

from __future__ import annotations

from collections.abc import Mapping

NOTES: Mapping[str, tuple[str, ...]] = {
    "paired": (
        "Mean over repeats of a system less MLD in the same repeat (same captions, crops, noise "
        "and pools); interval and two-sided p of a paired t-test, not corrected for the number of "
        "tests. Repeats share weights and test clips: a small p says that the difference is no "
        "accident of noise, captions and crops; nothing of other clips or another training.",
    ),
    "ladder": (
        "D(E(x)) decodes the real crops' own latents, D(P(E(x))) with the projector between. "
        "A generated FID is fairly judged from D(E(x)) upwards: one far below it owes that to "
        "something else than better motions. Intervals are Student's over repeats.",
    ),
    "fid_interval": (
        "Interval: delete-a-group jackknife over takes, real and generated items together, "
        "Student's t: how far this FID would move with other items, not with other noise.",
        "N to infinity: a line in 1/N through the FID of parts; the misfit is the root mean "
        "square of what it misses. Real's is between disjoint parts of itself, and 0 if the line "
        "is right.",
        "Floor: FID of independent sets of one distribution. Real and generated motions are pairs "
        "and resemble each other, so that a FID can be below it; the second reading, of the same "
        "clips, is the other extreme.",
    ),
    "fid_length": (
        "Groups by the length of the real crop; mean over the first repeats with Student's "
        "interval. Groups differ in items and in spread, so compare systems within a group, and "
        "groups by N to infinity (first repeat). Less floor can be negative, see above.",
    ),
    "same_caption": (
        "Own: the protocol's rule, a text must find its own motion. Same caption: any motion of "
        "the pool with that very caption is a hit. A perfect model cannot tell motions of one "
        "caption apart and finds its own with probability min(k, m) / m among m of them. "
        "± is Student's 95 % interval over repeats.",
    ),
    "captions": (
        "The protocol's pools and rule, averaged over some texts. ± is Student's 95 % interval "
        "over repeats. Words are what spaces part, in quartiles.",
    ),
}
