"""What a model makes of captions, as pictures and as a file for animators."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from lead.clip import Clip
from lead.config.datasets import DatasetSettings
from lead.datasets.registry import skeleton_of
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.formats.bvh_writer import write_bvh
from lead.models.build import use_threads
from lead.motion.features import features_to_joints
from lead.motion.layout import layout
from lead.pipeline import UNIT, LeadPipeline
from lead.render.sheet import Panel, motion_sheet
from lead.store import MotionStore

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
    chosen = _different_contents(store.split("test"), job.seeds.child("contact_sheet"))
    train = store.split("train")
    others = [store[clip] for clip in train]
    positions = layout(skeleton).slice("local_positions")
    rows = []
    for clip in chosen:
        # A test clip may be longer than any the model was trained on.
        seconds = min(clip.frames, pipeline.longest - UNIT) / skeleton.fps
        motion = pipeline.generate([clip.captions[0]], seconds=seconds, seed=job.seeds.root)[0]
        best, distance = nearest_motion(motion.features, others, positions)
        nearest = f"Distance {distance:.3g}: {train[best].captions[0]}"
        joints = features_to_joints(others[best], skeleton)
        rows.append((Panel(motion.text, motion.joints), Panel(nearest, joints)))
        if len(rows) == 1:
            write_bvh(job.outputs["bvh"], motion.joints, skeleton, skeleton.fps)
    unit = "metres" if skeleton.unit == "m" else "KIT-ML's millimetres"
    title = f"lead, and the training clip nearest to it (mean joint distance in {unit})"
    columns = ("generated", "nearest training clip")
    motion_sheet(rows, columns, skeleton, job.outputs["sheet"], title)


def nearest_motion(
    motion: Float[np.ndarray, "T D"], others: Sequence[np.ndarray], local_positions: slice
) -> tuple[int, float]:
    """Position in ``others`` and mean joint distance of the motion most like ``motion``.

    Both are stretched to 32 moments; joints are compared in the body's own facing frame, so
    that where it stands and where it looks do not count. The distance is in the skeleton's unit.
    """
    moments = _moments(motion, local_positions)
    distances = [
        float(np.linalg.norm(_moments(other, local_positions) - moments, axis=-1).mean())
        for other in others
    ]
    best = int(np.argmin(distances))
    return best, distances[best]


def _moments(motion: np.ndarray, local_positions: slice) -> Float[np.ndarray, "P J 3"]:
    frames = np.linspace(0, len(motion) - 1, POINTS).round().astype(int)
    return np.asarray(motion[frames, local_positions]).reshape(POINTS, -1, 3)


def _different_contents(clips: list[Clip], seeds: Seeds) -> list[Clip]:
    """One clip each of as many contents, with captions that differ."""
    chosen: dict[str, Clip] = {}
    captions: set[str] = set()
    for row in seeds.numpy().permutation(len(clips)):
        clip = clips[row]
        if clip.content not in chosen and clip.captions[0] not in captions:
            chosen[clip.content] = clip
            captions.add(clip.captions[0])
        if len(chosen) == CAPTIONS:
            break
    return list(chosen.values())
