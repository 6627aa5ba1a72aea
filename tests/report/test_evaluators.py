"""Several evaluators side by side: Kendall's tau of known orders, and who swaps."""

import json
import math

import pyarrow.parquet as pq
import pytest

from lead.config.load import load_study
from lead.config.systems import MLD, REAL, realigned
from lead.evaluation.repeats import write_values
from lead.files.job import Job
from lead.report.evaluators import agreement, compare_evaluators

FID = {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}


def other(*values):
    return dict(zip(FID, values, strict=True))


@pytest.mark.parametrize(
    ("means", "tau", "swapped"),
    [
        (other(10.0, 20.0, 30.0, 40.0), 1.0, ()),
        (other(4.0, 3.0, 2.0, 1.0), -1.0, 6),
        # One of six pairs the other way round: (5 - 1) / 6.
        (other(2.0, 1.0, 3.0, 4.0), 4 / 6, (("a", "b"),)),
        # A tie is no swap; tau-b: 5 / sqrt(6 * 5).
        (other(1.0, 1.0, 3.0, 4.0), 5 / math.sqrt(30), ()),
    ],
)
def test_tau_and_swapped_pairs_of_known_orders(means, tau, swapped):
    found = agreement(FID, means)
    assert found.tau == pytest.approx(tau)
    assert (len(found.swapped) if swapped == 6 else found.swapped) == swapped


@pytest.mark.parametrize("means", [{"a": 1.0}, {"a": 1.0, "b": 1.0}, {}])
def test_tau_of_one_system_or_of_equal_ones_is_not_defined(means):
    found = agreement({"a": 1.0, "b": 2.0}, means)
    assert math.isnan(found.tau) and found.swapped == ()


def compared(folder, rows, fids, **evaluation):
    """The page, the LaTeX and the Parquet of evaluators that gave systems these FIDs."""
    paths = []
    for name, values in fids.items():
        for row, fid in zip(rows, values, strict=True):
            paths.append(folder / f"{name}_{row.name}.parquet")
            own = [
                {"fid": fid + step, "r_precision_top3": 0.5, "mm_dist": 1.0} for step in (0, 0.1)
            ]
            write_values(paths[-1], row.name, own, {"items": 12})
    settings = load_study("demo").evaluation.model_copy(update=evaluation)
    values = {
        "rows": [vars(row) for row in rows],
        "evaluators": {name: f"what {name} is" for name in fids},
        "evaluation": settings.model_dump(mode="json"),
        "name": "demo",
        "description": "clips",
        "footnote": "",
        "seed": 1,
    }
    outputs = {kind: folder / f"evaluators.{kind}" for kind in ("md", "tex", "parquet")}
    compare_evaluators(Job("compare", values, {"metrics": tuple(paths)}, outputs))
    table = pq.read_table(outputs["parquet"])
    facts = json.loads(table.schema.metadata[b"lead"])["agreement"]
    return outputs["md"].read_text(), outputs["tex"].read_text(), table.to_pandas(), facts


ROWS = (REAL, MLD, realigned("lead"), realigned("lead_mlp"))


def test_the_page_has_every_system_under_every_evaluator_and_names_who_swaps(tmp_path):
    fids = {"own": (0.1, 1.0, 2.0, 3.0), "again": (5.0, 2.0, 1.0, 3.0)}
    page, tex, frame, facts = compared(tmp_path, ROWS, fids, allow_small=True)
    lines = [line for line in page.splitlines() if line.startswith("| LEAD ")]
    assert [cell.split() for cell in lines[0].split("|")[2:4]] == [
        ["2.050", "±", "0.069"], ["1.050", "±", "0.069"]
    ]  # fmt: skip
    assert "again: MLD and LEAD swap." in page and "what again is" in page
    # Real, which swaps with all, is no system that is ranked.
    assert facts[0] == {"metric": "fid", "evaluator": "again", "kendall_tau": pytest.approx(1 / 3),
                        "swapped": [["mld", "lead"]]}  # fmt: skip
    # Equal R-precision of all tells no system apart.
    assert facts[1]["kendall_tau"] is None and "no two systems swap" in page
    assert tex.count(r"\begin{table}") == 2 and r"Kendall's $\tau$ & n/a & 0.33" in tex
    assert len(frame) == 2 * len(ROWS) * 2


def test_of_one_system_tau_is_said_to_be_undefined(tmp_path):
    fids = {"own": (0.1, 1.0), "again": (0.1, 2.0)}
    page, _, _, facts = compared(tmp_path, ROWS[:2], fids, allow_small=True)
    assert "not defined (–) for a single system" in page
    assert [own["kendall_tau"] for own in facts] == [None, None]


def test_r_precision_of_too_few_items_is_left_out_and_said(tmp_path):
    fids = {"own": (0.1, 1.0, 2.0, 3.0), "again": (0.1, 1.0, 2.0, 3.0)}
    page, _, _, facts = compared(tmp_path, ROWS, fids)
    assert "R-precision is left out: 12 test items" in page
    assert [own["metric"] for own in facts] == ["fid"]
