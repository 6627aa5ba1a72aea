"""The card of a model says what a user and a reviewer must know."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lead.clip import Clip
from lead.config.load import load_study
from lead.config.systems import MLD, REAL, realigned
from lead.evaluation.repeats import write_values
from lead.files.job import Job
from lead.models.tensors import save_tensors
from lead.report.card import model_card, sources_of
from lead.store import write_index

CONFIG = Path(__file__).parents[2] / "config"


def card(folder: Path, name: str) -> str:
    study = load_study(name, folder=CONFIG).model_dump(mode="json")
    clips = [
        Clip(f"c{row}", split, 0, 40 + row, ("a",), "t", "walk", None, "s")
        for row, split in enumerate(["train"] * 3 + ["val"] + ["test"] * 2)
    ]
    write_index(folder / "index.parquet", clips, 50, {})
    for network in ("vae", "denoiser", "projector"):
        save_tensors({"weight": torch.zeros(4, 5)}, folder / network, {})
    words = {"evaluation": {"repeats": 2}, "items": 2}
    for system in ("real", "mld", "lead"):
        values = [{"fid": 1.25}, {"fid": 1.75}]
        write_values(folder / f"{system}.parquet", system, values, words)
    slices = ("seed", "name", "description", "footnote", "dataset", "evaluator", "text", "vae",
              "denoiser")  # fmt: skip
    model_card(
        Job(
            "model_card",
            {key: study[key] for key in slices}
            | {"projector": study["projectors"]["lead"]}
            | {"rows": [vars(row) for row in (REAL, MLD, realigned("lead"))]},
            {
                "index": folder / "index.parquet",
                **{network: folder / network for network in ("vae", "denoiser", "projector")},
                "metrics": tuple(folder / f"{own}.parquet" for own in ("real", "mld", "lead")),
            },
            {"card": folder / "model" / "README.md"},
        )
    )
    return (folder / "model" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("demo", "made by the package itself"),
        ("open_small", "CC BY-NC 4.0: not for commercial use"),
        ("humanml3d", "research only, after registration"),
    ],
)
def test_the_licence_of_the_data_is_named(tmp_path, name, said):
    assert said in card(tmp_path, name)


def test_counts_sizes_metrics_and_limits_are_told(tmp_path):
    text = card(tmp_path, "demo")
    assert (
        "3 training, 1 validation and 2 test clips; the longest training clip has 42 frames" in text
    )
    assert "| projector | 20 | 400 | 256 | 0.002 |" in text
    assert "| LEAD | 1.500 ± 0.346 |" in text
    for heading in ("## Data", "## Intended use", "## Not for"):
        assert heading in text
    assert f'LeadPipeline.load("{tmp_path / "model"}")' in text


@pytest.mark.parametrize(
    ("dataset", "named"),
    [
        ({"sources": [{"name": "cmu"}]}, {"cmu", "cmu-index", "kitml-annotations"}),
        ({"sources": [{"name": "cmu"}], "cmu_captions": "index"}, {"cmu", "cmu-index"}),
        (
            {
                "sources": [{"name": "synthetic", "clips": 20}, {"name": "cmu"}],
                "cmu_captions": "index",
            },
            {"synthetic", "cmu", "cmu-index"},
        ),
        ({"sources": [{"name": "dataset-2"}]}, {"dataset-2"}),
    ],
)
def test_only_what_a_study_chose_of_the_open_sources_is_named(dataset, named):
    settings = {"name": "bundled", "dataset": {"kind": "open", **dataset}}
    assert {source.name for source in sources_of(settings)} == named
