"""Motions generated from inverted words, and the real ones they stand for, as embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from lead.clip import Clip
from lead.errors import LeadError
from lead.evaluation.embed import every_repeat, read_twice
from lead.evaluation.evaluator import MotionEvaluator, open_evaluator
from lead.evaluation.generate import (
    fresh_noise,
    generated,
    latent_noise,
    open_generator,
    real_crops,
    reconstructed,
)
from lead.evaluation.protocol import Pass, draw_pass
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.inversion.chosen import clips_of, read_chosen
from lead.inversion.words import InvertedWords, read_inverted


def embed_real_of_words(job: Job) -> None:
    """Embed the chosen motions, twice a repeat, their first captions, and what the VAE keeps.

    Crops are those of the study's other systems in the same repeat. Inputs: those of
    `open_evaluator`, ``vae``, ``denoiser``, ``motions``. Output:
    ``embeddings``: ``text``, ``motion`` with its quantities, ``again``, ``mean_motion`` as of
    `embed_real`, and ``reconstruction``, the decoded posterior of the crop.
    """
    evaluator, store, settings = open_evaluator(job)
    generator = open_generator(job, store, evaluator.cache, evaluator.normalizer.mean, settings)
    clips = clips_of(read_chosen(job.inputs["motions"])[0], store)

    def embed(evaluator: MotionEvaluator, seeds: Seeds) -> dict[str, Tensor]:
        main, again = first_captions(clips, seeds), first_captions(clips, seeds.child("again"))
        through = reconstructed(generator, store, evaluator, main, seeds)
        crops = real_crops(store, evaluator, main)
        return {
            **read_twice(evaluator, store, main, again),
            **evaluator.measure(crops, main.length),
            **evaluator.labels(clips),
            **evaluator.reconstructions(through, crops, main.length),
        }

    every_repeat(job, settings, evaluator, 4 * len(clips), embed)


def embed_inverted(job: Job) -> None:
    """Generate a motion from every word in every repeat, and embed them.

    A repeat has a template and noise for each motion, drawn from seeds of their own that know
    nothing of the words: variants are paired. Lengths are those of the real crops. Inputs: those
    of `open_evaluator`, ``vae``, ``denoiser``, where realigned ``projector``,
    ``motions``, ``inverted`` (the words). Output: ``embeddings``: ``motion`` with its quantities.

    Raises:
        LeadError: the words are of other motions than those chosen.
    """
    evaluator, store, settings = open_evaluator(job)
    generator = open_generator(job, store, evaluator.cache, evaluator.normalizer.mean, settings)
    clips = clips_of(read_chosen(job.inputs["motions"])[0], store)
    words = read_inverted(job.inputs["inverted"])
    if words.ids != tuple(clip.id for clip in clips):
        raise LeadError(
            "The words were inverted from other motions than those chosen.",
            file=job.inputs["inverted"],
            found=f"{len(words.ids)} words, the first of {words.ids[0]}",
            expected=f"{len(clips)} words, the first of {clips[0].id}",
            fix="Delete the folder of the variant and run the same snakemake command again.",
        )

    def embed(evaluator: MotionEvaluator, seeds: Seeds) -> dict[str, Tensor]:
        main = first_captions(clips, seeds)
        own = seeds.child("inverted")
        noise, fresh = (draw(generator, words.ids, own) for draw in (latent_noise, fresh_noise))
        made = generated(generator, drawn_sentences(words, own), main, noise, fresh)
        return evaluator.measure(made, main.length)

    every_repeat(job, settings, evaluator, len(clips), embed)


def first_captions(clips: Sequence[Clip], seeds: Seeds) -> Pass:
    """A reading of clips by their first captions, with crops drawn as in every evaluation."""
    drawn = draw_pass(clips, seeds)
    return replace(drawn, captions=tuple(clip.captions[0] for clip in clips))


def drawn_sentences(words: InvertedWords, seeds: Seeds) -> Float[Tensor, "N C"]:
    """Each word in one of the templates, drawn from the motion's own seed."""
    templates = words.sentences.shape[1]
    drawn = [int(seeds.child("template", own).numpy().integers(templates)) for own in words.ids]
    return words.sentences[torch.arange(len(drawn)), torch.tensor(drawn)]
