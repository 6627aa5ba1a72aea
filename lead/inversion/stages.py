"""The stage that inverts a word for each chosen motion, and asks whether it is a better one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from jaxtyping import Float
from torch import Tensor

from lead.clip import Clip
from lead.config.evaluation import Inversion
from lead.config.systems import Objective
from lead.evaluation.embed import Keeper
from lead.files.artefact import atomic_path, unreadable
from lead.files.job import Job, forget, state_lock
from lead.files.seeds import Seeds
from lead.inversion.chosen import clips_of, read_chosen
from lead.inversion.invert import (
    Networks,
    chunks,
    fresh_objective,
    in_templates,
    invert,
    open_networks,
)
from lead.inversion.words import InvertedWords, write_inverted
from lead.progress import Progress
from lead.text.pseudo_word import token_vectors
from lead.training.state import write_history

_SCHEMA = [
    ("id", pa.string()),
    ("word", pa.string()),
    ("descriptor", pa.float64()),
    ("inverted", pa.float64()),
]


def invert_words(job: Job) -> None:
    """Invert a word for every chosen motion, chunk by chunk; finished chunks outlive a kill.

    Draws are keyed by motion and step, and are those of every other objective. Inputs: those of
    `open_networks`, ``motions``; for the objective ``lead`` its ``projector``. Settings: ``words``,
    the name of the inversion, and its ``objective``. Outputs: ``words``, also in every template;
    ``history``, one row per motion, step and segment with its diffusion step and loss; ``fresh``,
    the objective of descriptor and inverted word on draws that no step saw, the same for both.
    """
    networks, settings = open_networks(job), job.setting("mti", Inversion)
    chosen, _ = read_chosen(job.inputs["motions"])
    clips = clips_of(chosen, networks.store)
    start = token_vectors(networks.encoder, [one.word for one in chosen])
    parts = list(chunks(len(clips), settings.chunk))
    folder = job.state_folder()
    with state_lock(folder) if folder else nullcontext():
        keeper = Keeper(folder, range(len(parts)))
        missing = keeper.missing()
        progress = Progress("chunks of motions", len(parts), len(parts) - len(missing))
        for number in missing:
            part = parts[number]
            keeper.keep(number, _invert_part(job, networks, clips[part], start[part]))
            progress.advance()
        found = {name: torch.cat([own[name] for own in keeper.kept()]) for name in keeper.kept()[0]}
        name = str(job.settings["words"])
        write_history(_records(found), job.outputs["history"], job.manifest)
        before, after = (found[key].double().numpy() for key in ("descriptor", "inverted"))
        named = [(one.id, one.word) for one in chosen]
        write_fresh(job.outputs["fresh"], named, before, after, {**job.manifest, "words": name})
        ids = tuple(one.id for one in chosen)
        words = InvertedWords(ids, found["vectors"], found["sentences"])
        write_inverted(job.outputs["words"], words, job.manifest)
        if folder:
            forget(folder)


def draw_seeds(seeds: Seeds) -> Seeds:
    """What inversions draw from: the same for every objective and projector."""
    return seeds.child("inverted", "draws")


@dataclass(frozen=True)
class Improvement:
    """How many inverted words lower their own objective on fresh draws.

    Attributes:
        words: name of the inversion, as its folder.
        motions: how many words there are.
        improved: how many are better than their descriptors.
        ratio: median over motions of the objective by the descriptor's.
    """

    words: str
    motions: int
    improved: int
    ratio: float

    @property
    def share(self) -> float:
        """``improved`` by ``motions``."""
        return self.improved / self.motions


def write_fresh(
    path: Path,
    named: Sequence[tuple[str, str]],
    descriptor: Float[np.ndarray, " N"],
    inverted: Float[np.ndarray, " _N"],
    words: dict[str, Any],
) -> None:
    """Write the objective of every motion, of its descriptor and of its inverted word.

    ``named`` are the motions' ids and descriptors; ``words`` go into the schema, of which
    ``words`` is the inversion's name.
    """
    rows = [
        {"id": id_, "word": word, "descriptor": float(before), "inverted": float(after)}
        for (id_, word), before, after in zip(named, descriptor, inverted, strict=True)
    ]
    schema = pa.schema(_SCHEMA, metadata={"lead": json.dumps(words)})
    with atomic_path(path) as temporary:
        pq.write_table(pa.Table.from_pylist(rows, schema), temporary)


def read_improvement(path: Path) -> Improvement:
    """What such a file comes to.

    Raises:
        LeadError: it is damaged, or another one.
    """
    try:
        table = pq.read_table(path)
        name = json.loads((table.schema.metadata or {})[b"lead"])["words"]
        before, after = (table[column].to_numpy() for column in ("descriptor", "inverted"))
    except (pa.ArrowException, OSError, KeyError) as error:
        raise unreadable(path, error, "the rule that inverts words") from error
    ratio = float(np.median(after / before))
    return Improvement(name, len(after), int((after < before).sum()), ratio)


def _invert_part(
    job: Job, networks: Networks, clips: Sequence[Clip], start: Float[Tensor, "n W"]
) -> dict[str, Tensor]:
    settings, seeds = job.setting("mti", Inversion), draw_seeds(job.seeds)
    objective = job.setting("objective", Objective)
    made = invert(networks, objective, clips, start, settings, seeds)
    both = [in_templates(networks, vectors) for vectors in (start, made.vectors)]
    before, after = fresh_objective(networks, objective, clips, both, settings, seeds)
    return {
        "vectors": made.vectors,
        "loss": made.loss,
        "timestep": made.timestep,
        "descriptor": before,
        "inverted": after,
        "sentences": both[1].cpu(),
    }


def _records(found: dict[str, Tensor]) -> list[dict[str, Any]]:
    loss, timestep = found["loss"].tolist(), found["timestep"].tolist()
    return [
        {"step": step, "motion": motion, "timestep": timestep[motion][step][segment], "loss": value}
        for motion, steps in enumerate(loss)
        for step, values in enumerate(steps)
        for segment, value in enumerate(values)
    ]
