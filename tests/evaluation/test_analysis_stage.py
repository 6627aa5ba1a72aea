"""The stage that analyses a study: from its files to one long table, or to one clear error."""

import json
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from gauge_arrays import gauge_arrays
from safetensors.numpy import load_file, save_file

from lead.analysis.analyse import analyse
from lead.analysis.rows import COLUMNS, read_rows
from lead.clip import Clip
from lead.config.evaluation import Evaluation, MultiModality
from lead.errors import LeadError
from lead.evaluation.score import compute_metrics
from lead.files.job import Job
from lead.store import write_index

REPEATS, ITEMS, WIDTH = 3, 120, 8
SYSTEMS = ["real", "mld", "lead"]
SETTINGS = {
    "seed": 1,
    "evaluation": Evaluation(
        repeats=REPEATS, multimodality=MultiModality(items=2, samples=4, pairs=2)
    ).model_dump(mode="json"),
}


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """Embeddings, metrics and index of three systems; ``lead`` is nearer to Real than ``mld``."""
    folder, rng = tmp_path_factory.mktemp("study"), np.random.default_rng(0)
    clips = [
        Clip(f"c{n}", "test", 40 * n, 40 * n + 40, (f"a b {n % 90}", "a"), f"t{n}", "c", None, "s")
        for n in range(ITEMS)
    ]
    write_index(folder / "index.parquet", clips, 40 * ITEMS, {})
    shape = (REPEATS, ITEMS, WIDTH)
    text = rng.normal(size=shape).astype(np.float32)

    def around(spread: float) -> np.ndarray:
        return (text + spread * rng.normal(size=shape)).astype(np.float32)

    real = {
        "text": text,
        "motion": around(0.1),
        "again": around(0.1),
        "mean_motion": np.zeros_like(text),
        "length": rng.integers(10, 49, size=shape[:2]) * 4,
        "caption": rng.integers(0, 2, size=shape[:2]),
        **gauge_arrays(*shape[:2]),
    }
    save_file(real, folder / "real.safetensors")
    for system, spread in (("mld", 0.8), ("lead", 0.4)):
        own = {name: around(spread) for name in ("motion", "reconstruction", "random_latent")}
        own["multimodality"] = rng.normal(size=(REPEATS, 2, 4, WIDTH)).astype(np.float32)
        own |= gauge_arrays(*shape[:2])
        save_file(own, folder / f"{system}.safetensors")
    for system in SYSTEMS:
        given = {"real": folder / "real.safetensors"}
        given["embeddings"] = folder / f"{system}.safetensors"
        output = {"metrics": folder / f"{system}.parquet"}
        compute_metrics(Job("metrics", SETTINGS | {"system": system}, given, output))
    return folder


def job(study: Path, output: Path, **replaced) -> Job:
    inputs = {"index": study / "index.parquet"}
    inputs |= {f"embeddings_{name}": study / f"{name}.safetensors" for name in SYSTEMS}
    inputs |= {f"metrics_{name}": study / f"{name}.parquet" for name in SYSTEMS}
    return Job("analyse", SETTINGS | {"systems": SYSTEMS}, inputs | replaced, {"analysis": output})


@pytest.fixture(scope="module")
def rows(study):
    analyse(job(study, study / "analysis.parquet"))
    return read_rows(study / "analysis.parquet")[0]


def test_every_section_is_there_in_one_long_table(study, rows):
    frame = pq.read_table(study / "analysis.parquet").to_pandas()
    assert tuple(frame.columns) == COLUMNS
    assert list(dict.fromkeys(frame["section"])) == [
        "paired", "fid_interval", "fid_floor", "fid_length", "same_caption", "captions", "ladder",
    ]  # fmt: skip


def test_its_r_precision_is_that_of_the_metrics(study, rows):
    for system in SYSTEMS:
        metrics = pq.read_table(study / f"{system}.parquet").to_pandas()
        for top in (1, 2, 3):
            name = f"r_precision_top{top}"
            own = [row for row in rows if (row.system, row.metric, row.group, row.section) ==
                   (system, name, "own motion", "same_caption")]  # fmt: skip
            expected = metrics.loc[metrics["metric"] == name, "value"].mean()
            assert own[0].value == pytest.approx(expected, abs=1e-12)


def test_its_fid_of_repeat_0_is_that_of_the_metrics_and_inside_its_interval(study, rows):
    for system in SYSTEMS:
        metrics = pq.read_table(study / f"{system}.parquet").to_pandas()
        first = metrics[(metrics["metric"] == "fid") & (metrics["repeat"] == 0)]["value"].item()
        own = next(row for row in rows if (row.section, row.system) == ("fid_interval", system))
        assert own.value == pytest.approx(first, abs=1e-6)
        assert own.low < own.value < own.high


def test_repeats_of_one_training_are_no_vote(rows):
    assert not [row for row in rows if row.group == "better"]


def test_the_same_job_writes_the_same_table(study, rows, tmp_path):
    analyse(job(study, tmp_path / "again.parquet"))
    assert repr(read_rows(tmp_path / "again.parquet")[0]) == repr(rows)


def test_repeats_in_several_files_are_those_of_one_file(study, rows, tmp_path):
    parts = []
    for begin, end in ((0, 2), (2, REPEATS)):
        parts.append(tmp_path / f"{begin}.safetensors")
        own = load_file(study / "real.safetensors")
        save_file({name: values[begin:end].copy() for name, values in own.items()}, parts[-1])
    analyse(job(study, tmp_path / "split.parquet", embeddings_real=tuple(parts)))
    assert repr(read_rows(tmp_path / "split.parquet")[0]) == repr(rows)


def test_the_metadata_says_how_it_was_computed(study, rows):
    _, words = read_rows(study / "analysis.parquet")
    assert words["extent"]["jackknife_groups"] == 40
    assert (words["items"], words["repeats"], words["width"]) == (ITEMS, REPEATS, WIDTH)


def test_a_study_of_one_repeat_and_few_items_has_notes_and_no_traceback(study, tmp_path):
    few = 6
    table = pq.read_table(study / "index.parquet")
    said = json.loads(table.schema.metadata[b"lead"])
    pq.write_table(
        table.slice(0, few).replace_schema_metadata({"lead": json.dumps(said)}),
        tmp_path / "index.parquet",
    )
    replaced = {"index": tmp_path / "index.parquet"}
    for name in SYSTEMS:
        own = load_file(study / f"{name}.safetensors")
        path = tmp_path / f"{name}.safetensors"
        save_file({key: values[:1, :few].copy() for key, values in own.items()}, path)
        metrics = pq.read_table(study / f"{name}.parquet")
        first = metrics.filter(pc.equal(metrics["repeat"], 0))
        pq.write_table(first, tmp_path / f"{name}.parquet")
        replaced |= {f"embeddings_{name}": path, f"metrics_{name}": tmp_path / f"{name}.parquet"}
    analyse(job(study, tmp_path / "analysis.parquet", **replaced))
    found, _ = read_rows(tmp_path / "analysis.parquet")
    notes = " ".join(row.note for row in found)
    assert "too few items for 8 dimensions" in notes
    assert "items in a repeat" in notes


def broken(study: Path, folder: Path, system: str, change) -> Path:
    own = load_file(study / f"{system}.safetensors")
    change(own)
    save_file(own, folder / "broken.safetensors")
    return folder / "broken.safetensors"


@pytest.mark.parametrize("name", ["length", "caption", "text", "again"])
def test_embeddings_of_an_earlier_version_are_named(study, tmp_path, name):
    path = broken(study, tmp_path, "real", lambda own: own.pop(name))
    with pytest.raises(LeadError, match="all that an analysis needs") as error:
        analyse(job(study, tmp_path / "out.parquet", embeddings_real=path))
    assert "broken.safetensors" in str(error.value)
    assert not (tmp_path / "out.parquet").exists()


def test_embeddings_that_are_not_finite_are_named(study, tmp_path):
    def spoil(own):
        own["motion"][1, 3, 0] = np.nan

    path = broken(study, tmp_path, "lead", spoil)
    with pytest.raises(LeadError, match="not finite") as error:
        analyse(job(study, tmp_path / "out.parquet", embeddings_lead=path))
    assert "motion, repeat 1" in str(error.value)


def test_embeddings_of_other_items_are_refused(study, tmp_path):
    def cut(own):
        own["motion"] = own["motion"][:, :50].copy()

    path = broken(study, tmp_path, "mld", cut)
    with pytest.raises(LeadError, match="do not belong together"):
        analyse(job(study, tmp_path / "out.parquet", embeddings_mld=path))


def test_a_truncated_file_is_damaged(study, tmp_path):
    path = tmp_path / "short.safetensors"
    path.write_bytes((study / "lead.safetensors").read_bytes()[:300])
    with pytest.raises(LeadError, match="damaged"):
        analyse(job(study, tmp_path / "out.parquet", embeddings_lead=path))


def test_other_captions_than_the_protocols_leave_a_system_out_of_retrieval(study, tmp_path):
    def told(own):
        own["text"] = np.zeros((REPEATS, ITEMS, WIDTH), dtype=np.float32)

    path = broken(study, tmp_path, "lead", told)
    analyse(job(study, tmp_path / "out.parquet", embeddings_lead=path))
    found, _ = read_rows(tmp_path / "out.parquet")
    assert any(row.system == "lead" and "other captions" in row.note for row in found)
    assert not [row for row in found if row.section == "captions" and row.system == "lead"]
