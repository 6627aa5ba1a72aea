"""LEAD: latent realignment for human motion diffusion (Andreou et al., 2025).

The names below are all that most programs need::

    from lead import LeadPipeline

    motion = LeadPipeline.load().generate(["a person waves"], seconds=3.0)[0]

They are imported when they are first asked for: ``import lead`` alone loads no torch.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lead.config.load import load_study
    from lead.evaluation import metrics
    from lead.interop.mld import load_mld, load_motionlcm
    from lead.interop.t2m_evaluator import load_t2m_evaluator
    from lead.mocap.motion_file import read_motion
    from lead.models.files import load_network
    from lead.motion.features import features_to_joints, joints_to_features
    from lead.motion.skeleton import HUMANML3D, KIT
    from lead.pipeline import LeadPipeline

__version__ = "0.1.0"

__all__ = [
    "HUMANML3D",
    "KIT",
    "LeadPipeline",
    "features_to_joints",
    "joints_to_features",
    "load_mld",
    "load_motionlcm",
    "load_network",
    "load_study",
    "load_t2m_evaluator",
    "metrics",
    "read_motion",
]

_MODULES = {
    "HUMANML3D": "lead.motion.skeleton",
    "KIT": "lead.motion.skeleton",
    "LeadPipeline": "lead.pipeline",
    "features_to_joints": "lead.motion.features",
    "joints_to_features": "lead.motion.features",
    "load_mld": "lead.interop.mld",
    "load_motionlcm": "lead.interop.mld",
    "load_network": "lead.models.files",
    "load_study": "lead.config.load",
    "load_t2m_evaluator": "lead.interop.t2m_evaluator",
    "metrics": "lead.evaluation.metrics",
    "read_motion": "lead.mocap.motion_file",
}

# OpenMP threads that wait for others spin by default: beside a busy neighbour, a training on two
# threads then makes one step where it makes fifty. Read when torch is loaded, so it is set before.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(_MODULES[name])
    return module if name == "metrics" else getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
