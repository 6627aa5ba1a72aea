"""The text stages: every caption of a study through the frozen encoder, or word by word, once."""

from __future__ import annotations

import sys

from lead.config.evaluation import Evaluator
from lead.config.models import TextSettings
from lead.files.job import Job
from lead.models.build import use_threads
from lead.store import MotionIndex
from lead.text.cache import write_text_cache
from lead.text.encoder import load_text_encoder
from lead.text.word_cache import load_tagger, tag_captions, write_word_cache
from lead.text.words import read_vocabulary


def encode_text(job: Job) -> None:
    """Encode the captions of all clips and the empty one. Output: ``text``."""
    use_threads(job.threads)
    captions = sorted({"", *MotionIndex.open(job.inputs["index"]).captions()})
    print(f"{len(captions):,} distinct captions", file=sys.stderr)
    encoder = load_text_encoder(job.setting("text", TextSettings))
    write_text_cache(job.outputs["text"], captions, encoder)


def encode_words(job: Job) -> None:
    """Look up the words and parts of speech of all clips' captions.

    Input: ``index``. Output: ``words``. The published vocabulary is read from the data root.
    """
    vocabulary = read_vocabulary(job.data_root / job.settings["evaluator"]["vocabulary"])
    clips = MotionIndex.open(job.inputs["index"]).clips
    wanted = job.setting("evaluator", Evaluator).tagger
    tagger = load_tagger() if wanted == "spacy" else None
    tagged = tag_captions(clips, tagger)
    words = [word for pairs in tagged.pairs.values() for word, _ in pairs]
    unknown = sum(word not in vocabulary.rows for word in words)
    facts = {
        "captions": str(len(tagged.pairs)),
        "tagged": str(tagged.tagged),
        "tagger": tagger.name if tagger else "none",
        "tagged_differently": str(tagged.differing),
        "words": str(len(words)),
        "unknown_words": str(unknown),
    }
    write_word_cache(job.outputs["words"], tagged.pairs, vocabulary, job.manifest | facts)
    share = 100 * unknown / max(len(words), 1)
    print(
        f"{len(tagged.pairs):,} distinct captions, {tagged.tagged:,} of them tagged here, "
        f"{tagged.differing:,} tagged differently by two clips; {share:.2g} % of the words have no "
        "vector",
        file=sys.stderr,
    )
