"""What answers say: by hand, by the literature, and with files that are no answers."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lead.cli.main import main
from lead.errors import LeadError
from lead.files.artefact import write_json
from lead.user_study.answers import ratings_frame, read_answers, read_key
from lead.user_study.scores import compare, krippendorff_alpha, score_study, signed_rank, summary

# Krippendorff's example of four observers, twelve units and missing ratings.
OBSERVERS = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""


def test_alpha_is_that_of_krippendorffs_own_example():
    rows = [line.split() for line in OBSERVERS.strip().splitlines()]
    ratings = np.array([[math.nan if own == "." else float(own) for own in row] for row in rows])
    assert krippendorff_alpha(ratings) == pytest.approx(0.815, abs=5e-4)


def test_alpha_is_one_of_agreement_and_unknown_where_nothing_varies():
    assert krippendorff_alpha(np.array([[1.0, 3.0, 5.0], [1.0, 3.0, 5.0]])) == pytest.approx(1)
    assert krippendorff_alpha(np.array([[1.0, 5.0], [5.0, 1.0]])) < 0
    assert math.isnan(krippendorff_alpha(np.full((3, 4), 2.0)))
    assert math.isnan(krippendorff_alpha(np.array([[1.0, 2.0, 3.0]])))


def test_a_sign_that_all_six_raters_share_has_the_exact_probability():
    assert signed_rank(np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.0])) == pytest.approx(2 / 2**6)
    assert signed_rank(np.array([0.1 + 0.2 - 0.3, 0.0])) == 1.0
    assert math.isnan(signed_rank(np.array([1.0])))


def test_raters_count_once_each_with_their_mean_over_pairs(key, rater):
    def one_pair_worse(values):
        values["ratings"]["1"]["realism"]["A"] = 1  # of lead

    paths = [rater("r1", 5, 2), rater("r2", 4, 3), rater("r3", 5, 1, one_pair_worse)]
    frame = ratings_frame(read_answers(paths, key), key)
    found = summary(frame).set_index(["system", "metric"])
    lead = found.loc[("lead", "realism")]
    assert lead["mean"] == pytest.approx(4)  # of 5, 4 and (1 + 5) / 2
    assert lead["ci95"] == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert lead["repeats"] == 3
    own = compare(frame, "realism", ("mld", "lead"))
    assert own.change.mean == pytest.approx(2) and own.change.repeats == 3  # 3, 1 and 2
    assert own.change.p == pytest.approx(0.0741799, rel=1e-4)  # t = 2 sqrt(3), 2 degrees
    assert own.wilcoxon == pytest.approx(0.25)


def test_the_command_writes_table_and_figures_beside_the_papers(
    key, rater, tmp_path, monkeypatch, capsys
):
    write_json(tmp_path / "key.json", key.model_dump())
    paths = [rater("r1", 5, 2), rater("r2", 4, 3), rater("r3", 4, 4)]
    words = ["lead", "study", "score", *map(str, paths), "--key", str(tmp_path / "key.json")]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    said = capsys.readouterr().out
    assert "4.33±1.43" in said and "3.81" in said and "3.12" in said
    assert "3 raters, 2 pairs" in said and "Krippendorff" in said and "LEAD less MLD +1.33" in said
    files = {path.name for path in (tmp_path / "scores").iterdir()}
    assert files == {f"scores.{kind}" for kind in ("parquet", "tex", "pdf", "png")} | {
        "demographics.pdf", "demographics.png"
    }  # fmt: skip
    table = pd.read_parquet(tmp_path / "scores" / "scores.parquet")
    assert list(table[table["origin"] == "paper"]["mean_printed"]) == [
        "3.81",
        "2.75",
        "3.97",
        "3.12",
    ]
    assert table.groupby(["origin", "label"])["row"].nunique().max() == 1
    assert b"/Type3" not in (tmp_path / "scores" / "scores.pdf").read_bytes()


def test_one_rater_has_means_and_no_test(key, rater, tmp_path):
    answers = read_answers([rater("r1")], key)
    text = score_study(key, answers, Path("config/published"), tmp_path / "out")
    assert "n = 1 rater: no interval and no test" in " ".join(text.footnotes)
    assert "nan" not in (tmp_path / "out" / "scores.tex").read_text()


def test_raters_who_agree_entirely_have_no_interval_and_no_p(key, rater, tmp_path):
    watched = {"1": {"realism": 8.0}, "2": {"realism": 4.0}}
    paths = [rater(f"r{n}", change=lambda values: values.update(watched=watched)) for n in (1, 2)]
    text = score_study(key, read_answers(paths, key), Path("config/published"), tmp_path / "out")
    said = " ".join(text.footnotes)
    assert "n = 2 raters: no interval and no test" in said and " p " not in said
    assert "same answers" in said and "Watched: 6 s" in said
    table = pd.read_parquet(tmp_path / "out" / "scores.parquet")
    assert set(table[table["origin"] == "this run"]["ci95_printed"]) == {""}


def changed(place, value):
    def change(values):
        *way, last = place
        for name in way:
            values = values[name]
        if value is None:
            del values[last]
        else:
            values[last] = value

    return change


BROKEN = {
    "another study": (changed(["study"], "0123"), "of another study"),
    "no rating": (changed(["ratings", "2", "realism", "B"], None), "not finished"),
    "half": (changed(["ratings", "2"], None), "without 4 of 8 ratings"),
    "no age": (changed(["demographics", "age"], None), "without age"),
    "6": (changed(["ratings", "1", "realism", "A"], 6), "6 at pair 1, realism, A"),
    "0": (changed(["ratings", "1", "realism", "A"], 0), "expected: 1 to 5"),
    "text": (changed(["ratings", "1", "realism", "A"], "4"), "ratings.1.realism.A"),
    "true": (changed(["ratings", "1", "realism", "A"], True), "ratings.1.realism.A"),
    "fraction": (changed(["ratings", "1", "realism", "A"], 3.5), "ratings.1.realism.A"),
    "unknown pair": (changed(["ratings", "9"], {"realism": {"A": 1}}), "no rating of the study"),
    "own word": (changed(["demographics", "age"], "$x$"), "none|no answer that the page offers"),
    "list": (changed(["ratings"], []), "damaged"),
    "no rater": (changed(["rater"], ""), "rater: "),
    "format": (changed(["format"], "2"), "format: "),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_finished_answer_is_refused(case, key, rater):
    change, said = BROKEN[case]
    with pytest.raises(LeadError, match="fix: ") as caught:
        read_answers([rater("r1", change=change)], key)
    assert re.search(said, str(caught.value)), caught.value


@pytest.mark.parametrize(
    "text", ["", '{"format": "lead user st', "[]", "null", "\x00", "[" * 100_000, "{}"]
)
def test_a_file_that_is_cut_off_or_another_one_is_refused(text, key, tmp_path):
    path = tmp_path / "answers.json"
    path.write_text(text)
    for read in (lambda: read_answers([path], key), lambda: read_key(path)):
        with pytest.raises(LeadError, match="damaged, or is another one"):
            read()


def test_bytes_that_are_no_text_are_refused(key, tmp_path):
    (tmp_path / "answers.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(LeadError, match="damaged"):
        read_answers([tmp_path / "answers.json"], key)


def test_no_answers_a_missing_file_and_a_doubled_rater_are_refused(key, rater, tmp_path):
    with pytest.raises(LeadError, match="no answers to score"):
        read_answers([], key)
    with pytest.raises(LeadError, match="no such file"):
        read_answers([tmp_path / "*.json"], key)
    again = tmp_path / "copy.json"
    again.write_text(rater("r1").read_text())
    with pytest.raises(LeadError, match=r"twice\.(?s:.*)r1\.json"):
        read_answers([rater("r1"), again], key)


def test_a_key_is_no_answer_and_answers_are_no_key(key, rater, tmp_path):
    (tmp_path / "key.json").write_text(json.dumps(key.model_dump()))
    assert read_key(tmp_path / "key.json") == key
    for wrong in (lambda: read_answers([tmp_path / "key.json"], key), lambda: read_key(rater("r"))):
        with pytest.raises(LeadError, match="format: "):
            wrong()
