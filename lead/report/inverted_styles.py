"""The stage that inverts words of held-out styles: figures in numbers and in pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lead.config.datasets import DatasetSettings
from lead.config.evaluation import Evaluation
from lead.config.inversion import Inversion, Objective
from lead.data.datasets import skeleton_of
from lead.evaluation.styled_motions import (
    REAL,
    WORD,
    Found,
    StyledMotion,
    judge_styles,
    styled_motions,
    take_views,
)
from lead.evaluation.styles import style_judges
from lead.files.artefact import atomic_path
from lead.files.job import Job
from lead.inversion.invert import invert, open_networks
from lead.motion.features import features_to_joints
from lead.motion.normalizer import Normalizer, load_normalizer
from lead.motion.skeleton import Skeleton
from lead.progress import track
from lead.render.sheet import Panel, motion_sheet
from lead.text.descriptors import descriptor
from lead.text.pseudo_word import is_single_token, token_vectors

_OBJECTIVES: tuple[Objective, ...] = ("mld", "feat", "lead")
_SHOWN = (REAL, "lead_lead", "mld")
_ROWS = 5


def invert_styles(job: Job) -> None:
    """Invert a word of each chosen take of a style that no stage saw, and use it elsewhere.

    Each take has its own word, of every objective, and the bare descriptor to compare with. Inputs:
    those of `open_networks` with ``projector``. Outputs: ``styles``, one row a dataset, style,
    label (style or content), variant and sentence, with how often a classifier of real clips
    finds the take's label, what guessing gives, how often it is right on recorded clips of takes
    it was not trained on and on those through the VAE, and whether that is enough to judge by;
    ``sheet``, take, lead and mld.

    Raises:
        LeadError: the study holds no style out.
    """
    settings, protocol = job.setting("mti", Inversion), job.setting("evaluation", Evaluation)
    opened = open_networks(job)
    sampling = {"steps": protocol.sampling_steps, "guidance": protocol.guidance}
    networks = replace(opened, generator=replace(opened.generator, **sampling))
    seeds = job.seeds.child("inverted", "styles")
    statistics = load_normalizer(job.inputs["stats"])
    judges = style_judges(networks.store.clips, take_views(networks), settings.styles.takes, seeds)
    clips = [clip for judge in judges for clip in judge.targets]
    known = partial(is_single_token, networks.encoder)
    start = token_vectors(networks.encoder, [descriptor(clip, known).word for clip in clips])
    words = {WORD: start}
    for objective in track(_OBJECTIVES, "objectives", len(_OBJECTIVES)):
        words[objective] = invert(networks, objective, clips, start, settings, seeds).vectors
    motions = list(styled_motions(networks, clips, words, settings.styles, seeds))
    _write(judge_styles(judges, motions), job)
    skeleton = skeleton_of(job.setting("dataset", DatasetSettings))
    rows = _rows(motions, settings.styles.sentences, skeleton, statistics)
    title = "Words inverted from styles that no stage saw, in another sentence"
    columns = ("the take", "MTI LEAD + projection", "MTI MLD")
    motion_sheet(rows, columns, skeleton, job.outputs["sheet"], title)


def _write(found: Sequence[Found], job: Job) -> None:
    table = pa.Table.from_pylist([asdict(row) for row in found])
    table = table.replace_schema_metadata({"lead": json.dumps(job.manifest)})
    with atomic_path(job.outputs["styles"]) as temporary:
        pq.write_table(table, temporary)


def _rows(
    motions: Sequence[StyledMotion],
    sentences: Sequence[str],
    skeleton: Skeleton,
    statistics: Normalizer,
) -> list[list[Panel]]:
    """The first take of each style, then a second, and so on, as far as the sheet goes."""
    sentence = sentences[min(1, len(sentences) - 1)]
    shown: dict[str, dict[str, StyledMotion]] = {}
    for motion in motions:
        if motion.variant in _SHOWN and motion.sentence in ("", sentence):
            shown.setdefault(motion.clip.id, {}).setdefault(motion.variant, motion)
    count: dict[str, int] = {}
    order = []
    for name, own in shown.items():
        style = str(own[REAL].clip.style)
        count[style] = count.get(style, 0) + 1
        order.append((count[style], style, name))
    return [
        [_panel(shown[name][variant], skeleton, statistics) for variant in _SHOWN]
        for _, _, name in sorted(order)[:_ROWS]
    ]


def _panel(motion: StyledMotion, skeleton: Skeleton, statistics: Normalizer) -> Panel:
    features = statistics.denormalise(motion.features).astype(np.float32)
    said = motion.sentence or f"{motion.clip.content}, {motion.clip.style}"
    return Panel(said, features_to_joints(features, skeleton))
