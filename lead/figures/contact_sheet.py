"""What a model makes of captions, as a picture and as a file for animators."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from lead.config.datasets import DatasetSettings
from lead.datasets.registry import skeleton_of
from lead.figures.motions import different_contents
from lead.files.job import Job
from lead.formats.bvh_writer import write_bvh
from lead.model_directory import UNIT
from lead.models.build import use_threads
from lead.motion.features import features_to_joints
from lead.pipeline import LeadPipeline
from lead.render.sheet import Panel, motion_sheet
from lead.store import MotionStore
from lead.types import Joints

CAPTIONS = 4

POINTS = 32
"""Moments at which two motions are compared, whatever their lengths."""


def contact_sheet(job: Job) -> None:
    """Generate from four test captions of different contents; beside each, what comes nearest.

    Inputs: ``frames``, ``index``, ``model`` (the files of a model directory).
    Outputs: ``sheet`` (PNG), ``bvh`` (the first of the motions).
    """
    use_threads(job.threads)
    skeleton = skeleton_of(job.setting("dataset", DatasetSettings))
    store = MotionStore.load(job.inputs["frames"], job.inputs["index"])
    pipeline = LeadPipeline.load(job.inputs["model"][0].parent)
    seeds = job.seeds.child("contact_sheet")
    chosen = different_contents(store.split("test"), CAPTIONS, seeds)
    train = store.split("train")
    others = [moments(features_to_joints(np.array(store[clip]), skeleton)) for clip in train]
    rows, short = [], "m" if skeleton.unit == "m" else "mm"
    for clip in chosen:
        # A test clip may be longer than any the model was trained on.
        seconds = min(clip.frames, pipeline.longest - UNIT) / skeleton.fps
        motion = pipeline.generate([clip.captions[0]], seconds=seconds, seed=job.seeds.root)[0]
        best, distance = nearest_motion(motion.joints, others)
        nearest = f"{distance:.2g} {short} away: {train[best].captions[0]}"
        joints = features_to_joints(np.array(store[train[best]]), skeleton)
        rows.append((Panel(motion.text, motion.joints), Panel(nearest, joints)))
        if len(rows) == 1:
            write_bvh(job.outputs["bvh"], motion.joints, skeleton, skeleton.fps)
    unit = "metres" if skeleton.unit == "m" else "KIT-ML's millimetres"
    title = f"LEAD, and the training clip nearest to it (mean joint distance in {unit})"
    columns = ("generated", "nearest training clip")
    motion_sheet(rows, columns, skeleton, job.outputs["sheet"], title)


def nearest_motion(
    joints: Joints, others: Sequence[Float[np.ndarray, "P J 3"]]
) -> tuple[int, float]:
    """Position in ``others``, as `moments`, and mean joint distance of the motion most alike.

    Motions begin at the origin and face +Z there, so that where they lead and turn counts. The
    distance is in the joints' unit.
    """
    own = moments(joints)
    distances = [float(np.linalg.norm(other - own, axis=-1).mean()) for other in others]
    best = int(np.argmin(distances))
    return best, distances[best]


def moments(joints: Joints) -> Float[np.ndarray, "P J 3"]:
    """Joints at 32 equal steps of time from the first frame to the last."""
    return joints[np.linspace(0, len(joints) - 1, POINTS).round().astype(int)]
