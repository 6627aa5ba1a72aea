"""The motions that words are inverted from, and the descriptor that each word starts from."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import partial

from lead.clip import Clip
from lead.config.models import TextSettings
from lead.errors import LeadError
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.inversion.tables import ChosenMotion, write_chosen
from lead.store import MotionIndex
from lead.text.descriptors import descriptor
from lead.text.encoder import load_text_encoder
from lead.text.pseudo_word import is_single_token

# HumanML3D's and KIT-ML's mirrored copies, with the letter of an item about a part.
_MIRRORED = re.compile(r"([A-Z]+_)?M\d+")


def choose_clips(clips: Sequence[Clip], count: int, seeds: Seeds) -> list[Clip]:
    """Draw ``count`` clips that are no mirror images, or take all if there are fewer.

    They come in the order of their ids, and depend on no order in which clips were given.

    Raises:
        LeadError: there are fewer than two, which no metric can be computed of.
    """
    names = {clip.id: clip for clip in clips}
    plain = [names[name] for name in sorted(names) if not _is_mirrored(name, names)]
    if len(plain) < 2:
        raise LeadError(
            "There are too few motions to invert words from.",
            found=f"{len(plain)} unmirrored clips",
            expected="2 at the very least; the paper has 100",
            fix="Use more clips, or give the test split a larger share.",
        )
    rows = seeds.numpy().choice(len(plain), min(count, len(plain)), replace=False)
    return [plain[row] for row in sorted(rows)]


def clips_of(chosen: Sequence[ChosenMotion], index: MotionIndex) -> list[Clip]:
    """The clips of the chosen motions, in the same order.

    Raises:
        LeadError: the study has no such clip.
    """
    known = {clip.id: clip for clip in index.clips}
    missing = [motion.id for motion in chosen if motion.id not in known]
    if missing:
        raise LeadError(
            "Motions were chosen that the study does not have.",
            found=", ".join(missing[:3]),
            expected="clips of the study's index",
            fix="Delete the file of chosen motions and run the same snakemake command again.",
        )
    return [known[motion.id] for motion in chosen]


def choose_motions(job: Job) -> None:
    """Draw unmirrored test motions with the study's seed, and a descriptor for each.

    Input: ``index``. Setting: ``motions``, how many. Output: ``motions``, with the number of test
    clips that they were drawn from as ``of`` in its metadata.

    Raises:
        LeadError: there are fewer than two, or the encoder's weights are not there.
    """
    test = MotionIndex.open(job.inputs["index"]).split("test")
    clips = choose_clips(test, int(job.settings["motions"]), job.seeds.child("inverted", "motions"))
    encoder = load_text_encoder(job.setting("text", TextSettings))
    known = partial(is_single_token, encoder)
    chosen = [
        ChosenMotion(clip.id, clip.captions[0], clip.frames, *descriptor(clip, known))
        for clip in clips
    ]
    write_chosen(job.outputs["motions"], chosen, {**job.manifest, "of": len(test)})


def _is_mirrored(name: str, names: Collection[str]) -> bool:
    """Whether a number, or the name of another clip, follows an M (`lead.datasets.splits`)."""
    if _MIRRORED.fullmatch(name):
        return True
    return name.startswith("M") and name[1:] in names
