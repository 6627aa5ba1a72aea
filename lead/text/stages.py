"""The text stage: every caption of a study through the frozen encoder, once."""

from __future__ import annotations

import sys

import pyarrow.parquet as pq

from lead.config.text import TextSettings
from lead.provenance.job import Job
from lead.text.cache import write_text_cache
from lead.text.encoder import load_text_encoder


def encode_text(job: Job) -> None:
    """Encode the captions of all clips and the empty one. Output: ``text``."""
    import torch

    torch.set_num_threads(job.threads)
    table = pq.read_table(job.inputs["index"], columns=["captions"])
    captions = sorted({c for row in table["captions"].to_pylist() for c in row} | {""})
    print(f"{len(captions):,} distinct captions", file=sys.stderr)
    encoder = load_text_encoder(job.setting("text", TextSettings))
    write_text_cache(job.outputs["text"], captions, encoder)
