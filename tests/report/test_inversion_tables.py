"""Tables 3 and 4: rows, columns, footnotes."""

from pathlib import Path

import numpy as np
import pytest

from lead.config.load import load_study
from lead.config.systems import ABLATED, ABLATIONS, PAIRS, REAL
from lead.evaluation.repeats import write_values
from lead.files.job import Job
from lead.inversion.chosen import ChosenMotion, write_chosen
from lead.inversion.fresh import read_improvement, write_fresh
from lead.report.printed import metrics_of, rows_of
from lead.report.table import PAPER, THIS_RUN, read_table
from lead.report.tables import make_table

CONFIG = Path(__file__).resolve().parents[2] / "config"
RULES = {"VAE": "last of 10 steps", "projectors": "lowest validation loss in 5 steps"}
NAMES = ("name", "description", "footnote", "dataset", "evaluator", "evaluation", "text",
         "seed", "trainings")  # fmt: skip
ROWS = {
    "table3": [variant.name for variant in PAIRS],
    "table4": [*(f"lead_{name}" for name in ABLATED), "lead_lead"],
}
FID = {"lead_lead": 1.0, "lead_lead_no_rec": 3.0, "mld_lead": 1.0}


def write_metrics(folder: Path, items: int) -> None:
    rng = np.random.default_rng(0)
    for name in dict.fromkeys(["real", *ROWS["table3"], *ROWS["table4"]]):
        values = [
            {
                "fid": FID.get(name, 2.0) + 0.01 * rng.normal(),
                "r_precision_top3": 0.5,
                "mm_dist": 3.0 + 0.01 * rng.normal(),
                "diversity": 9.0 if name == "real" else 8.0,
                "fid_full": 5.0,
                "fid_reconstruction": 0.25,
            }
            for _ in range(4)
        ]
        write_values(folder / f"{name}.parquet", name, values,
                     {"items": items, "diversity_pairs": items // 2})  # fmt: skip


def write_inputs(folder: Path, items: int, of: int) -> None:
    write_metrics(folder, items)
    chosen = [ChosenMotion(str(n), "c", 60, "walk", "list") for n in range(items - 1)]
    chosen.append(ChosenMotion("x", "c", 60, "moves", "fallback"))
    write_chosen(folder / "motions.parquet", chosen, {"of": of})
    for name in ("feat", "mld", "lead", *ROWS["table4"][:3]):
        write_fresh(
            folder / f"fresh_{name}.parquet", [(str(n), "walk") for n in range(4)],
            np.ones(4), np.array([0.5, 0.5, 0.5, 2.0]), {"words": name},
        )  # fmt: skip


def made(folder: Path, table: str, items: int = 100, of: int = 102):
    write_inputs(folder, items, of)
    words = ("feat", "mld", "lead") if table == "table3" else (*ROWS["table4"][:3], "lead")
    values = load_study("demo", {}, CONFIG).model_dump(mode="json")
    inputs = {
        "metrics": tuple(folder / f"{name}.parquet" for name in ("real", *ROWS[table])),
        "fresh": tuple(folder / f"fresh_{name}.parquet" for name in words),
        "motions": folder / "motions.parquet",
        "published": CONFIG / f"published/{table}.csv",
    }
    outputs = {kind: folder / f"{table}.{kind}" for kind in ("tex", "parquet")}
    rows = (REAL, *(PAIRS if table == "table3" else ABLATIONS))
    settings = {"table": table, "rows": [vars(row) for row in rows], "checkpoints": RULES}
    settings |= {name: values[name] for name in NAMES}
    make_table(Job(table, settings, inputs, outputs))
    return read_table(outputs["parquet"])


@pytest.mark.parametrize("table", ["table3", "table4"])
def test_rows_and_columns_are_the_papers(tmp_path, table):
    frame, words = made(tmp_path, table)
    own, paper = rows_of(frame, THIS_RUN), rows_of(frame, PAPER)
    assert len(own) == len(paper) and words["table"] == table
    assert metrics_of(frame) == ["fid", "r_precision_top3", "mm_dist", "diversity"]
    assert r"\begin{table}" in (tmp_path / f"{table}.tex").read_text(encoding="utf-8")


def test_rows_are_named_as_in_the_paper(tmp_path):
    plain = {"MTI_feat": "MTI feat", "MTI_mld": "MTI MLD", "MTI_lead": "MTI LEAD"}
    three, _ = made(tmp_path, "table3")
    for own, paper in zip(rows_of(three, THIS_RUN), rows_of(three, PAPER), strict=True):
        name, plus, projection = paper.label.partition(" + ")
        assert own.label == plain.get(name, name) + plus + projection
    four, _ = made(tmp_path, "table4")
    assert [row.label for row in rows_of(four, THIS_RUN)] == [
        row.label for row in rows_of(four, PAPER)
    ]


def test_equal_best_figures_share_their_place_and_real_has_none(tmp_path):
    frame, _ = made(tmp_path, "table4")
    fid = frame[(frame["origin"] == THIS_RUN) & (frame["metric"] == "fid")].set_index("system")
    assert fid["place"]["lead_lead"] == 1 and fid["place"].isna()["real"]


def test_footnotes_say_how_many_motions_pools_and_improved_words(tmp_path):
    _, words = made(tmp_path, "table3")
    said = " ".join(words["footnotes"])
    assert "100 unmirrored test motions, drawn from 102" in said and "1 of them from" in said
    assert "Pools of 32: 96 of 100 pairs" in said and "Diversity from 50 pairs" in said
    assert "MTI LEAD 3 of 4 (75%)" in said
    assert "reconstructed by the VAE they have 0.250" in said


def test_a_study_with_fewer_motions_than_a_pool_has_one_pool_of_all(tmp_path):
    frame, words = made(tmp_path, "table3", items=10, of=10)
    said = " ".join(words["footnotes"])
    assert "10 unmirrored test motions, all of 10" in said
    assert "Pools of 10: 10 of 10 pairs" in said
    assert "r_precision_top3" in set(frame.loc[frame["origin"] == THIS_RUN, "metric"])


def test_a_word_that_is_as_good_as_its_descriptor_has_not_improved(tmp_path):
    write_fresh(
        tmp_path / "f.parquet", [("a", "walk"), ("b", "run")],
        np.array([1.0, 1.0]), np.array([1.0, 0.5]), {"words": "mld"},
    )  # fmt: skip
    found = read_improvement(tmp_path / "f.parquet")
    assert (found.words, found.improved, found.motions, found.ratio) == ("mld", 1, 2, 0.75)
