"""Figures of losses, metrics, latents and the method: what they show, and their fonts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from lead.clip import Clip
from lead.config.load import resolve_study
from lead.config.systems import FULL, MLD, REAL, distilled, other_model, realigned
from lead.errors import LeadError
from lead.evaluation.repeats import write_values
from lead.figures.charts import draw_steps, draw_tradeoff, fid_over_steps, tradeoff
from lead.figures.curves import training_curves
from lead.figures.latents import clips_of_verbs, draw_map, separation, verb_of
from lead.figures.overview import overview
from lead.figures.style import COLUMN, PAGE, colour_of, logarithmic, new_figure, save_figure
from lead.files.job import Job
from lead.report.table import read_published
from lead.training.state import write_history

ENDINGS = ("pdf", "png")


def written(folder, name, *endings):
    return {ending: folder / f"{name}.{ending}" for ending in (*ENDINGS, *endings)}


def assert_printable(outputs, width):
    """Fonts of the PDF are TrueType, none Type 3; the picture is as wide as it is in print."""
    pdf = outputs["pdf"].read_bytes()
    assert b"/FontFile2" in pdf and b"/Type3" not in pdf
    assert Image.open(outputs["png"]).width == pytest.approx(300 * width, abs=2)


def clip(name: str, caption: str) -> Clip:
    return Clip(name, "test", 0, 40, (caption,), name, "c", None, "s")


def curves(folder, name="a"):
    history = [{"step": 0, "validation": 2.0, "r2": 0.1}]
    history += [{"step": n, "loss": 1.0 / n, "align": 0.5 / n} for n in range(1, 50)]
    write_history(history, folder / "vae.parquet", {})
    outputs = written(folder, name)
    training_curves(Job("curves", {"seed": 1}, {"vae": folder / "vae.parquet"}, outputs))
    return outputs


def test_the_same_history_gives_the_same_bytes(tmp_path):
    one, other = curves(tmp_path), curves(tmp_path, "b")
    for ending, path in one.items():
        assert path.read_bytes() == other[ending].read_bytes()
    assert_printable(one, PAGE)


def test_a_damaged_history_is_named(tmp_path):
    (tmp_path / "vae.parquet").write_bytes(b"PAR1")
    outputs = written(tmp_path, "x")
    with pytest.raises(LeadError, match="damaged"):
        training_curves(Job("curves", {"seed": 1}, {"vae": tmp_path / "vae.parquet"}, outputs))
    assert not outputs["pdf"].exists()


@pytest.mark.parametrize(
    ("values", "scale"),
    [([1, 2], "linear"), ([0, 50], "linear"), ([1, 10], "log"), ([1e-4, 1, np.nan], "log")],
)
def test_an_axis_is_logarithmic_where_values_are_positive_and_differ_much(values, scale):
    axes = new_figure(COLUMN, 2).subplots()
    axes.plot(values)
    axes.axhline(-1)
    axes.lines[-1].set_transform(axes.transAxes)  # no value of the axis
    logarithmic(axes)
    assert axes.get_yscale() == scale


def test_what_is_realigned_is_blue_and_no_two_systems_of_a_table_share_a_colour():
    systems = [REAL, MLD, realigned(FULL), distilled(1), distilled(1, FULL), other_model("x")]
    assert len({colour_of(system) for system in systems}) == len(systems)
    assert colour_of(distilled(4)) == colour_of(distilled(1))
    for system in (realigned(FULL), distilled(1, FULL)):
        red, _, blue = (int(colour_of(system)[i : i + 2], 16) for i in (1, 3, 5))
        assert blue > 1.5 * red


def measured(*rows):
    """A frame of metrics: system, metric, and its value in each repeat."""
    return pd.DataFrame(
        [
            {"system": system.name, "metric": metric, "repeat": repeat, "value": value}
            for system, metric, *values in rows
            for repeat, value in enumerate(values)
        ]
    )


STEPS = measured(
    *((distilled(steps), "fid", 3.0 / steps, 4.0 / steps) for steps in (1, 2, 4)),
    *((distilled(steps, FULL), "fid", 2.0 / steps, 2.0 / steps) for steps in (1, 2, 4)),
)


def test_steps_are_equally_far_apart_with_ticks_at_steps_alone():
    axes = draw_steps(STEPS, (1, 2, 4)).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", "4"]
    assert axes.get_xscale() == "log" and not len(axes.xaxis.get_minorticklocs())
    line = axes.containers[0].lines[0]
    assert line.get_ydata().tolist() == [3.5, 1.75, 0.875]
    assert to_hex(line.get_color()) == colour_of(distilled(1)).lower()


def test_the_papers_points_of_few_steps_are_those_it_printed():
    published = read_published("config/published", "table5")
    axes = draw_steps(STEPS, (1, 2, 4), published).axes[0]
    hollow = [line for line in axes.lines if "the paper" in str(line.get_label())]
    assert [line.get_ydata().tolist() for line in hollow] == [
        [0.467, 0.368, 0.304],
        [0.296, 0.292, 0.268],
    ]


def test_a_number_of_steps_that_was_not_measured_is_named():
    with pytest.raises(LeadError, match="was not measured") as caught:
        draw_steps(STEPS, (1, 8))
    assert caught.value.found == "no fid of motionlcm_8"


SYSTEMS = (REAL, MLD, realigned(FULL))
TABLE = measured(
    *((system, "fid", 0.1 + n, 0.3 + n) for n, system in enumerate(SYSTEMS)),
    *((system, "r_precision_top3", 0.7, 0.8) for system in SYSTEMS),
)


def write_metrics(folder, frame):
    paths = []
    for name, own in frame.groupby("system", sort=False):
        repeats = [dict(zip(of["metric"], of["value"], strict=True))
                   for _, of in own.groupby("repeat")]  # fmt: skip
        paths.append(folder / f"{name}.parquet")
        write_values(paths[-1], str(name), repeats, {})
    return tuple(paths)


@pytest.mark.parametrize(("comparable", "panels"), [(False, 2), (True, 1)])
def test_points_of_another_evaluator_have_a_panel_of_their_own(comparable, panels):
    published = read_published("config/published", "table1")
    figure = draw_tradeoff(TABLE, SYSTEMS, published, "a study", comparable)
    assert len(figure.axes) == panels
    names = {text.get_text() for text in figure.axes[0].texts}
    assert {"MLD", "LEAD (MLD)", "ReMoDiffuse"} <= names and "Real" not in names
    assert ("do not compare" in figure.legends[0].get_title().get_text()) == (not comparable)


def test_no_two_names_of_methods_lie_on_one_another():
    figure = draw_tradeoff(TABLE, SYSTEMS, read_published("config/published", "table1"), "s", False)
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    over = [(a, b) for n, a in enumerate(boxes) for b in boxes[:n] if a.padded(-1).overlaps(b)]
    assert over == []


def test_the_charts_of_a_study_are_files_that_printers_take(tmp_path):
    given = {"metrics": write_metrics(tmp_path, TABLE)}
    settings = {"name": "x", "description": "y", "rows": list(map(vars, SYSTEMS))}
    outputs = written(tmp_path, "tradeoff")
    tradeoff(Job("t", settings | {"comparable": False}, given, outputs))
    assert outputs["pdf"].exists()
    outputs = written(tmp_path, "few_steps")
    given = {"metrics": write_metrics(tmp_path, STEPS)}
    fid_over_steps(Job("t", {"steps": [1, 2, 4]}, given, outputs))
    assert_printable(outputs, COLUMN)


@pytest.mark.parametrize(
    ("study", "said"), [("paper", ["1 × 256", "CLIP", "50", "7.5"]), ("demo", ["2 × 64", "MiniLM"])]
)
def test_the_overview_has_the_studys_sizes(study, said, tmp_path, monkeypatch):
    values = resolve_study({"study": study}).model_dump(mode="json")
    figures = []
    monkeypatch.setattr(
        "lead.figures.overview.save_figure",
        lambda figure, outputs: figures.append(figure) or save_figure(figure, outputs),
    )
    outputs = written(tmp_path, "overview", "svg")
    overview(Job("o", values | {"projector": values["projectors"]["lead"]}, {}, outputs))
    text = " ".join(text.get_text() for text in figures[0].axes[0].texts)
    assert all(word in text for word in said)
    assert_printable(outputs, PAGE)
    assert outputs["svg"].read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize(
    ("captions", "verb"),
    [
        (["a person walks forward.", "someone is walking"], "walk"),
        (["a man ran in a circle"], "run"),
        (["she is sitting down", "a person sits"], "sit"),
        (["he waved", "waving both arms"], "wave"),
        (["a person jumped and kicked"], None),
        (["a person walks", "a person jogs and jumps"], None),
        (["the walkway", "a waver"], None),
        (["a person bends"], None),
    ],
)
def test_a_clip_has_a_verb_if_its_captions_hold_one_alone(captions, verb):
    assert verb_of(captions) == verb


def test_actions_that_lie_apart_have_a_high_silhouette_and_pure_neighbours():
    rng = np.random.default_rng(0)
    verbs = ["walk"] * 30 + ["kick"] * 10
    centres = np.where(np.array(verbs)[:, None] == "walk", [5.0, 0, 0], [0, 5.0, 0])
    apart = separation(centres + 0.1 * rng.normal(size=(40, 3)), verbs)
    mixed = separation(rng.normal(size=(40, 3)), verbs)
    assert apart["silhouette"] > 0.9 and apart["purity"] > 0.97
    assert abs(mixed["silhouette"]) < 0.2
    assert mixed["purity"] == pytest.approx(mixed["chance"], abs=0.15)
    assert mixed["chance"] == pytest.approx((30 * 29 + 10 * 9) / (40 * 39))


def test_separation_of_four_clips_by_hand():
    """Two pairs at right angles: within a pair the cosine distance is 0, between pairs 1."""
    vectors = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 3.0]])
    own = separation(vectors, ["walk", "walk", "sit", "sit"])
    assert own["silhouette"] == pytest.approx(1.0)
    assert own["neighbours"] == 3
    assert own["purity"] == own["chance"] == own["best"] == pytest.approx(1 / 3)
    crossed = separation(vectors, ["walk", "sit", "walk", "sit"])
    # Of each clip: 1 to its own verb on average, (0 + 1) / 2 to the other: (0.5 - 1) / 1.
    assert crossed["silhouette"] == pytest.approx(-0.5)


def test_clips_at_one_place_are_no_neighbours_of_themselves():
    own = separation(np.ones((4, 2)), ["walk", "sit", "kick", "jump"])
    assert own["purity"] == 0 and np.isnan(own["silhouette"])


def test_a_map_says_its_numbers_and_where_one_is_not_defined(tmp_path):
    rng = np.random.default_rng(0)
    figure = draw_map({"z": rng.normal(size=(4, 3))}, ["walk", "sit", "kick", "jump"])
    assert "silhouette not defined" in figure.axes[0].get_title()
    figure = draw_map(dict.fromkeys("abc", rng.normal(size=(30, 3))), ["walk", "sit"] * 15)
    outputs = written(tmp_path, "map")
    save_figure(figure, outputs)
    assert_printable(outputs, PAGE)
    figure.draw_without_rendering()
    whole = figure.get_window_extent()
    for axes in figure.axes:  # titles are not cut off
        box = axes.title.get_window_extent()
        assert whole.x0 <= box.x0 and box.x1 <= whole.x1 and box.y1 <= whole.y1


def test_mirrored_clips_and_rare_verbs_are_left_out():
    clips = [clip(f"c{n}", "a person walks") for n in range(70)]
    clips += [clip(f"M{n}", "a person kicks") for n in range(9)]
    clips += [clip(f"k{n}", "a person kicks") for n in range(6)]
    clips += [clip(f"s{n}", "a person swims") for n in range(4)]
    chosen, verbs = clips_of_verbs(clips)
    assert [verbs.count(verb) for verb in ("walk", "kick", "swim")] == [60, 6, 0]
    assert not any(own.id.startswith("M") for own in chosen)


def test_a_study_of_few_clips_shows_rare_verbs_too():
    clips = [clip("a", "a person walks"), clip("b", "a person walks"), clip("c", "a person sits")]
    assert clips_of_verbs(clips)[1] == ["walk", "walk", "sit"]


@pytest.mark.parametrize("count", [0, 70])
def test_a_study_without_such_clips_is_told_so(count):
    with pytest.raises(LeadError, match="Too few test clips"):
        clips_of_verbs([clip(f"c{n}", "a person walks") for n in range(count)])
