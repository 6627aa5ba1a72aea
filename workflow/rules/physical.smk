"""Physical and expressive metrics of every system, and a table of their own."""


rule physical_metrics:
    input:
        real=embeddings("real"),
        embeddings=lambda wildcards: embeddings(wildcards.system),
    output:
        metrics=f"{RESULTS}/systems/{{system}}/physical.parquet",
    params:
        stage="lead.evaluation.physical_score:physical_metrics",
        settings=lambda wildcards: settings() | {"system": wildcards.system},
        code=code("lead.evaluation.physical_score:physical_metrics"),
    log:
        f"{RESULTS}/logs/physical_{{system}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/physical_{{system}}.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        announce("Physical metrics of {wildcards.system}.")
    script:
        "../scripts/stage.py"


rule physical_table:
    input:
        metrics=expand(
            f"{RESULTS}/systems/{{system}}/physical.parquet", system=STUDY.systems
        ),
        gauge=metrics(STUDY, STUDY.systems),
    output:
        tex=f"{RESULTS}/tables/physical.tex",
        parquet=f"{RESULTS}/tables/physical.parquet",
    params:
        stage="lead.report.physical:physical_table",
        settings=settings("name", "description", "footnote", "external"),
        code=code("lead.report.physical:physical_table"),
    log:
        f"{RESULTS}/logs/physical_table.log",
    benchmark:
        f"{RESULTS}/benchmarks/physical_table.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        announce("Physical metrics of study {params.settings[name]} as a table.")
    script:
        "../scripts/stage.py"


use rule publish_table as publish_physical_table with:
    input:
        tex=rules.physical_table.output.tex,
        parquet=rules.physical_table.output.parquet,
    output:
        tex="results/tables/physical.tex",
        parquet="results/tables/physical.parquet",
    message:
        "The physical metrics of study {params.study} are now those in results/tables."
