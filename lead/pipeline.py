"""A trained model as one object: sentences in, motion out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from pydantic import TypeAdapter

from lead.config.models import DenoiserModel, Diffusion, ProjectorModel, TextSettings, VaeModel
from lead.diffusion.generator import MotionGenerator
from lead.diffusion.schedule import noise_schedule
from lead.errors import LeadError
from lead.files.artefact import unreadable
from lead.files.seeds import Seeds
from lead.inversion.words import known_words, model_digest, placeholders
from lead.models.build import build_denoiser, build_projector, build_vae, freeze, pick_device
from lead.models.files import check_lineage, load_module
from lead.motion.features import features_to_joints
from lead.motion.normalizer import Normalizer, load_normalizer
from lead.motion.skeleton import SKELETONS, Skeleton
from lead.text.cache import Standardisation
from lead.text.encoder import TextEncoder, load_text_encoder
from lead.text.pseudo_word import encode_named
from lead.text.taught import Taught, read_taught

MODEL_FILE = "model.json"
BUNDLED = Path(__file__).parent / "bundled"
"""The model that the package brings along; docs/bundled.md."""
UNIT = 4
"""Generated lengths are multiples of this many frames, as in training."""


@dataclass(frozen=True)
class GeneratedMotion:
    """One generated motion."""

    text: str
    features: Float[np.ndarray, "T D"]
    joints: Float[np.ndarray, "T J 3"]
    skeleton: Skeleton
    note: str | None = None
    """What to know of it: its text is far from everything the model was taught."""

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self.skeleton.fps


@dataclass(frozen=True)
class LeadPipeline:
    """Text encoder, denoiser, projector and VAE of one model directory."""

    generator: MotionGenerator
    encoder: TextEncoder
    normalizer: Normalizer
    skeleton: Skeleton
    longest: int
    """Frames of the longest training clip; longer motions are refused."""
    directory: Path
    """Where it was loaded from."""
    taught: Taught = field(repr=False)
    """Actions of the training clips, for notes on captions that are far from all of them."""

    @classmethod
    def load(cls, directory: Path | str | None = None) -> LeadPipeline:
        """Load a model directory, as ``results/<study>/model``; it needs nothing else.

        Without one it is the model that the package brings along.

        Raises:
            LeadError: the directory is none, or one of its files is missing or damaged.
        """
        directory = bundled_model() if directory is None else Path(directory)
        values = read_description(directory)

        def part(name: str, kind: Any) -> Any:
            return TypeAdapter(kind).validate_python(values[name])

        skeleton = SKELETONS[values["skeleton"]]
        device = pick_device()
        encoder = load_text_encoder(part("text", TextSettings))
        vae_model = part("vae", VaeModel)
        latent = (vae_model.width, vae_model.latent_tokens)
        vae = build_vae(vae_model, skeleton.feature_width)
        denoiser = build_denoiser(part("denoiser", DenoiserModel), *latent, encoder.width)
        projector = build_projector(part("projector", ProjectorModel), *latent, encoder.width)
        files = [directory / f"{name}.safetensors" for name in ("vae", "denoiser", "projector")]
        for module, file in zip((vae, denoiser, projector), files, strict=True):
            freeze(load_module(module, file)).to(device)
        check_lineage(*files)
        condition = load_normalizer(directory / "condition.npz").torch(device)
        generator = MotionGenerator(
            vae,
            denoiser,
            projector,
            noise_schedule(part("diffusion", Diffusion)).to(device),
            Standardisation(condition.mean, condition.std),
            encoder.encode([""]).pooled.to(device),
            int(values["sampling_steps"]),
            float(values["guidance"]),
        )
        statistics = load_normalizer(directory / "stats.npz").torch(device)
        taught = read_taught(values.get("taught"), directory / "taught.safetensors")
        longest = int(values["longest"])
        return cls(generator, encoder, statistics, skeleton, longest, directory, taught)

    def generate(
        self,
        texts: Sequence[str],
        *,
        seconds: float = 4.0,
        seed: int = 0,
        words: Sequence[Path | str] = (),
    ) -> list[GeneratedMotion]:
        """Generate one motion for each text.

        A text's motion depends on the text, its place in the list, the length and the seed. One
        that is far from every taught action gets a motion too, and a ``note`` beside it.

        Args:
            seconds: length, rounded to four frames; from that of the shortest clip that datasets
                on the skeleton have (2 s) to the longest training clip's.
            words: word files, whose ``<names>`` texts may hold.

        Raises:
            LeadError: an empty text, a length the model was not trained for, a name that no
                word file gives, or a word file that is damaged, of another encoder or not used.
        """
        length = self._frames(seconds)
        for text in texts:
            if not text.strip():
                raise LeadError(
                    "An empty text describes no motion.",
                    found=repr(text),
                    expected="a sentence",
                    fix='Say what is done, such as "a person walks forward slowly".',
                )
        device = self.normalizer.mean.device
        pooled = self._pooled([" ".join(text.lower().split()) for text in texts], words)
        tokens, width = self.generator.vae.latent_tokens, self.generator.vae.latent_width
        noise = torch.stack(
            [
                torch.randn(tokens, width, generator=Seeds(seed).child("generate", i).torch())
                for i in range(len(texts))
            ]
        )
        latent = self.generator.latents(pooled.to(device), noise.to(device))
        lengths = torch.full((len(texts),), length, device=device)
        motion, _ = self.generator.decode(latent, lengths)
        features = self.normalizer.denormalise(motion).cpu().numpy()
        joints = features_to_joints(features, self.skeleton)
        # A word of the user's own is in no training caption; what it means, the user knows.
        notes = [
            None if "<" in text else self.taught.note(text, vector)
            for text, vector in zip(texts, pooled, strict=True)
        ]
        return [
            GeneratedMotion(text, own, points, self.skeleton, note)
            for text, own, points, note in zip(texts, features, joints, notes, strict=True)
        ]

    def _pooled(
        self, texts: Sequence[str], words: Sequence[Path | str]
    ) -> Float[torch.Tensor, "n C"]:
        files = [Path(word) for word in words]
        known = known_words(files, self.encoder, model_digest(self.directory)) if files else {}
        own = [row for row, text in enumerate(texts) if placeholders(text, list(known), files)]
        if unused := [name for name in known if not any(name in text for text in texts)]:
            raise LeadError(
                "A word file is given whose word no sentence has.",
                found=", ".join(unused),
                expected=f"a sentence with {unused[0]} in it",
                fix="Put the word into the sentence, or leave its file out.",
            )
        pooled = self.encoder.encode(texts).pooled
        if own:
            with torch.inference_mode():
                pooled[own] = encode_named(self.encoder, [texts[row] for row in own], known).cpu()
        return pooled

    def _frames(self, seconds: float) -> int:
        fps = self.skeleton.fps
        shortest, longest = self.skeleton.min_frames, self.longest // UNIT * UNIT
        frames = UNIT * round(seconds * fps / UNIT)
        if not shortest <= frames <= max(longest, shortest):
            raise LeadError(
                "The model was not trained for motions of this length.",
                found=f"{seconds} s",
                expected=f"{shortest / fps:g} to {longest / fps:g} s",
                fix="Choose a length in this range.",
            )
        return frames


def bundled_model() -> Path:
    """The directory of the model that the package brings along.

    Raises:
        LeadError: this copy of the package brings none.
    """
    if not (BUNDLED / MODEL_FILE).is_file():
        raise LeadError(
            "This copy of lead-motion brings no model along.",
            file=BUNDLED,
            found="no model.json",
            expected="a model directory, or another one that is asked for by name",
            fix="Name one with `--model`; or, in a clone of the repository, make the study's own "
            "with `snakemake --cores all results/demo/model/model.json`.",
        )
    return BUNDLED


def read_description(directory: Path) -> dict[str, Any]:
    """What a model directory says of itself.

    Raises:
        LeadError: it is no model directory, or its description is damaged.
    """
    path = directory / MODEL_FILE
    if not path.is_file():
        raise LeadError(
            "This is no model directory.",
            file=directory,
            found="no model.json" if directory.is_dir() else "no such folder",
            expected="a folder such as results/demo/model",
            fix="Make it with `snakemake --cores all results/demo/model/model.json`.",
        )
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise unreadable(path, error, "the rule that puts models together") from error
