"""What would run: stages, resources, and mistakes told before anything starts."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow

REPOSITORY = Path(__file__).resolve().parents[2]
TABLE = "results/tables/table1.tex"
STAGES = {
    "import_motion": 1,
    "extract_features": 1,
    "encode_text": 1,
    "train_movement": 1,
    "train_matcher": 1,
    "train_vae": 1,
    "encode_latents": 1,
    "train_denoiser": 1,
    "train_projector": 1,
    "train_action_classifier": 1,
    "embed_real": 1,
    "train_consistency": 1,
    "embed_generated": 4,
    "compute_metrics": 5,
    "make_table": 1,
    "publish_table": 1,
}
BESIDE = {
    "physical_metrics": 5,
    "make_table": 2,
    "publish_table": 2,
    "analyse": 1,
    "analysis_table": 1,
}
TABLES = ["results/tables/table1.tex", "results/tables/table2.tex", "results/tables/table6.tex"]
ABLATIONS, CONTROLS = 5, 3
COUNTED_BY_SYSTEM = ("train_projector", "embed_generated", "compute_metrics")
TORCH = {
    "encode_text", "train_movement", "train_matcher", "train_vae", "encode_latents",
    "train_denoiser", "train_projector", "embed_real", "embed_generated",
    "train_consistency", "encode_teacher_text", "train_teacher", "assemble_model",
    "contact_sheet",
}  # fmt: skip


def dry_run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snakemake", *arguments, "--dry-run", "--cores", "2"]
    return subprocess.run(
        [*command, "--forceall"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )


def planned(*arguments: str) -> dict[str, int]:
    dry = dry_run(*arguments)
    assert dry.returncode == 0, dry.stdout + dry.stderr
    counts = re.findall(r"^(\w+)\s+(\d+)$", dry.stdout + dry.stderr, flags=re.MULTILINE)
    return {rule: int(count) for rule, count in counts if rule != "total"}


TEACHER = {"encode_teacher_text": 1, "train_teacher": 1}


def stages(
    *,
    features: bool = False,
    t2m: bool = False,
    projectors: int = 1,
    steps: int = 0,
    teacher: bool = False,
    controls: int = 0,
) -> dict[str, int]:
    """The jobs of one study as far as the metrics of its systems; ``steps`` of MotionLCM's."""
    jobs = {rule: count for rule, count in STAGES.items() if "table" not in rule}
    others = 2 * steps + controls
    jobs |= {"embed_generated": 2 + others, "compute_metrics": 3 + others}
    if not steps:
        del jobs["train_consistency"]
    jobs |= TEACHER if teacher else {}
    if features:
        del jobs["import_motion"], jobs["extract_features"]
        jobs["import_features"] = 1
    if t2m:
        del jobs["train_movement"], jobs["train_matcher"]
        jobs |= {"encode_words": 1, "import_evaluator": 1}
    return jobs | {rule: jobs[rule] + projectors - 1 for rule in COUNTED_BY_SYSTEM}


PAPER = {"features": True, "controls": CONTROLS}
"""What studies of the paper's data have at the paper's size."""


def second(jobs: dict[str, int]) -> dict[str, int]:
    return {f"second_{rule}": count for rule, count in jobs.items()}


def tables(*numbers: int) -> dict[str, int]:
    return dict.fromkeys(("make_table", "publish_table"), len(numbers))


def without(jobs: dict[str, int], systems: int) -> dict[str, int]:
    """The jobs of a study that generates so many systems fewer."""
    return {**jobs, "embed_generated": jobs["embed_generated"] - systems}


@pytest.mark.parametrize("study", ["demo", "open_small", "open"])
def test_every_study_plans_every_stage(study):
    assert planned(TABLE, "--configfile", f"config/{study}.yaml") == STAGES


def test_a_study_without_motionlcm_plans_none():
    assert planned(TABLE, "--configfile", "config/style100.yaml") == stages() | tables(1)


def test_a_dataset_published_as_features_needs_no_joints():
    jobs = planned(TABLE, "--configfile", "config/humanml3d.yaml")
    expected = stages(**PAPER, steps=1, teacher=True)
    assert jobs == expected | tables(1)


@pytest.mark.parametrize(
    ("study", "own", "filling"),
    [
        ("demo", {}, {}),
        ("humanml3d", PAPER | {"teacher": True}, PAPER | {"projectors": 2}),
        ("paper", PAPER | {"t2m": True, "teacher": True}, PAPER | {"t2m": True, "projectors": 2}),
    ],
)
def test_a_study_with_a_second_one_plans_tables_1_2_and_6(study, own, filling):
    """Table 6 adds five projectors, Table 2 every stage of another study."""
    expected = stages(**own, steps=1, projectors=1 + ABLATIONS) | second(stages(**filling))
    assert planned(*TABLES, "--config", f"study={study}") == expected | tables(1, 2, 6)


@pytest.mark.parametrize(
    ("study", "own"),
    [
        ("demo_kit", {}),
        ("kit", PAPER | {"projectors": 2}),
        ("paper_kit", PAPER | {"t2m": True, "projectors": 2}),
    ],
)
def test_a_study_on_kits_skeleton_fills_table_2_itself(study, own):
    jobs = planned("results/tables/table2.tex", "--config", f"study={study}")
    assert jobs == stages(**own) | tables(2)


def test_a_study_without_a_second_one_names_one_that_has_it():
    dry = dry_run("results/tables/table2.tex", "--config", "study=open_small")
    said = [line for line in (dry.stdout + dry.stderr).splitlines() if "Table 2" in line]
    assert dry.returncode != 0
    assert said == [
        "Study open_small has no second dataset for Table 2; study demo has one: add --config "
        "study=demo"
    ]
    assert "Traceback" not in dry.stdout + dry.stderr


def test_table_5_takes_the_networks_of_the_other_tables():
    jobs = planned("results/tables/table5.tex")
    expected = without(stages(steps=3), 2) | tables(5)
    assert jobs == expected | {"compute_metrics": 7}


def test_a_study_without_motionlcm_names_one_that_has_it():
    dry = dry_run("results/tables/table5.tex", "--config", "study=style100")
    said = dry.stdout + dry.stderr
    assert dry.returncode != 0 and "Traceback" not in said
    assert [line for line in said.splitlines() if "Table 5" in line] == [
        "Study style100 has no consistency model for Table 5; study demo has one: add --config "
        "study=demo"
    ]


def test_a_system_that_the_study_does_not_have_is_told_with_the_setting_it_comes_from():
    dry = dry_run("results/demo/systems/motionlcm_16/metrics.parquet")
    said = dry.stdout + dry.stderr
    assert dry.returncode != 0 and "Traceback" not in said
    assert "Study demo has no system motionlcm_16; it has real, mld, motionlcm_1," in said
    assert "`consistency.steps`" in said


@pytest.mark.parametrize("system", ["motionlcm_4", "lead_motionlcm_4"])
def test_motionlcm_decodes_with_the_networks_of_mld_and_lead(system):
    """Its job takes the VAE and projector that `mld` and `lead` take: none is trained beside."""
    target = f"results/demo/systems/{system}/embeddings/0-19.safetensors"
    command = [sys.executable, "-m", "snakemake", target, "--cores", "1", "--forceall", "--d3dag"]
    graph = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    dag = json.loads(graph.stdout)
    rules = {node["id"]: node["value"]["rule"] for node in dag["nodes"]}
    assert len(rules) == len(set(rules.values()))
    needed = {rules[e["u"]] for e in dag["edges"] if rules[e["v"]] == "embed_generated"}
    networks = {rule for rule in needed if rule.startswith("train_")}
    # What evaluates motions generates none.
    assert networks - {"train_matcher", "train_action_classifier"} == {
        "train_vae",
        "train_consistency",
        *(["train_projector"] if "lead" in system else []),
    }


def test_a_study_without_a_second_one_has_the_other_tables():
    jobs = planned(TABLES[0], TABLES[2], "--config", "study=open_small")
    assert jobs == stages(steps=1, projectors=1 + ABLATIONS) | tables(1, 6)


def test_table_6_needs_no_system_that_is_not_in_it():
    jobs = planned(TABLES[2])
    expected = without(stages(projectors=1 + ABLATIONS), 1) | tables(6)
    assert jobs == expected | {"compute_metrics": 2 + ABLATIONS}


INVERSION = {"choose_motions": 1, "embed_mti_real": 1}


def test_table_3_inverts_three_objectives_and_generates_each_and_the_verbs_twice():
    expected = stages() | INVERSION | tables(3)
    expected |= {"invert": 3, "embed_mti": 8, "compute_metrics": 9}
    del expected["embed_generated"]
    assert planned("results/tables/table3.tex") == expected


def test_table_4_adds_three_projectors_to_what_table_3_has():
    expected = stages(projectors=4) | INVERSION | tables(3, 4)
    expected |= {"invert": 6, "embed_mti": 11, "compute_metrics": 12}
    del expected["embed_generated"]
    assert planned("results/tables/table3.tex", "results/tables/table4.tex") == expected


def test_one_variant_of_inversion_alone_needs_no_other():
    jobs = planned("results/demo/mti/mld_lead/metrics.parquet")
    expected = stages() | INVERSION | {"invert": 1, "embed_mti": 1, "compute_metrics": 1}
    del expected["embed_generated"]
    assert jobs == expected


def test_one_ablation_alone_needs_no_other():
    jobs = planned("results/demo/systems/lead_no_var/metrics.parquet")
    expected = without(stages(), 1) | {"compute_metrics": 1}
    assert jobs == expected


FIGURES = ("overview", "contact_sheet", "training_curves", "latent_map", "realignment_change",
           "tradeoff")  # fmt: skip


def test_figures_are_targets_and_those_of_words_are_only_made_where_asked_for():
    jobs = planned("figures")
    assert {rule: jobs.get(rule) for rule in FIGURES} == dict.fromkeys(FIGURES, 1)
    assert not {"invert", "inverted_strips", "fid_over_steps"} & set(jobs)
    jobs = planned("results/demo/figures/mti.pdf")
    assert (jobs["invert"], jobs["inverted_strips"]) == (2, 1) and "train_matcher" not in jobs


def test_data_and_machine_of_the_command_line_are_also_the_second_studys():
    dry = dry_run("results/tables/table2.tex", "--config", "machine={threads: 2}")
    said = dry.stdout + dry.stderr
    assert dry.returncode == 0, said
    assert "[2 threads, 8000 MB" in said
    assert "[1 threads, 8000 MB" not in said


def test_a_bare_snakemake_makes_the_tables():
    pictures = {"contact_sheet": 1, "training_curves": 1}
    assert planned() == STAGES | BESIDE | pictures | {
        "all": 1,
        "assemble_model": 1,
        "model_card": 1,
    }


def test_repeats_spread_over_jobs_are_one_job_more_each():
    counts = planned(TABLE, "--config", "evaluation={jobs: 3}")
    assert counts == STAGES | {"embed_real": 3, "embed_generated": 3 * STAGES["embed_generated"]}


@pytest.mark.parametrize("kind", ["t2m", "motius", "mardm"])
def test_a_published_evaluator_takes_the_place_of_one_that_is_trained(kind):
    counts = planned(TABLE, "--config", "study=humanml3d", f"evaluator={{kind: {kind}}}")
    expected = stages(**PAPER, t2m=True, steps=1, teacher=True)
    assert counts == expected | tables(1)


MLD_FILES = (
    "vae={source: {kind: mld_checkpoint, mean: HumanML3D/Mean.npy, std: HumanML3D/Std.npy}}",
    "denoiser={source: {kind: mld_checkpoint}}",
)


def test_published_networks_take_the_place_of_trained_ones():
    jobs = planned(TABLE, "--config", "study=humanml3d", *MLD_FILES)
    assert jobs["import_vae"] == jobs["import_denoiser"] == 1
    assert jobs["encode_latents"] == jobs["train_projector"] == 1
    assert "train_vae" not in jobs and "train_denoiser" not in jobs


def test_curves_are_drawn_of_what_is_trained():
    figure = "results/humanml3d/figures/training.pdf"
    jobs = planned(figure, "--config", "study=humanml3d", MLD_FILES[0])
    assert "train_vae" not in jobs and jobs["train_denoiser"] == jobs["training_curves"] == 1


def test_the_demo_imports_torch_in_at_most_fifteen_jobs():
    jobs = planned(TABLE, "results/demo/figures/contact_sheet.png")
    assert sum(count for rule, count in jobs.items() if rule in TORCH) <= 15


def test_the_slurm_profile_lists_every_stage_with_its_resources():
    dry = dry_run("--profile", "workflow/profiles/slurm", TABLE)
    said = dry.stdout + dry.stderr
    assert dry.returncode == 0, said
    jobs = re.findall(r"^Job \d+: (.*)$", said, flags=re.MULTILINE)
    assert len(jobs) == sum(STAGES.values())
    for job in jobs:
        if "is now the one in results/tables" in job:
            continue
        assert re.search(r"\[\d+ threads, \d+ MB, \d+ min(, 1 GPU)?\]$", job), job
    on_gpu = [job for job in jobs if job.endswith("1 GPU]")]
    assert sum("raining" in job or "istilling" in job for job in on_gpu) == 7
    assert sum(job.startswith(("Embedding", "Generating")) for job in on_gpu) == 5


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("vaee={}", "vaee"),
        ("seed=many", "seed"),
        ("study=dmeo", "no study named dmeo"),
        ("second=dmeo", "no study named dmeo"),
        ("second=open", "not on KIT-ML's skeleton"),
        ("ablations=[lead_mpl]", "lead_mpl"),
        ("projectors={lead_mine: {extends: laed}}", "lead_mine extends laed"),
        (
            "projectors={mlp: {model: {kind: mlp}, training: {steps: 1, batch_size: 2}}}",
            "lead_<a-z, 0-9, _>",
        ),
    ],
)
def test_a_mistake_in_the_configuration_is_told_in_a_few_lines(override, expected):
    dry = dry_run("--config", override)
    said = dry.stdout + dry.stderr
    assert dry.returncode != 0
    assert expected in said
    assert "Traceback" not in said


def test_raw_data_that_is_missing_is_told_with_where_to_get_it(tmp_path):
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--directory", str(tmp_path)]
    command += ["--snakefile", str(REPOSITORY / "Snakefile"), "--config", "data_root=nowhere"]
    (tmp_path / "config").symlink_to(REPOSITORY / "config")
    run = subprocess.run(
        [*command, "study=open_small", "--", "results/open_small/audit.parquet"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    said = run.stdout + run.stderr
    assert run.returncode != 0
    assert "Raw data is missing" in said and "CC BY-NC" in said
    assert "Traceback" not in said
    assert not (tmp_path / "results/open_small/audit.parquet").exists()


def test_motions_that_are_not_there_are_told_though_the_table_is_finished():
    dry = dry_run(TABLE, "--config", "external={mine: {path: /tmp/no-such-motions}}")
    said = dry.stdout + dry.stderr
    assert dry.returncode != 0 and "mine: /tmp/no-such-motions" in said
    assert "Traceback" not in said
