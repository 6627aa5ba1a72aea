"""Motions from inverted words beside those they were inverted from (the paper's Fig. 5)."""

from __future__ import annotations

import sys

from lead.config.systems import BEST, REAL, System, inverted, other_model
from lead.errors import LeadError
from lead.evaluation.generate import draw_given
from lead.evaluation.predictions.embed import first_motions
from lead.evaluation.repeats import repeat_seeds
from lead.figures.motions import Decoder, different_contents, open_decoder
from lead.figures.realignment import mean_change
from lead.figures.strips import Strips, draw_strips
from lead.figures.style import colour_of, save_figure
from lead.files.job import Job
from lead.inversion.chosen import clips_of, read_chosen
from lead.inversion.stages import drawn_sentences, first_captions
from lead.inversion.words import read_inverted
from lead.motion.features import features_to_joints
from lead.motion.skeleton import METRES
from lead.types import Joints

COLUMNS = 3

MOTIONCLIP = "motionclip"
"""The entry of `external` whose motions are the row of MotionCLIP."""

ABSENT = (
    "MotionCLIP's motions are not at hand. Generate one per test item from its caption, and add "
    f"`external: {{{MOTIONCLIP}: {{path: FOLDER, label: MotionCLIP}}}}` to the study."
)


def inverted_strips(job: Job) -> None:
    """Draw three motions that words were inverted from, and what is generated from the words.

    Rows: the motion, MotionCLIP where the study has it, and words of the objectives ``mld``
    (decoded as they are) and ``lead`` (realigned), each with its mean distance of joints from the
    motion (`mean_change`). Templates, noise and lengths are those of the
    evaluation, of its first repeat.
    Inputs: those of `open_decoder` with ``projector``; ``motions``; words ``mld`` and ``lead``;
    where the study has MotionCLIP, those of `first_motions`. Outputs: ``pdf``, ``png``.
    """
    decoder = open_decoder(job)
    chosen, _ = read_chosen(job.inputs["motions"])
    clips = clips_of(chosen, decoder.store)
    seeds = repeat_seeds(job.seeds, 0)
    columns = different_contents(clips, COLUMNS, job.seeds.child("inverted_strips"))
    places = [clips.index(clip) for clip in columns]
    drawn = first_captions(clips, seeds)

    real = decoder.crops(drawn)
    target = [real[place] for place in places]
    metre = METRES[decoder.skeleton.unit]

    def row(system: System, motions: list[Joints], label: str) -> Strips:
        """With how far joints are from the target, where motions are as long."""
        notes = [
            f"{100 * metre * mean_change(*pair):.0f} cm from the target"
            if len(pair[0]) == len(pair[1]) and system is not REAL
            else ""
            for pair in zip(target, motions, strict=True)
        ]
        return Strips(label, colour_of(system), motions, notes)

    names = [clip.id for clip in columns]
    length = [int(drawn.length[place]) for place in places]
    rows = [row(REAL, target, "target")]
    if "predictions" in job.inputs:
        made = [features_to_joints(own, decoder.skeleton) for own in first_motions(job, names)]
        rows.append(row(other_model(MOTIONCLIP), [*made], "MotionCLIP"))
    else:
        print(ABSENT, file=sys.stderr)
    for system, label in ((inverted("mld"), "MTI MLD"), (BEST, "MTI LEAD")):
        realign = system.projector is not None
        made = _from_words(job, decoder, str(system.words), names, length, realign=realign)
        rows.append(row(system, made, label))
    figure = draw_strips([drawn.captions[place] for place in places], rows, decoder.skeleton)
    save_figure(figure, job.outputs)


def _from_words(
    job: Job, decoder: Decoder, name: str, ids: list[str], length: list[int], *, realign: bool
) -> list[Joints]:
    """The motions of some words, as long as asked for."""
    words = read_inverted(job.inputs[name])
    if missing := [own for own in ids if own not in words.ids]:
        raise LeadError(
            "The words were inverted from other motions than those chosen.",
            file=job.inputs[name],
            found=f"no word of {missing[0]}",
            expected=f"words of {', '.join(ids)}",
            fix="Delete the folder of the variant and run the same snakemake command again.",
        )
    seeds = repeat_seeds(job.seeds, 0).child("inverted")
    rows = [words.ids.index(own) for own in ids]
    generator = decoder.generator
    given = draw_given(generator, drawn_sentences(words, seeds)[rows], ids, seeds)
    latent = generator.latents(*(values.to(generator.null) for values in given))
    return decoder.joints(latent, length, realign=realign)
