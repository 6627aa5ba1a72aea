"""Several evaluators side by side: Kendall's tau of known orders, and who swaps."""

import json
import math

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from lead.config.load import load_study
from lead.config.systems import MLD, REAL, realigned
from lead.evaluation.repeats import write_values
from lead.files.job import Job
from lead.models.tensors import save_tensors
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


SPREAD = {"own": 1, "again": 2, "wide": 3}
"""Directions in which each evaluator spreads real motions, all alike: its effective dimension."""


def embedded(path, directions):
    """Real motions of width 4 whose covariance has so many equal variances, and no other."""
    motions = np.zeros((2, 2 * directions, 4), dtype=np.float32)
    for axis in range(directions):
        motions[:, 2 * axis : 2 * axis + 2, axis] = 1.0, -1.0
    save_tensors({"motion": torch.from_numpy(motions)}, path, {})
    return path


def compared(folder, rows, fids, *, table="table1", items=12, facts=None, trainings=1, **own):
    """The page, the LaTeX and the Parquet of evaluators that gave systems these FIDs."""
    paths = []
    for name, values in fids.items():
        for row, fid in zip(rows, values, strict=True):
            paths.append(folder / f"{name}_{row.name}.parquet")
            measured = [
                {"fid": fid + step, "r_precision_top3": 0.5, "mm_dist": 9.0 - fid, "diversity": 5.0}
                for step in (0, 0.1)
            ]
            more = (facts or {}).get((name, row.name), {})
            write_values(paths[-1], row.name, measured, {"items": items, **more})
    settings = load_study("demo").evaluation.model_copy(update=own)
    values = {
        "table": table,
        "rows": [vars(row) for row in rows],
        "evaluators": {name: f"what {name} is" for name in fids},
        "evaluation": settings.model_dump(mode="json"),
        "trainings": trainings,
        "name": "demo",
        "description": "clips",
        "footnote": "",
        "seed": 1,
    }
    real = tuple(embedded(folder / f"{name}.safetensors", SPREAD[name]) for name in fids)
    inputs = {"metrics": tuple(paths), "real": real}
    outputs = {kind: folder / f"evaluators.{kind}" for kind in ("md", "tex", "parquet")}
    compare_evaluators(Job("compare", values, inputs, outputs))
    read = pq.read_table(outputs["parquet"])
    said = json.loads(read.schema.metadata[b"lead"])
    return outputs["md"].read_text(), outputs["tex"].read_text(), read.to_pandas(), said


ROWS = (REAL, MLD, realigned("lead"), realigned("lead_mlp"))


def test_the_page_has_every_system_under_every_evaluator_and_names_who_swaps(tmp_path):
    fids = {"own": (0.1, 1.0, 2.0, 3.0), "again": (5.0, 2.0, 1.0, 3.0)}
    page, tex, frame, said = compared(tmp_path, ROWS, fids, allow_small=True)
    lines = [line for line in page.splitlines() if line.startswith("| LEAD ")]
    assert [cell.split() for cell in lines[0].split("|")[2:4]] == [
        ["2.050", "±", "0.069"], ["1.050", "±", "0.069"]
    ]  # fmt: skip
    assert "again: MLD and LEAD swap." in page and "what again is" in page
    assert page.startswith("# Evaluators of study demo, Table 1. Text-to-motion on clips\n")
    # Real, which swaps with all, is no system that is ranked.
    facts = said["agreement"]
    assert facts[0] == {"metric": "fid", "evaluator": "again", "kendall_tau": pytest.approx(1 / 3),
                        "swapped": [["mld", "lead"]]}  # fmt: skip
    # Equal R-precision of all tells no system apart.
    assert facts[1]["kendall_tau"] is None and "no two systems swap" in page
    # The order by MM-Dist is the reverse of that by FID here, under both.
    assert facts[2]["metric"] == "mm_dist" and facts[2]["swapped"] == [["mld", "lead"]]
    assert tex.count(r"\begin{table}") == 3 and r"Kendall's $\tau$ & n/a & 0.33" in tex
    assert len(frame) == 2 * len(ROWS) * 3


def test_of_one_system_tau_is_said_to_be_undefined(tmp_path):
    fids = {"own": (0.1, 1.0), "again": (0.1, 2.0)}
    page, _, _, said = compared(tmp_path, ROWS[:2], fids, allow_small=True)
    assert "not defined (–) for a single system" in page
    assert [own["kendall_tau"] for own in said["agreement"]] == [None, None, None]


def test_r_precision_of_too_few_items_is_left_out_and_said(tmp_path):
    fids = {"own": (0.1, 1.0, 2.0, 3.0), "again": (0.1, 1.0, 2.0, 3.0)}
    page, _, _, said = compared(tmp_path, ROWS, fids)
    assert "R-precision is left out: 12 test items" in page
    assert [own["metric"] for own in said["agreement"]] == ["fid", "mm_dist"]


def test_the_ablations_of_table_6_are_compared_under_three_evaluators(tmp_path):
    rows = load_study("demo").rows("table6")
    own = tuple(float(place) for place in range(len(rows)))
    swapped = (*own[:-2], own[-1], own[-2])
    fids = {"own": own, "again": swapped, "wide": own}
    page, _, frame, said = compared(tmp_path, rows, fids, table="table6", allow_small=True)
    assert "study demo, Table 6. Ablation of the projector on clips" in page
    assert "as in Table 6, over 20 repeats of a single training of every network" in page
    # One of the fifteen pairs of six systems the other way round: (14 - 1) / 15.
    taus = {own["evaluator"]: own["kendall_tau"] for own in said["agreement"][:2]}
    assert taus == {"again": pytest.approx(13 / 15), "wide": pytest.approx(1.0)}
    assert "again: LEAD w/o Rec and LEAD swap." in page and "wide: no two systems swap." in page
    assert frame["evaluator"].value_counts().to_dict() == dict.fromkeys(fids, 3 * len(rows))


def test_every_evaluator_has_its_effective_dimension_beside_it(tmp_path):
    fids = {"own": (0.1, 1.0), "wide": (0.1, 2.0)}
    page, _, _, said = compared(tmp_path, ROWS[:2], fids)
    assert "own, what own is (width 4, effective dimension 1.0);" in page
    assert "wide, what wide is (width 4, effective dimension 3.0)." in page
    assert said["evaluators"]["wide"] == {"what": "what wide is", "width": 4,
                                          "dimension": pytest.approx(3.0)}  # fmt: skip


def test_r_precision_of_inverted_words_is_printed_of_few_items_as_in_their_tables(tmp_path):
    rows = load_study("demo").rows("table3")
    fids = {name: tuple(map(float, range(len(rows)))) for name in ("own", "again")}
    page, _, _, said = compared(tmp_path, rows, fids, table="table3")
    assert "R-precision Top-3" in page and "R-precision is left out" not in page
    assert "12 test motions that words were inverted from" in page
    assert "| MTI LEAD + projection " in page and "| Descriptor " in page
    assert len(said["agreement"]) == 3


def test_means_over_trainings_are_said_to_be_such_and_what_did_not_finish(tmp_path):
    fids = {"own": (0.1, 1.0, 2.0, 3.0), "again": (0.1, 1.0, 2.0, 3.0)}
    facts = {("again", "lead"): {"missing": ["2"]}}
    page, _, _, _ = compared(tmp_path, ROWS, fids, facts=facts, trainings=3)
    assert "as in Table 1, over 3 trainings of every network;" in page
    assert "LEAD under again is without training 2, which did not finish." in page
