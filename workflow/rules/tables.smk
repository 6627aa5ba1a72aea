"""The study's tables, and copies of the active study's at a place that does not move."""

import sys

# What the command line says of the machine is true of both studies; the rest is in their files.
_OF_THE_MACHINE = {key: config[key] for key in ("data_root", "machine") if key in config}

if STUDY.is_on_kit:
    SECOND = STUDY

elif STUDY.second is None:
    SECOND = None

else:
    _SECOND_CONFIG = {"study": STUDY.second, **_OF_THE_MACHINE}
    SECOND = study_of(_SECOND_CONFIG)
    if not SECOND.is_on_kit:
        raise WorkflowError(
            f"second: {SECOND.name} in study {STUDY.name}: {SECOND.description} is not on "
            "KIT-ML's skeleton, which Table 2 is about."
        )

    if SECOND.consistency is not None:
        raise WorkflowError(
            f"second: {SECOND.name} in study {STUDY.name}: MotionLCM is not distilled in a second "
            f"study; set `consistency: null` in config/{SECOND.name}.yaml."
        )

    module second:
        snakefile:
            "second.smk"
        config:
            _SECOND_CONFIG


    use rule * from second as second_*


def metrics(study, systems):
    """The metrics of a study's systems, in the order of a table's rows."""
    return [f"results/{study.name}/systems/{name}/metrics.parquet" for name in systems]


def no_second_dataset(wildcards):
    """Say so in one line; an exception would be told with where it was raised."""
    sys.exit(
        f"Study {STUDY.name} has no second dataset for Table 2; study demo has one: add "
        "--config study=demo"
    )


def no_consistency(wildcards):
    """Say so in one line, as above."""
    sys.exit(
        f"Study {STUDY.name} has no consistency model for Table 5; study demo has one: add "
        "--config study=demo"
    )


def words_of(study, table):
    """What a table says of the study in it, besides its numbers."""
    names = ("seed", "name", "description", "footnote", "dataset", "evaluator", "evaluation")
    names += ("text", "external", "consistency")
    values = study.model_dump(mode="json")
    return {"table": table, **{name: values[name] for name in names}}


rule table1:
    input:
        metrics=metrics(STUDY, STUDY.systems),
        published="config/published/table1.csv",
    output:
        tex=f"{RESULTS}/tables/table1.tex",
        parquet=f"{RESULTS}/tables/table1.parquet",
    params:
        stage="lead.report.collect:paper_table",
        settings=words_of(STUDY, "table1"),
        code=code("lead.report.collect:paper_table"),
    log:
        f"{RESULTS}/logs/table1.log",
    benchmark:
        f"{RESULTS}/benchmarks/table1.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        announce("Table 1 of study {params.settings[name]}.")
    script:
        "../scripts/stage.py"


use rule table1 as table6 with:
    input:
        metrics=metrics(STUDY, STUDY.ablated_systems),
        published="config/published/table6.csv",
    output:
        tex=f"{RESULTS}/tables/table6.tex",
        parquet=f"{RESULTS}/tables/table6.parquet",
    params:
        stage="lead.report.collect:paper_table",
        settings=words_of(STUDY, "table6"),
        code=code("lead.report.collect:paper_table"),
    log:
        f"{RESULTS}/logs/table6.log",
    benchmark:
        f"{RESULTS}/benchmarks/table6.tsv"
    message:
        announce("Table 6 of study {params.settings[name]}.")


rule publish_table:
    input:
        tex=rules.table1.output.tex,
        parquet=rules.table1.output.parquet,
    output:
        tex="results/tables/table1.tex",
        parquet="results/tables/table1.parquet",
    params:
        study=STUDY.name,
    localrule: True
    message:
        "Table 1 of study {params.study} is now the one in results/tables."
    shell:
        "cp {input.tex} {output.tex} && cp {input.parquet} {output.parquet}"


use rule publish_table as publish_table6 with:
    input:
        tex=rules.table6.output.tex,
        parquet=rules.table6.output.parquet,
    output:
        tex="results/tables/table6.tex",
        parquet="results/tables/table6.parquet",
    message:
        "Table 6 of study {params.study} is now the one in results/tables."


if SECOND is not None:

    use rule table1 as table2 with:
        input:
            metrics=metrics(SECOND, SECOND.systems),
            published="config/published/table2.csv",
        output:
            tex=f"{RESULTS}/tables/table2.tex",
            parquet=f"{RESULTS}/tables/table2.parquet",
        params:
            stage="lead.report.collect:paper_table",
            settings=words_of(SECOND, "table2"),
            code=code("lead.report.collect:paper_table"),
        log:
            f"{RESULTS}/logs/table2.log",
        benchmark:
            f"{RESULTS}/benchmarks/table2.tsv"
        message:
            announce("Table 2, of study {params.settings[name]}.")


    use rule publish_table as publish_table2 with:
        input:
            tex=rules.table2.output.tex,
            parquet=rules.table2.output.parquet,
        output:
            tex="results/tables/table2.tex",
            parquet="results/tables/table2.parquet",
        message:
            "Table 2 of study {params.study} is now the one in results/tables."

else:

    rule table2:
        input:
            no_second_dataset,
        output:
            f"{RESULTS}/tables/table2.tex",
            f"{RESULTS}/tables/table2.parquet",
            "results/tables/table2.tex",
            "results/tables/table2.parquet",
