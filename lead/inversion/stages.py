"""The stages of inversion: a word for each chosen motion, and motions generated from the words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from lead.clip import Clip
from lead.config.evaluation import Inversion
from lead.config.models import TextSettings
from lead.config.systems import Objective
from lead.errors import LeadError
from lead.evaluation.embed import every_repeat, kept_parts, read_twice
from lead.evaluation.evaluator import MotionEvaluator, open_evaluator
from lead.evaluation.generate import (
    draw_given,
    generated,
    open_generator,
    real_crops,
    reconstructed,
)
from lead.evaluation.protocol import Pass, draw_pass
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.inversion.chosen import ChosenMotion, choose_clips, clips_of, read_chosen, write_chosen
from lead.inversion.fresh import write_fresh
from lead.inversion.invert import in_templates, inverted_and_compared, open_networks
from lead.inversion.words import InvertedWords, read_inverted, write_inverted
from lead.models.build import pick_device
from lead.progress import Progress
from lead.store import MotionIndex
from lead.text.descriptors import descriptor
from lead.text.encoder import load_text_encoder
from lead.text.pseudo_word import is_single_token, token_vectors
from lead.training.state import write_history


def choose_motions(job: Job) -> None:
    """Draw unmirrored test motions with the study's seed, and a descriptor for each.

    Input: ``index``. Setting: ``motions``, how many. Output: ``motions``, with the number of test
    clips that they were drawn from as ``of`` in its metadata.

    Raises:
        LeadError: there are fewer than two, or the encoder's weights are not there.
    """
    test = MotionIndex.open(job.inputs["index"]).split("test")
    clips = choose_clips(test, int(job.settings["motions"]), job.seeds.child("inverted", "motions"))
    encoder = load_text_encoder(job.setting("text", TextSettings))
    known = partial(is_single_token, encoder)
    chosen = [
        ChosenMotion(clip.id, clip.captions[0], clip.frames, *descriptor(clip, known))
        for clip in clips
    ]
    write_chosen(job.outputs["motions"], chosen, {**job.manifest, "of": len(test)})


def invert_words(job: Job) -> None:
    """Invert a word for every chosen motion, chunk by chunk; finished chunks outlive a kill.

    Draws are keyed by motion and step: every objective and projector has the same. Inputs: those of
    `open_networks`, ``motions``; for the objective ``lead`` its ``projector``. Settings: ``words``,
    the name of the inversion, and its ``objective``. Outputs: ``words``, also in every template;
    ``history``, one row per motion, step and segment with its diffusion step and loss; ``fresh``,
    the objective of descriptor and inverted word on draws that no step saw, the same for both.
    """
    networks, settings = open_networks(job), job.setting("mti", Inversion)
    objective, seeds = job.setting("objective", Objective), job.seeds.child("inverted", "draws")
    chosen, _ = read_chosen(job.inputs["motions"])
    clips = clips_of(chosen, networks.store)
    start = token_vectors(networks.encoder, [motion.word for motion in chosen])
    parts = [slice(first, first + settings.chunk) for first in range(0, len(clips), settings.chunk)]
    with kept_parts(job, range(len(parts))) as keeper:
        missing = keeper.missing()
        progress = Progress("chunks of motions", len(parts), len(parts) - len(missing))
        for number in missing:
            part = clips[parts[number]], start[parts[number]]
            keeper.keep(number, inverted_and_compared(networks, objective, *part, settings, seeds))
            progress.advance()
        results = keeper.joined(torch.cat)
        write_history(_records(results), job.outputs["history"], job.manifest)
        before, after = (results[key].double().numpy() for key in ("descriptor", "inverted"))
        named = [(motion.id, motion.word) for motion in chosen]
        facts = {**job.manifest, "words": str(job.settings["words"])}
        write_fresh(job.outputs["fresh"], named, before, after, facts)
        ids = tuple(motion.id for motion in chosen)
        words = InvertedWords(ids, results["vectors"], results["sentences"])
        write_inverted(job.outputs["words"], words, job.manifest)


def embed_real_of_words(job: Job) -> None:
    """Embed the chosen motions, twice per repeat, their first captions, and their reconstructions.

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

    Words are the inverted ones, or where there are none the descriptors themselves.

    In every repeat each motion has a template and noise that do not depend on the words, so that
    variants are paired. Lengths are those of the real crops. Inputs: those
    of `open_evaluator`, ``vae``, ``denoiser``, where realigned ``projector``,
    ``motions``, maybe ``inverted`` (the words). Output: ``embeddings``: ``motion`` with its
    quantities.

    Raises:
        LeadError: the words are of other motions than those chosen, or the text encoder's weights
            are not there.
    """
    evaluator, store, settings = open_evaluator(job)
    generator = open_generator(job, store, evaluator.cache, evaluator.normalizer.mean, settings)
    chosen = read_chosen(job.inputs["motions"])[0]
    clips, words = clips_of(chosen, store), _words_of(job, chosen)

    def embed(evaluator: MotionEvaluator, seeds: Seeds) -> dict[str, Tensor]:
        main = first_captions(clips, seeds)
        drawn = seeds.child("inverted")
        given = draw_given(generator, drawn_sentences(words, drawn), words.ids, drawn)
        return evaluator.measure(generated(generator, given, main), main.length)

    every_repeat(job, settings, evaluator, len(clips), embed)


def first_captions(clips: Sequence[Clip], seeds: Seeds) -> Pass:
    """A pass over clips with their first captions, and crops drawn as in every evaluation."""
    drawn = draw_pass(clips, seeds)
    return replace(drawn, captions=tuple(clip.captions[0] for clip in clips))


def drawn_sentences(words: InvertedWords, seeds: Seeds) -> Float[Tensor, "N C"]:
    """The sentence of each word: one of the templates, drawn from the motion's own seed."""
    templates = words.sentences.shape[1]
    drawn = [int(seeds.child("template", name).numpy().integers(templates)) for name in words.ids]
    return words.sentences[torch.arange(len(drawn)), torch.tensor(drawn)]


def _words_of(job: Job, chosen: Sequence[ChosenMotion]) -> InvertedWords:
    """The word of each motion: the inverted one, its descriptor where there is no such input."""
    ids = tuple(motion.id for motion in chosen)
    if "inverted" not in job.inputs:
        encoder = load_text_encoder(job.setting("text", TextSettings), pick_device())
        vectors = token_vectors(encoder, [motion.word for motion in chosen])
        return InvertedWords(ids, vectors.cpu(), in_templates(encoder, vectors).cpu())
    words = read_inverted(job.inputs["inverted"])
    if words.ids != ids:
        raise LeadError(
            "The words were inverted from other motions than those chosen.",
            file=job.inputs["inverted"],
            found=f"{len(words.ids)} words, the first of {words.ids[0]}",
            expected=f"{len(ids)} words, the first of {ids[0]}",
            fix="Delete the folder of the variant and run the same snakemake command again.",
        )
    return words


def _records(results: dict[str, Tensor]) -> list[dict[str, Any]]:
    loss, timestep = results["loss"].tolist(), results["timestep"].tolist()
    return [
        {"step": step, "motion": motion, "timestep": timestep[motion][step][segment], "loss": value}
        for motion, steps in enumerate(loss)
        for step, values in enumerate(steps)
        for segment, value in enumerate(values)
    ]
