"""Words of styles that no stage saw: which takes, and what is counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from finished_study import build, write_networks
from inversion_networks import WIDTH, few_words, networks

from experiments.style_classifiers import style_classifiers
from experiments.styles import (
    REAL,
    RECONSTRUCTION,
    WORD,
    StyledMotion,
    count_labels,
    styled_motions,
    take_views,
)
from lead.clip import HELD_OUT, Clip
from lead.config.evaluation import InvertedStyles
from lead.errors import LeadError
from lead.files.seeds import Seeds

STYLES, CONTENTS = ("calm", "wild", "unseen"), ("walk", "wave")


def clip(style: str | None, content: str, number: int) -> Clip:
    name = f"{style}_{content}_{number}"
    split = HELD_OUT if style == "unseen" else "train"
    return Clip(name, split, 0, 40, ("a person walks",), name, content, style, f"a/b/c/{name}.bvh")


CLIPS = [clip(style, what, n) for style in STYLES for what in CONTENTS for n in range(12)]


def look(one: Clip) -> np.ndarray:
    """Frames that show style and content plainly."""
    rng = Seeds(1).child(one.id).numpy()
    shown = 5.0 * np.array([STYLES.index(one.style or ""), CONTENTS.index(one.content)])
    return rng.normal(size=(40, 2)) + shown


def judges(clips=None):
    return style_classifiers(
        CLIPS if clips is None else clips, {REAL: look, RECONSTRUCTION: look}, 3, Seeds(1)
    )


def test_targets_are_takes_of_held_out_styles_that_no_classifier_was_trained_on():
    (judge,) = judges()
    assert judge.source == "a/b" and len(judge.targets) == 3
    assert {one.style for one in judge.targets} == {"unseen"}
    assert judge.style.is_trusted and judge.content.is_trusted
    assert judges()[0].targets == judge.targets


def test_another_dataset_and_clips_without_style_are_left_alone():
    other = [replace(one, source="z/b/x.bvh", split="train") for one in CLIPS]
    plain = [replace(one, id=f"{one.id}_plain", style=None) for one in CLIPS]
    assert [judge.source for judge in judges([*CLIPS, *other, *plain])] == ["a/b"]


def test_a_study_that_holds_no_style_out_is_told_which_do():
    with pytest.raises(LeadError, match="open_small"):
        judges([one for one in CLIPS if one.split != HELD_OUT])


def test_what_is_counted_is_the_takes_own_style_and_content():
    found = judges()
    (target, *_) = found[0].targets
    stranger = replace(target, id="stranger", style="calm")
    motions = [
        StyledMotion("lead", "someone <*>", target, look(target)),
        StyledMotion("lead", "someone <*>", target, look(stranger)),
        StyledMotion(REAL, "", target, look(target)),
    ]
    rows = {(row.variant, row.label): row for row in count_labels(found, motions)}
    assert (rows["lead", "style"].found, rows["lead", "style"].motions) == (1, 2)
    assert rows["lead", "content"].accuracy == 1.0 and rows["lead", "content"].takes == 1
    assert rows[REAL, "style"].accuracy == 1.0 and rows["lead", "style"].chance == 1 / 3


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    root = build(tmp_path_factory.mktemp("styles"))
    write_networks(root)
    return root


def test_every_set_of_words_meets_the_same_noise_with_and_without_projector(study):
    own = networks(study, few_words())
    clips = own.store.split("test")[:2]
    same = torch.randn(2, WIDTH, generator=Seeds(2).torch())
    settings = InvertedStyles(repeats=2, sentences=("someone <*>", "he <*> slowly"))
    every = list(styled_motions(own, clips, {WORD: same, "mld": same.clone()}, settings, Seeds(3)))
    by = {}
    for motion in every:
        by.setdefault((motion.variant, motion.sentence, motion.clip.id), []).append(motion.features)
    sentence, first = "someone <*>", clips[0].id
    word, mld = (by[name, sentence, first] for name in (WORD, "mld"))
    assert len(word) == settings.repeats and not np.allclose(word[0], word[1])
    np.testing.assert_array_equal(word[0], mld[0])
    assert not np.allclose(by["mld_lead", sentence, first][0], mld[0])
    assert {name for name, _, _ in by} == {
        REAL, RECONSTRUCTION, WORD, "word_lead", "mld", "mld_lead"
    }  # fmt: skip


def test_views_of_a_take_are_as_long_as_what_is_generated(study):
    own = networks(study, few_words())
    (one,) = own.store.split("test")[:1]
    views = take_views(own)
    assert views[REAL](one).shape == views[RECONSTRUCTION](one).shape
    assert len(views[REAL](one)) == one.frames // 4 * 4
