"""What realignment changes in each motion: the change as numbers, and the motions changed most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lead.clip import Clip
from lead.config.evaluation import Evaluation
from lead.config.systems import FULL, MLD, realigned
from lead.errors import LeadError
from lead.evaluation.generate import draw_given
from lead.evaluation.protocol import draw_pass, sorted_batches
from lead.evaluation.repeats import repeat_seeds
from lead.figures.motions import Decoder, open_decoder
from lead.figures.strips import Strips, draw_strips
from lead.figures.style import COLUMN, FAINT, LEAD, PAGE, colour_of, new_figure, save_figure, styled
from lead.files.job import Job
from lead.files.tables import write_table
from lead.motion.skeleton import METRES
from lead.types import Joints

COLUMNS = 3
"""Motions of the figure of strips."""

_CONTENTS, _FEWEST = 12, 2  # lines of the right panel; motions that a line needs
_LINE = 0.145  # inches


def realignment_change(job: Job) -> None:
    """Generate every test caption without and with realignment, from the same noise.

    Captions, lengths and noise are those of the first repeat of the evaluation. Inputs and
    settings: those of `open_decoder`, with ``projector``. Outputs: ``numbers``, one row a motion
    (id, caption, content, frames and ``change``, see `mean_change`), the largest first; ``pdf`` and
    ``png`` of the changes; ``strips_pdf`` and ``strips_png``, the motions changed most.
    """
    decoder = open_decoder(job)
    pairs, clips, captions = without_and_with(job, decoder)
    metre = METRES[decoder.skeleton.unit]
    rows = [
        {"id": clip.id, "caption": caption, "content": clip.content, "frames": len(before),
         "change": metre * mean_change(before, after)}
        for clip, caption, (before, after) in zip(clips, captions, pairs, strict=True)
    ]  # fmt: skip
    order = np.argsort([-row["change"] for row in rows], kind="stable").tolist()
    frame = pd.DataFrame([rows[row] for row in order])
    write_table(job.outputs["numbers"], frame.to_dict("records"), job.manifest)
    save_figure(draw_changes(frame), {name: job.outputs[name] for name in ("pdf", "png")})
    shown = changed_most([clips[row] for row in order], COLUMNS)
    of_clip = {clip.id: pair for clip, pair in zip(clips, pairs, strict=True)}
    told = {row["id"]: f"{row['caption']}\nchanged by {100 * row['change']:.1f} cm" for row in rows}
    strips = [
        Strips(system.label, colour_of(system), [of_clip[clip.id][place] for clip in shown])
        for place, system in enumerate((MLD, realigned(FULL)))
    ]
    figure = draw_strips([told[clip.id] for clip in shown], strips, decoder.skeleton)
    save_figure(figure, {name: job.outputs[f"strips_{name}"] for name in ("pdf", "png")})


def without_and_with(
    job: Job, decoder: Decoder
) -> tuple[list[tuple[Joints, Joints]], Sequence[Clip], Sequence[str]]:
    """The motion of every test clip without and with realignment; the clips; the captions.

    Captions, lengths and noise are those of the first repeat of the evaluation.
    """
    seeds, generator = repeat_seeds(job.seeds, 0), decoder.generator
    drawn = draw_pass(decoder.store.split("test"), seeds)
    text = decoder.cache.pooled(drawn.captions)
    given = draw_given(generator, text, [clip.id for clip in drawn.clips], seeds)
    pairs: dict[int, tuple[Joints, Joints]] = {}
    for rows in sorted_batches(drawn.length, job.setting("evaluation", Evaluation).batch_size):
        latent = generator.latents(*(values[rows].to(generator.null) for values in given))
        length = drawn.length[rows].tolist()
        both = (decoder.joints(latent, length, realign=own) for own in (False, True))
        pairs |= dict(zip(rows.tolist(), zip(*both, strict=True), strict=True))
    return [pairs[row] for row in range(len(drawn.clips))], drawn.clips, drawn.captions


def mean_change(before: Joints, after: Joints) -> float:
    """The mean distance of joints over frames and joints, in the joints' unit (PROTOCOL 6.5).

    Raises:
        LeadError: the motions have other frames or joints, or are not finite.
    """
    if before.shape != after.shape or not len(before):
        raise LeadError(
            "Two motions are to be compared joint by joint and do not fit one another.",
            found=f"{before.shape} and {after.shape}",
            expected="the same frames and joints",
            fix="Generate both with the same length.",
        )
    change = float(np.linalg.norm(after.astype(np.float64) - before, axis=-1).mean())
    if not np.isfinite(change):
        raise LeadError(
            "Motions to be compared hold values that are not finite numbers.",
            found=change,
            fix="Look at the training histories of the networks that made them, and train again.",
        )
    return change


def changed_most(clips: Sequence[Clip], count: int) -> list[Clip]:
    """The first clips of different contents, then others, of clips in order of their change."""
    first: dict[str, Clip] = {}
    for clip in clips:
        first.setdefault(clip.content, clip)
    others = [clip for clip in clips if clip is not first[clip.content]]
    return [*first.values(), *others][:count]


@styled()
def draw_changes(frame: pd.DataFrame) -> Figure:
    """How many motions change by how much, and by what they show.

    ``frame`` has columns ``change``, in metres, and ``content``.
    """
    change = 100 * frame["change"]
    by_content = change.groupby(frame["content"])
    medians = {str(name): own.median() for name, own in by_content if name and len(own) >= _FEWEST}
    named = sorted(medians, key=lambda name: medians[name])[-_CONTENTS:]
    figure = new_figure(PAGE if len(named) > 1 else COLUMN, 0.6 + max(1.2, _LINE * len(named)))
    left, *right = figure.subplots(1, 2 if len(named) > 1 else 1, squeeze=False)[0]
    left.hist(change, bins=min(30, 4 + len(change) // 4), color=LEAD, edgecolor="white", lw=0.4)
    for value, name in ((change.median(), "median"), (change.quantile(0.9), "nine in ten below")):
        left.axvline(value, color=FAINT, lw=0.8, ls="--" if name == "median" else ":",
                     label=f"{name}: {value:.1f} cm")  # fmt: skip
    left.set_xlim(left=0)
    left.yaxis.get_major_locator().set_params(integer=True)
    left.set_ylabel("motions")
    left.set_title(f"{len(change)} test captions")
    left.legend()
    for axes in right:
        for line, content in enumerate(named):
            own = by_content.get_group(content)
            axes.plot(own, [line] * len(own), "o", ms=2.4, color=LEAD, alpha=0.45, mew=0)
            axes.plot([own.median()], [line], "|", ms=7, mew=1.4, color=LEAD)
        axes.set_yticks(range(len(named)), [name.replace("_", " ") for name in named])
        axes.set_xlim(left=0)
        axes.tick_params(axis="y", length=0)
        axes.set_title(f"the {len(named)} actions that change most (bar: median)")
    for axes in (left, *right):
        axes.set_xlabel("mean change of joints by realignment (cm)")
    return figure
