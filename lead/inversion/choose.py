"""The stage that chooses motions to invert, and finds the word that each starts from."""

from __future__ import annotations

from functools import partial

from lead.config.models import TextSettings
from lead.data.store import MotionIndex
from lead.files.job import Job
from lead.inversion.chosen import ChosenMotion, choose_clips, write_chosen
from lead.text.descriptors import descriptor
from lead.text.encoder import load_text_encoder
from lead.text.pseudo_word import is_single_token


def choose_motions(job: Job) -> None:
    """Draw unmirrored test motions with the study's seed.

    Input: ``index``. Setting: ``motions``, how many. Output: ``motions``; its metadata says
    ``of`` how many test items they were drawn.

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
