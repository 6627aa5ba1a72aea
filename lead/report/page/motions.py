"""Players of a few test captions: the real motion, and what each system makes of the caption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from lead.clip import Clip
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.mocap.motion_file import StoredMotion
from lead.render.body import scene
from lead.render.player import player_element
from lead.store import MotionStore

CAPTIONS = 3
_UNIT = 4  # frames: lengths are multiples of it


@dataclass(frozen=True)
class Player:
    """One caption with the motions that belong to it; ``html`` is the player's element."""

    caption: str
    systems: tuple[str, ...]
    html: Markup


def caption_players(job: Job, words: Path | None) -> list[Player]:
    """Generate from a few test captions with and without realignment, from the same noise.

    Inputs: ``frames``, ``index``, ``model`` (the files of a model directory). ``words`` are those
    inverted for the objective of Eq. (9), of which each test motion has its own; the captions are
    then those of such motions, and what their words generate is shown beside.
    """
    import torch

    from lead.inversion.words import read_inverted
    from lead.models.build import use_threads
    from lead.motion.features import features_to_joints
    from lead.pipeline import LeadPipeline

    use_threads(job.threads)
    store = MotionStore.load(job.inputs["frames"], job.inputs["index"])
    pipeline = LeadPipeline.load(job.inputs["model"][0].parent)
    inverted = read_inverted(words) if words else None
    seeds = job.seeds.child("report")
    test = [clip for clip in store.split("test") if inverted is None or clip.id in inverted.ids]
    clips = choose_captions(test, seeds)
    skeleton, generator = pipeline.skeleton, pipeline.generator
    lengths = [min(clip.frames, pipeline.longest) // _UNIT * _UNIT for clip in clips]
    seconds = [length / skeleton.fps for length in lengths]
    real = [
        features_to_joints(store[clip][:length], skeleton)
        for clip, length in zip(clips, lengths, strict=True)
    ]
    shape = (generator.vae.latent_tokens, generator.vae.latent_width)
    noise = torch.stack(
        [torch.randn(shape, generator=seeds.child(clip.id).torch()) for clip in clips]
    ).to(generator.null)
    texts = pipeline.encoder.encode([clip.captions[0] for clip in clips]).pooled
    latent = generator.latents(texts.to(generator.null), noise)
    made = {
        "MLD": pipeline.decode(latent, seconds=seconds, realign=False),
        "LEAD": pipeline.decode(latent, seconds=seconds),
    }
    if inverted is not None:
        rows = torch.tensor([inverted.ids.index(clip.id) for clip in clips])
        latent = generator.latents(inverted.sentences[rows, 0].to(generator.null), noise)
        made["LEAD, inverted word"] = pipeline.decode(latent, seconds=seconds)
    joints = {"Real": real} | {name: [m.joints for m in own] for name, own in made.items()}
    players = []
    for number, clip in enumerate(clips):
        motions = [
            (name, StoredMotion(own[number], skeleton, skeleton.fps))
            for name, own in joints.items()
        ]
        html = Markup(player_element([scene(motion, name) for name, motion in motions]))
        players.append(Player(clip.captions[0], tuple(joints), html))
    return players


def choose_captions(clips: Sequence[Clip], seeds: Seeds) -> list[Clip]:
    """Draw a few clips whose contents and first captions differ, where contents are known."""
    chosen: dict[str, Clip] = {}
    captions: set[str] = set()
    for row in seeds.child("captions").numpy().permutation(len(clips)):
        clip = clips[row]
        content = clip.content or clip.id
        if content not in chosen and clip.captions[0] not in captions:
            chosen[content] = clip
            captions.add(clip.captions[0])
        if len(chosen) == CAPTIONS:
            break
    return list(chosen.values())
