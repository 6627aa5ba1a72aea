"""Motions of captions that nobody moved to: a set of prompts, and what can be measured without
real motions of them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lead.config.evaluation import Evaluator
from lead.config.external import ExternalSystem
from lead.config.models import TextSettings
from lead.errors import LeadError
from lead.evaluation.evaluator import evaluated_by, open_evaluator
from lead.evaluation.gallery import gallery_metrics
from lead.evaluation.metrics import multimodality
from lead.evaluation.physical_score import plain_values
from lead.evaluation.predictions.captions import caption_rows
from lead.evaluation.predictions.embed import listed, not_of_joints, reader_of
from lead.evaluation.predictions.features import read_features, settle_normalisation
from lead.evaluation.predictions.files import Predictions, open_predictions, read_file
from lead.evaluation.predictions.requests import check_samples
from lead.evaluation.repeats import PREFIX, repeat_seeds, write_values
from lead.evaluation.score import matching_metrics
from lead.files.job import Job
from lead.text.cache import TextCache, write_text_cache
from lead.text.encoder import load_text_encoder
from lead.text.word_cache import WordCache, WordSource, load_tagger, write_word_cache
from lead.text.words import read_vocabulary

_NAMED = 5  # prompts that a note names


def measure_prompts(job: Job) -> list[str]:
    """Write the metrics of prompts that need no real motion, one row per metric and repeat.

    These are R-precision, MM-Dist, Diversity, retrieval among all prompts, MultiModality where
    there are several motions of a prompt, and the physical metrics of motions alone. Whatever
    compares with real motions is left out.

    Inputs: those of `open_evaluator`, ``prompts`` (CSV or Parquet with ``id`` and ``caption``) and
    ``predictions``. Settings: those of `embed_external`, and ``text``. Output: ``metrics``.

    Returns:
        What is odd about the files. Prompts without a motion are left out with a note.

    Raises:
        LeadError: an unreadable file, motions of fewer than two prompts, or what is wrong with
            the motions.
    """
    evaluator, _, settings = open_evaluator(job)
    system = job.setting("external", ExternalSystem)
    files = open_predictions(Path(job.inputs["predictions"]))
    prompts = read_prompts(Path(job.inputs["prompts"]))
    repeats = min(files.repeats, settings.repeats)
    ids, notes = _answered(files, prompts, repeats)
    captions, reader = tuple(prompts[name] for name in ids), reader_of(evaluator)
    units, note = settle_normalisation(files, ids, system, reader)
    notes.append(note)
    with tempfile.TemporaryDirectory() as folder:
        source = _words(job, captions, Path(folder))
        text = replace(evaluator, word_source=source).texts(captions).numpy()
    notes += check_samples(files, ids, repeats, settings.multimodality)
    from_joints = next(files.read(0, ids[:1], system)).kind != "features"
    values = []
    for repeat in range(repeats):
        seeds = repeat_seeds(job.seeds, repeat)
        motions, remarks = read_features(files.read(repeat, ids, system), reader, units)
        notes += [note for note in remarks if note not in notes]
        seen = evaluator.measure(*listed(evaluator, motions))
        body = {
            name.removeprefix(PREFIX): own.numpy()
            for name, own in seen.items()
            if name.startswith(PREFIX) and not (from_joints and not_of_joints(name))
        }
        motion = seen["motion"].numpy()
        values.append(
            matching_metrics(text, motion, settings, seeds)
            | gallery_metrics(text, motion)
            | plain_values(body)
        )
        if samples := files.samples[repeat]:
            raw = (read_file(path, system) for paths in samples.values() for path in paths)
            several = listed(evaluator, read_features(raw, reader, units)[0])
            embedded = evaluator.motions(*several).unflatten(0, (len(samples), -1)).numpy()
            pairs = min(settings.multimodality.pairs, embedded.shape[1])
            rng = seeds.child("multimodality", "pairs").numpy()
            values[-1]["multimodality"] = multimodality(embedded, rng, pairs)
    facts = {**job.manifest, **evaluated_by(job), "items": len(ids), "notes": notes}
    name = str(job.settings["system"])
    write_values(job.outputs["metrics"], name, values, facts)
    return notes


def read_prompts(path: Path) -> dict[str, str]:
    """The captions by their ids, in the order of the file.

    Raises:
        LeadError: an unreadable file, or an id that is there with two captions.
    """
    prompts: dict[str, str] = {}
    for row in caption_rows(path):
        if prompts.setdefault(row["id"], row["caption"]) != row["caption"]:
            raise LeadError(
                "An id has two captions.", file=path, found=row["id"],
                expected="one caption of each id", fix="Give each prompt an id of its own.",
            )  # fmt: skip
    return prompts


def _answered(
    files: Predictions, prompts: Mapping[str, str], repeats: int
) -> tuple[list[str], list[str]]:
    """The prompts that have a motion in every repeat, and notes on the others."""
    generated = set(files.items[0]).intersection(*files.items[:repeats])
    ids = [name for name in prompts if name in generated]
    if len(ids) < 2:
        raise LeadError(
            "There are motions of too few prompts.",
            file=files.path,
            found=f"motions of {len(ids)} of {len(prompts)} prompts",
            expected="of two at the very least; files are called <id>.npy, .npz or .bvh",
            fix="Generate the others, or name the files as the column `id` has it.",
        )
    notes = []
    for names, what in (
        ([name for name in prompts if name not in generated], "prompts have no motion"),
        (sorted(generated - prompts.keys()), "motions are of no prompt"),
    ):
        if names:
            some = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
            notes.append(f"{len(names)} {what} and are left out: {some}")
    return ids, notes


def _words(job: Job, captions: Sequence[str], folder: Path) -> WordSource:
    """What the evaluator reads of captions that are none of the study's."""
    evaluator, path = job.setting("evaluator", Evaluator), folder / "words.safetensors"
    if evaluator.words == "glove":
        tagger = load_tagger()
        vocabulary = read_vocabulary(job.data_root / evaluator.vocabulary)
        pairs = {caption: tagger(caption) for caption in captions}
        write_word_cache(path, pairs, vocabulary, {"tagger": tagger.name})
        return WordCache.open(path)
    encoder = load_text_encoder(job.setting("text", TextSettings))
    of_study = TextCache.open(job.inputs["text"]).metadata.get("encoder_digest")
    if encoder.digest != of_study:
        raise LeadError(
            "The text encoder is another than the study's evaluator was trained on.",
            file=job.inputs["text"],
            found=f"{encoder.name}, {encoder.digest}",
            expected=str(of_study),
            fix="Undo what changed in `text` of the study's file, or run the study again.",
        )
    write_text_cache(path, captions, encoder)
    return TextCache.open(path)
