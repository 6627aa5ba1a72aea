"""Motions as another model might hand them in, and how they are read."""

from pathlib import Path

import numpy as np
import pytest
from swaying_body import swaying_body

from lead.config.external import ExternalSystem
from lead.errors import LeadError
from lead.evaluation.predictions.features import Reader, read_features
from lead.evaluation.predictions.files import open_predictions
from lead.motion.features import joints_to_features
from lead.motion.layout import layout
from lead.motion.normalizer import fit_normalizer, matcher_normalizer
from lead.motion.skeleton import HUMANML3D

IDS = ["a", "b", "c"]
JOINTS = {name: swaying_body(HUMANML3D, 60 + 8 * k, 0.4 + 0.1 * k) for k, name in enumerate(IDS)}
FEATURES = {name: joints_to_features(joints, HUMANML3D) for name, joints in JOINTS.items()}
STATISTICS = fit_normalizer(iter(FEATURES.values()), layout(HUMANML3D))
MATCHER = matcher_normalizer(STATISTICS, layout(HUMANML3D), 25.0)
READER = Reader(HUMANML3D, STATISTICS, MATCHER)


def system(**stated):
    return ExternalSystem(path=Path("anywhere"), **stated)


def read(path, repeat=0, units="none", **stated):
    motions = open_predictions(path).read(repeat, IDS, system(**stated))
    return read_features(motions, READER, units)[0]


def assert_equal(found, wanted):
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def write(folder, motions):
    folder.mkdir(parents=True, exist_ok=True)
    for name, motion in motions.items():
        np.save(folder / f"{name}.npy", motion)
    return folder


def refused(call, *said):
    with pytest.raises(LeadError) as caught:
        call()
    for words in said:
        assert words in str(caught.value)
