"""Which weights of a network are its result, in words: what tables say of every model."""

from __future__ import annotations

from collections.abc import Sequence

from lead.config.study import Study
from lead.config.systems import System
from lead.config.training import Training


def checkpoint_rules(study: Study, rows: Sequence[System]) -> dict[str, str]:
    """How the weights of every network of a table's rows were chosen, by its name."""
    stages = {"VAE": study.vae, "denoiser": study.denoiser}
    if study.consistency is not None:
        stages["student"] = study.consistency
    rules = {
        name: _rule(stage.training)
        if stage.source.kind == "train"
        else f"as released ({stage.source.path.name})"
        for name, stage in stages.items()
    }
    names = {name for row in rows for name in (row.projector, row.loss_projector)}
    projectors = [_rule(own.training) for name, own in study.projectors.items() if name in names]
    if projectors:
        rules["projectors"] = ", or ".join(dict.fromkeys(projectors))
    if study.evaluator.kind == "trained":
        rules["evaluator"] = _rule(study.matcher.matching)
    return rules


def _rule(training: Training) -> str:
    of = f"{training.steps:,} steps"
    chosen = {"last": f"last of {of}", "best": f"lowest validation loss in {of}"}[training.keep]
    return f"{chosen}, averaged with decay {training.ema:g}" if training.ema else chosen
