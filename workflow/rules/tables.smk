"""The study's tables and pages, and copies of the active study's at a place that does not move."""

import sys

from lead.config.checkpoints import checkpoint_rules
from lead.config.evaluators import described
from lead.config.systems import by_name

# What the command line says of the machine is true of both studies; the rest is in their files.
_OF_THE_MACHINE = {
    key: config[key] for key in ("data_root", "machine", "trainings") if key in config
}


def study_on_kit():
    """The study that fills Table 2: this one, the one that it names, or none."""
    if STUDY.is_on_kit or STUDY.second is None:
        return STUDY if STUDY.is_on_kit else None
    second = study_of({"study": STUDY.second, **_OF_THE_MACHINE})
    if not second.is_on_kit:
        raise WorkflowError(
            f"second: {second.name} in study {STUDY.name}: {second.description} is not on "
            "KIT-ML's skeleton, which Table 2 is about."
        )
    if second.consistency is not None:
        raise WorkflowError(
            f"second: {second.name} in study {STUDY.name}: MotionLCM is not distilled in a second "
            f"study; set `consistency: null` in config/{second.name}.yaml."
        )
    return second


SECOND = study_on_kit()

if SECOND is not None and not STUDY.is_on_kit:

    module second:
        snakefile:
            "second.smk"
        config:
            {"study": STUDY.second, **_OF_THE_MACHINE}

    use rule * from second as second_*


def metrics(study, rows, file="metrics", evaluator=""):
    """The metrics of a study's systems, in the order of a table's rows."""
    inverted = any(row.objective for row in rows)
    folder = f"results/{study.name}{evaluator}/{'mti' if inverted else 'systems'}"
    return [f"{folder}/{row.name}/{file}.parquet" for row in rows]


def study_of_table(table):
    """The study that fills a table; a line, and no exception with where it was raised, if none."""
    if table == "table2" and SECOND is None:
        sys.exit(
            f"Study {STUDY.name} has no second dataset for Table 2; study demo has one: add "
            "--config study=demo"
        )
    if table == "table5" and STUDY.consistency is None:
        sys.exit(
            f"Study {STUDY.name} has no consistency model for Table 5; study demo has one: add "
            "--config study=demo"
        )
    return SECOND if table == "table2" else STUDY


def table_files(wildcards):
    """The metrics of a table's systems in the order of rows, and what it says beside them."""
    study = study_of_table(wildcards.table)
    rows = study.rows(wildcards.table)
    if wildcards.table == "physical":
        return {"metrics": metrics(study, rows, "physical"), "gauge": metrics(study, rows)}
    if wildcards.table == "feet":
        return {"metrics": metrics(study, rows, "physical")}
    is_timed = wildcards.table == "timing"
    files = {
        "metrics": [f"results/{study.name}/timing.parquet"] if is_timed else metrics(study, rows)
    }
    name = "inference_time" if is_timed else wildcards.table
    if (printed := Path(f"config/published/{name}.csv")).is_file():
        files["published"] = str(printed)
    if words := dict.fromkeys(row.words for row in rows if row.words):
        files["fresh"] = [f"{MTI}/{name}/fresh.parquet" for name in words]
        files["motions"] = rules.choose_motions.output.motions
    return files


def table_settings(wildcards):
    """What a table says of the study in it, besides its numbers."""
    study = study_of_table(wildcards.table)
    values = study.model_dump(mode="json")
    names = ["name", "description", "footnote", "seed", "trainings", "evaluation"]
    if wildcards.table not in ("physical", "feet"):
        names += ["dataset", "evaluator", "text", "consistency"]
    rows = study.rows(wildcards.table)
    own = {
        "table": wildcards.table,
        "rows": [vars(row) for row in rows],
        "checkpoints": checkpoint_rules(study, rows),
    }
    return own | {name: values[name] for name in names}


rule make_table:
    input:
        unpack(table_files),
    output:
        tex=report(
            f"{RESULTS}/tables/{{table}}.tex",
            caption="../report/table.rst",
            category="Tables",
            labels={"table": "{table}", "study": STUDY.name},
        ),
        parquet=f"{RESULTS}/tables/{{table}}.parquet",
    log:
        f"{RESULTS}/logs/{{table}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/{{table}}.tsv"
    resources:
        **needs(mem_mb=1000, runtime=10),
    params:
        **stage("lead.report.tables:make_table"),
        settings=table_settings,
    message:
        announce("{wildcards.table} of study {params.settings[name]}.")
    script:
        "../scripts/stage.py"


rule publish_table:
    input:
        tex=f"{RESULTS}/tables/{{table}}.tex",
        parquet=f"{RESULTS}/tables/{{table}}.parquet",
    output:
        tex="results/tables/{table}.tex",
        parquet="results/tables/{table}.parquet",
    localrule: True
    params:
        study=STUDY.name,
    message:
        "{wildcards.table} of study {params.study} is now the one in results/tables."
    shell:
        "cp {input.tex} {output.tex} && cp {input.parquet} {output.parquet}"


# Tables whose systems evaluators measure, by the ending of the page that compares these: that of the
# study's own systems has none.
COMPARED = {"": "table2" if STUDY.is_on_kit else "table1"}
COMPARED |= {f"_{table}": table for table in ("table3", "table4", "table5", "table6")}


def compared_files(wildcards):
    """The metrics of a table's systems under the study's own evaluator, then under each other, and
    what each evaluator sees of the real test motions in the first repeats."""
    if not STUDY.evaluators:
        sys.exit(
            f"Study {STUDY.name} names no other evaluators. Add to its file, for the same one "
            "trained again,\nevaluators: {again: {}}"
        )
    table = COMPARED[wildcards.compared]
    rows = study_of_table(table).rows(table)
    return {
        "metrics": [file for by in EVALUATORS for file in metrics(STUDY, rows, evaluator=by)],
        "real": [embeddings("real", by)[0] for by in EVALUATORS],
    }


def comparing(wildcards):
    """What the comparison of evaluators says of a table and of the study, besides its numbers."""
    table = COMPARED[wildcards.compared]
    own = {"table": table, "rows": [vars(row) for row in STUDY.rows(table)]}
    own |= {"evaluators": described(STUDY.every_evaluator)}
    return settings("name", "description", "footnote", "trainings", "evaluation") | own


rule compare_evaluators:
    input:
        unpack(compared_files),
    output:
        md=report(
            f"{RESULTS}/tables/evaluators{{compared}}.md",
            caption="../report/evaluators.rst",
            category="Tables",
            labels={"table": "evaluators{compared}", "study": STUDY.name},
        ),
        tex=f"{RESULTS}/tables/evaluators{{compared}}.tex",
        parquet=f"{RESULTS}/tables/evaluators{{compared}}.parquet",
    log:
        f"{RESULTS}/logs/compare_evaluators{{compared}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compare_evaluators{{compared}}.tsv"
    wildcard_constraints:
        compared=folders(COMPARED),
    resources:
        **needs(mem_mb=1000, runtime=10),
    params:
        **stage("lead.report.evaluators:compare_evaluators"),
        settings=comparing,
    message:
        announce("{params.settings[table]} of study {params.settings[name]}, by every evaluator.")
    script:
        "../scripts/stage.py"


rule analyse:
    input:
        **{f"embeddings_{row.name}": embeddings(row.name) for row in STUDY.systems},
        **{f"metrics_{row.name}": metrics(STUDY, [row])[0] for row in STUDY.systems},
        index=DATA["index"],
    output:
        analysis=f"{RESULTS}/analysis.parquet",
    log:
        f"{RESULTS}/logs/analyse.log",
    benchmark:
        f"{RESULTS}/benchmarks/analyse.tsv"
    resources:
        **needs(mem_mb=1500, runtime=20),
    params:
        **stage("lead.analysis.analyse:analyse"),
        settings=settings("evaluation") | {"systems": [row.name for row in STUDY.systems]},
    message:
        announce("Intervals, floors and paired differences of the study's systems.")
    script:
        "../scripts/stage.py"


rule analysis_table:
    input:
        analysis=rules.analyse.output.analysis,
    output:
        tex=f"{RESULTS}/tables/analysis.tex",
        md=report(
            f"{RESULTS}/tables/analysis.md",
            caption="../report/analysis.rst",
            category="Tables",
            labels={"table": "analysis", "study": STUDY.name},
        ),
    log:
        f"{RESULTS}/logs/analysis_table.log",
    benchmark:
        f"{RESULTS}/benchmarks/analysis_table.tsv"
    resources:
        **needs(mem_mb=1000, runtime=10),
    params:
        **stage("lead.report.analysis:analysis_table"),
        settings=settings("name", "footnote") | {"rows": [vars(row) for row in STUDY.systems]},
    message:
        announce("The analysis of study {params.settings[name]} as pages.")
    script:
        "../scripts/stage.py"


def claimed(wildcards):
    """The systems that claims are about: of captions, or of motion textual inversion."""
    if wildcards.inversion:
        # Systems of both are called as Table 3 calls them.
        return by_name(STUDY.rows("table4") + STUDY.rows("table3")).values()
    return SYSTEMS.values()


rule answer_claims:
    input:
        metrics=lambda wildcards: metrics(STUDY, claimed(wildcards)),
    output:
        md=report(
            f"{RESULTS}/tables/claims{{inversion}}.md",
            caption="../report/claims.rst",
            category="Tables",
            labels={"table": "claims{inversion}", "study": STUDY.name},
        ),
        parquet=f"{RESULTS}/tables/claims{{inversion}}.parquet",
    log:
        f"{RESULTS}/logs/claims{{inversion}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/claims{{inversion}}.tsv"
    wildcard_constraints:
        inversion="|_mti",
    resources:
        **needs(mem_mb=1000, runtime=10),
    params:
        **stage("lead.report.claims:answer_claims"),
        settings=lambda wildcards: settings("name", "trainings")
        | {"rows": [vars(row) for row in claimed(wildcards)]},
    message:
        announce("What the paper claims, and what this study says of it.")
    script:
        "../scripts/stage.py"
