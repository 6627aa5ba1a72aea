"""Which model a command uses, and telling it."""

from __future__ import annotations

import sys
from pathlib import Path

from lead.model_directory import BUNDLED, MODEL_FILE, bundled_model, read_description

OWN_MODEL = Path("results/demo/model")
"""Model of the study that runs by default, seen from where the command is run."""


def choose_model(asked: Path | None) -> Path:
    """The model that was asked for, else the default study's own, else the bundled one; which
    one it is goes to stderr.

    Raises:
        LeadError: there is none.
    """
    own = OWN_MODEL if (OWN_MODEL / MODEL_FILE).is_file() else None
    model = asked or own or bundled_model()
    print(f"model: {_name(model)}", file=sys.stderr)
    return model


def _name(model: Path) -> str:
    if model != BUNDLED:
        return str(model)
    said = read_description(model)
    return f"bundled ({said['description']}, lead-motion {said['made_by']['lead']})"
