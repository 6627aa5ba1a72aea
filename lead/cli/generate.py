"""Motion for sentences, from the model that is at hand."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from lead.cli.view import check_outputs, labelled, sentences, write_outputs
from lead.errors import check_input
from lead.inversion.sentences import read_sentence
from lead.model_directory import MODEL_FILE, bundled_model, frames_of, read_description
from lead.motion.skeleton import SKELETONS

OWN_MODEL = Path("results") / "demo" / "model"
"""Model of the study that runs by default, seen from where the command is run."""


def write_motions(
    text: str | None,
    texts: Path | None,
    samples: int,
    out: Sequence[Path],
    model: Path | None,
    seconds: float,
    frames: int | None,
    seed: int,
    words: Sequence[Path],
) -> None:
    """Write motions for one sentence, or for those of a file, to every file of ``out``.

    Raises:
        LeadError: a file that cannot be written or read, an impossible text or length; all of
            them before torch is loaded.
    """
    check_outputs(out, words)
    for file in words:
        check_input(file, "a word that `lead invert` wrote")
    asked = [sentence for sentence in sentences(text, texts) for _ in range(samples)]
    for sentence in asked:
        read_sentence(sentence)
    directory = choose_model(model)
    values = read_description(directory)
    skeleton = SKELETONS[values["skeleton"]]
    seconds = seconds if frames is None else frames / skeleton.fps
    frames_of(seconds, skeleton, int(values["longest"]))
    from lead.pipeline import LeadPipeline  # it loads torch, which takes seconds

    pipeline = LeadPipeline.load(directory)
    motions = pipeline.generate(asked, seconds=seconds, seed=seed, words=words)
    write_outputs(labelled(motions, samples), out)
    for note in dict.fromkeys(motion.note for motion in motions if motion.note):
        print(f"note: {note}", file=sys.stderr)


def choose_model(asked: Path | None) -> Path:
    """The model that was asked for, else the default study's own, else the bundled one.

    Which one it is goes to stderr.

    Raises:
        LeadError: there is none.
    """
    of_study = OWN_MODEL if (OWN_MODEL / MODEL_FILE).is_file() else None
    model = asked or of_study or bundled_model()
    name = str(model)
    if not (asked or of_study):
        description = read_description(model)
        version = description["made_by"]["lead"]
        name = f"bundled ({description['description']}, lead-motion {version})"
    print(f"model: {name}", file=sys.stderr)
    return model
