"""A trained model as one object: from sentences to motions, with every step in between."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from pydantic import TypeAdapter

from lead.config.evaluation import Inversion
from lead.config.models import Diffusion, TextSettings
from lead.config.systems import Objective
from lead.diffusion.generator import MotionGenerator
from lead.diffusion.schedule import noise_schedule
from lead.errors import LeadError
from lead.files.artefact import atomic_path
from lead.files.seeds import Seeds
from lead.inversion.sentences import NewWord, check_placeholder
from lead.inversion.words import Word, encode_with_words
from lead.mocap.motion_file import StoredMotion
from lead.mocap.viewable import Viewable
from lead.model_directory import NETWORKS, SUMS, bundled_model, frames_of, read_description
from lead.models.build import pick_device
from lead.models.files import check_lineage, copy_network, load_denoiser, load_projector, load_vae
from lead.motion.canonical import canonical_joints
from lead.motion.features import features_to_joints, joints_to_features
from lead.motion.normalizer import Normalizer, load_normalizer
from lead.motion.skeleton import SKELETONS, Skeleton
from lead.text.cache import Standardisation
from lead.text.encoder import TextEncoder, load_text_encoder
from lead.text.taught import Taught, read_taught


@dataclass(frozen=True, repr=False)
class GeneratedMotion(Viewable):
    """One generated motion."""

    text: str
    features: Float[np.ndarray, "T D"]
    joints: Float[np.ndarray, "T J 3"]
    skeleton: Skeleton
    note: str | None = None
    """A warning, where the text was cut, or is far from all that the model was trained on."""

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.skeleton.fps


@dataclass(frozen=True)
class LeadPipeline:
    """Text encoder, denoiser, projector and VAE of one model directory.

    Attributes:
        longest: frames of the longest training clip; longer motions are refused.
        directory: where it was loaded from.
        taught: actions of the training clips, for notes on captions far from all of them.
    """

    generator: MotionGenerator
    encoder: TextEncoder
    normalizer: Normalizer
    skeleton: Skeleton
    longest: int
    directory: Path
    taught: Taught = field(repr=False)

    @classmethod
    def load(
        cls, directory: Path | str | None = None, *, device: torch.device | str | None = None
    ) -> LeadPipeline:
        """Load a model directory such as ``results/<study>/model``; nothing else is needed.

        Args:
            directory: the model that the package brings along if None.
            device: the first GPU if None and there is one, else the CPU.

        Raises:
            LeadError: it is no model directory, or one of its files is missing or damaged.
        """
        directory = bundled_model() if directory is None else Path(directory)
        values = read_description(directory)
        files = [directory / f"{name}.safetensors" for name in NETWORKS]
        check_lineage(*files)
        encoder = load_text_encoder(TypeAdapter(TextSettings).validate_python(values["text"]))
        condition = load_normalizer(directory / "condition.npz", encoder.width).torch()
        skeleton = SKELETONS[values["skeleton"]]
        vae = load_vae(files[0], feature_width=skeleton.feature_width)
        generator = MotionGenerator(
            vae,
            load_denoiser(
                files[1],
                latent_width=vae.latent_width,
                text_width=encoder.width,
                distilled=False,
            ),
            load_projector(files[2], text_width=encoder.width, latent=vae.latent_shape),
            noise_schedule(Diffusion.model_validate(values["diffusion"])),
            Standardisation(condition.mean, condition.std),
            encoder.encode([""]).pooled,
            int(values["sampling_steps"]),
            float(values["guidance"]),
        )
        pipeline = cls(
            generator,
            encoder,
            load_normalizer(directory / "stats.npz", skeleton.feature_width).torch(),
            skeleton,
            int(values["longest"]),
            directory,
            read_taught(values.get("taught"), directory / "taught.safetensors", encoder.width),
        )
        return pipeline.to(pick_device(device))

    def save(self, directory: Path | str) -> Path:
        """Write a model directory from which `load` makes the same pipeline, and return it.

        Weights of version 0.1 become weights that name their network.
        """
        directory = Path(directory)
        for name in NETWORKS:
            copy_network(self.directory / f"{name}.safetensors", directory / f"{name}.safetensors")
        for path in sorted(self.directory.iterdir()):
            if path.is_file() and path.stem not in NETWORKS and path.name != SUMS:
                with atomic_path(directory / path.name) as temporary:
                    shutil.copyfile(path, temporary)
        return directory

    def to(self, device: torch.device | str) -> LeadPipeline:
        """The same pipeline on a device; its networks move, they are not copied."""
        mean, std = self.normalizer.mean.to(device), self.normalizer.std.to(device)
        return replace(self, generator=self.generator.to(device), normalizer=Normalizer(mean, std))

    def generate(
        self,
        texts: Sequence[str],
        *,
        seconds: float | Sequence[float] = 4.0,
        seed: int = 0,
        guidance: float | None = None,
        steps: int | None = None,
        realign: bool = True,
        words: Sequence[Path | str | Word] = (),
        device: torch.device | str | None = None,
    ) -> list[GeneratedMotion]:
        """Generate one motion per text.

        A motion depends on its text, the text's place in the list, the length and the seed. For a
        text that is far from every action of the training clips, or longer than the text encoder
        reads, it has a ``note`` that says so.

        Args:
            seconds: one length for all motions, or one per text, rounded to four frames; from 2 s,
                the shortest clip of datasets on the skeleton, to the longest training clip's.
            guidance: scale of Eq. (8); the model's own if None.
            steps: DDIM steps; the model's own if None.
            realign: False leaves Eq. (3) out, which is MLD from the same noise.
            words: words, or files of words, whose ``<names>`` texts may hold.
            device: where to compute this time; where the pipeline is if None.

        Raises:
            LeadError: an empty text, a length the model was not trained for, more or fewer lengths
                than texts, or a word that is unknown, unused, damaged or of another encoder.
        """
        if device is not None:
            own = deepcopy(self.generator)  # moving moves networks: these stay where they are
            self = replace(self, generator=own).to(pick_device(device))
        lengths = self._lengths(seconds, len(texts))
        changed = {"steps": steps, "guidance": guidance}
        generator = replace(
            self.generator, **{name: value for name, value in changed.items() if value is not None}
        )
        encoded = encode_with_words(self.encoder, texts, words, self.directory)
        shape = (generator.vae.latent_tokens, generator.vae.latent_width)
        draws = [Seeds(seed).child("generate", number).torch() for number in range(len(texts))]
        noise = torch.stack([torch.randn(shape, generator=draw) for draw in draws])
        latent = generator.latents(encoded.pooled.to(generator.null), noise.to(generator.null))
        # A word of the user's own is in no training caption; what it means, the user knows.
        far = [
            None if "<" in text else self.taught.note(text, vector)
            for text, vector in zip(texts, encoded.pooled, strict=True)
        ]
        cut = map(encoded.cut.get, range(len(texts)))
        notes = ["; ".join(filter(None, both)) or None for both in zip(cut, far, strict=True)]
        return self._motions(latent, lengths, realign, texts, notes)

    @torch.no_grad()
    def encode(
        self, motion: GeneratedMotion | StoredMotion | np.ndarray
    ) -> Float[torch.Tensor, "1 L M"]:
        """The latent of one motion: the mean of the VAE's posterior.

        Args:
            motion: generated, read by `lead.read_motion`, or an array of features (T x D) or of
                joints (N x J x 3).

        Raises:
            LeadError: the array is neither, or longer than the network reads.
        """
        if not isinstance(motion, np.ndarray):
            motion = motion.joints if motion.features is None else motion.features
        values: np.ndarray = motion
        if values.ndim == 3:
            values = joints_to_features(canonical_joints(values, self.skeleton), self.skeleton)
        if values.ndim != 2 or values.shape[1] != self.skeleton.feature_width:
            raise LeadError(
                "This array is no motion of the model's skeleton.",
                found=f"shape {values.shape}",
                expected=f"features (T, {self.skeleton.feature_width}) or joints "
                f"(N, {self.skeleton.joint_count}, 3)",
                fix="Read it with lead.read_motion, or choose a model of its skeleton.",
            )
        features = torch.as_tensor(values).to(self.generator.null)[None]
        mask = torch.ones(features.shape[:2], dtype=torch.bool, device=features.device)
        return self.generator.vae.encode(self.normalizer.normalise(features), mask).mean

    @torch.no_grad()
    def realign(self, latent: Float[torch.Tensor, "B L M"]) -> Float[torch.Tensor, "B C"]:
        """Project latents into the space of the text encoder, the first half of Eq. (3)."""
        assert self.generator.projector is not None, "a model directory has a projector"
        return self.generator.projector.encode(latent)

    def decode(
        self,
        latent: Float[torch.Tensor, "B L M"],
        *,
        seconds: float | Sequence[float] = 4.0,
        realign: bool = True,
    ) -> list[GeneratedMotion]:
        """Decode latents to motions; with ``realign`` Eq. (3) is applied first, as in `generate`.

        Raises:
            LeadError: a length that the model was not trained for.
        """
        lengths, count = self._lengths(seconds, len(latent)), len(latent)
        return self._motions(latent, lengths, realign, [""] * count, [None] * count)

    def invert(
        self,
        clips: Sequence[object],
        name: str,
        *,
        init: str = "walk",
        objective: Objective = "lead",
        settings: Inversion | None = None,
        seed: int = 0,
        progress: bool = False,
    ) -> Word:
        """Find a new word that means what the clips show, by optimising Eq. (9) or its rivals.

        Args:
            clips: files of motion capture, joints (N x 22 x 3, metres), or what has ``joints``,
                such as generated motions and what `read_mocap` returns.
            name: of the word in sentences, such as ``<zombie>``; it starts from the word ``init``.
            settings: steps, batch and learning rate; the paper's if None.
            progress: show steps as they are made.

        How files were read, and what to look at in them, is a warning each.

        Raises:
            LeadError: a clip cannot be read or is too short, the name or ``init`` is none, or the
                model is of another skeleton.
        """
        from lead.inversion.invert import invert_clips

        asked = NewWord(check_placeholder(name), init, objective, seed)
        return invert_clips(self, clips, asked, settings or Inversion(), progress=progress)

    def _motions(
        self,
        latent: Float[torch.Tensor, "B L M"],
        lengths: Sequence[int],
        realign: bool,
        texts: Sequence[str],
        notes: Sequence[str | None],
    ) -> list[GeneratedMotion]:
        frames = torch.tensor(lengths, device=latent.device)
        motion, _ = self.generator.decode(latent, frames, realign=realign)
        features = self.normalizer.denormalise(motion).cpu().numpy()
        joints = features_to_joints(features, self.skeleton)
        rows = zip(texts, features, joints, lengths, notes, strict=True)
        return [
            GeneratedMotion(text, values[:length], points[:length], self.skeleton, note)
            for text, values, points, length, note in rows
        ]

    def _lengths(self, seconds: float | Sequence[float], count: int) -> list[int]:
        """Frames of each of ``count`` motions."""
        every = [seconds] * count if isinstance(seconds, int | float) else list(seconds)
        if len(every) != count:
            problem = "There are not as many lengths as texts."
            raise LeadError(problem, found=len(every), expected=f"one for all, or {count}")
        return [frames_of(length, self.skeleton, self.longest) for length in every]
