"""Seconds per prompt: what is measured, in which order, and how it is printed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from lead.clip import Clip
from lead.config.evaluation import Timing
from lead.config.systems import MLD, realigned
from lead.evaluation import timing
from lead.evaluation.protocol import Pass
from lead.evaluation.summary import BEST_BATCH, BEST_SECONDS, RATIO, SECONDS, summarise
from lead.report.printed import TableText
from lead.report.table import comparison_table, read_published
from lead.report.tables import with_ratio
from lead.report.text import latex_table


class Clock:
    """A system that takes ``seconds`` per prompt in turn, less in larger batches."""

    def __init__(self, calls, name, seconds):
        self.calls, self.name, self.left = calls, name, iter(seconds)

    def __call__(self, captions, lengths):
        assert len(captions) == len(lengths)
        self.calls.append((self.name, len(captions)))
        return next(self.left) if len(captions) == 1 else 0.5 * len(captions) ** 0.5


DRAWN = Pass((Clip("a"), Clip("b")), ("walk", "run"), np.zeros(2, int), np.array([40, 44]))


@pytest.fixture
def measured():
    calls = []
    systems = {
        "mld": Clock(calls, "mld", [9.0, 1.0, 2.0, 4.0, 1.0, 1.0, 1.0]),
        "lead": Clock(calls, "lead", [90.0, 2.0, 5.0, 6.0, 3.0, 3.0, 3.0]),
    }
    settings = Timing(repeats=2, prompts=3, warmup=1, batches=(4,))
    values = timing._measure(systems, DRAWN, settings, np.random.default_rng(0))
    return calls, values


def test_systems_take_turns_and_the_warm_up_does_not_count(measured):
    calls, values = measured
    assert [name for name, _ in calls] == ["mld", "lead"] * (len(calls) // 2)
    assert [size for name, size in calls if name == "mld"] == [1, 4, 1, 1, 1, 4, 1, 1, 1, 4]
    assert [own[SECONDS] for own in values["mld"]] == [2.0, 1.0]


def test_the_ratio_is_the_median_of_those_of_the_same_prompts(measured):
    _, values = measured
    assert [own[RATIO] for own in values["lead"]] == [2.0, 3.0]  # of 2, 2.5, 1.5 and of 3, 3, 3
    assert all(RATIO not in own for own in values["mld"])


def test_the_best_batch_is_one_for_all_repeats_and_seconds_are_per_prompt(measured):
    _, values = measured
    for system in ("mld", "lead"):
        assert {own[BEST_BATCH] for own in values[system]} == {4.0}
        assert [own[BEST_SECONDS] for own in values[system]] == [0.25, 0.25]
        assert [own[f"{SECONDS}_4"] for own in values[system]] == [0.25, 0.25]


def test_the_table_has_the_papers_ratio_beside_ours(measured):
    rows = [
        (system, metric, repeat, value)
        for system, repeats in measured[1].items()
        for repeat, found in enumerate(repeats)
        for metric, value in found.items()
    ]
    summary = summarise(pd.DataFrame(rows, columns=["system", "metric", "repeat", "value"]))
    folder = Path(__file__).parents[2] / "config" / "published"
    labels = {row.name: row.label for row in (MLD, realigned("lead"))}
    frame = comparison_table(
        summary, with_ratio(read_published(folder, "inference_time")), labels, unranked=()
    )
    text = latex_table(frame, TableText(table="timing", quoted="Printed in the paper (…)"))
    assert r"LEAD & 4.0000$^{\pm 1.3859}$ & 2.500$^{\pm .693}$ & 0.2500" in text
    assert r"    MLD & 0.236 & n/a & n/a" in text and r"    LEAD & 0.245 & 1.038 & n/a" in text


def test_the_machine_is_named():
    assert timing.hardware(torch.device("cpu")).split(",")[0].strip()
