"""A small processed dataset on disk, in the form in which HumanML3D and KIT-ML are passed on."""

from pathlib import Path

import numpy as np

from lead.config.datasets import SyntheticDataset
from lead.datasets.synthetic.dataset import make_clip
from lead.motion.features import joints_to_features
from lead.motion.kinematics import mirror
from lead.motion.layout import BLOCKS, layout
from lead.motion.skeleton import HUMANML3D, KIT, Skeleton


def write_processed(folder: Path, skeleton: Skeleton, clips: int = 8) -> Path:
    """Clips and their mirror images: six in train, one each in val and test."""
    for name in ("new_joint_vecs", "texts"):
        (folder / name).mkdir(parents=True)
    dataset = SyntheticDataset(clips=clips)
    names = {"train": [], "val": [], "test": []}
    everything = []
    for number in range(clips):
        clip = make_clip(dataset, 5, number)
        split = {clips - 2: "val", clips - 1: "test"}.get(number, "train")
        for name, joints in (
            (f"{number:06d}", clip.joints),
            (f"M{number:06d}", mirror(clip.joints, HUMANML3D)),
        ):
            features = joints_to_features(joints, HUMANML3D)
            if skeleton is KIT:
                features = np.random.default_rng(number).normal(size=(len(features), 251))
            everything.append(features.astype(np.float32))
            np.save(folder / "new_joint_vecs" / f"{name}.npy", everything[-1])
            lines = [f"{caption}#a/DET person/NOUN#0.0#0.0\n" for caption in clip.captions]
            (folder / "texts" / f"{name}.txt").write_text("".join(lines))
            names[split].append(name)
    for split, listed in names.items():
        (folder / f"{split}.txt").write_text("\n".join(listed) + "\n")
    frames = np.concatenate(everything)
    std = frames.std(0)
    for block in BLOCKS:
        std[layout(skeleton).slice(block)] = std[layout(skeleton).slice(block)].mean()
    np.save(folder / "Mean.npy", frames.mean(0))
    np.save(folder / "Std.npy", std)
    return folder
