"""The study's tables, and copies of the active study's at a place that does not move."""


rule table1:
    input:
        metrics=expand(
            f"{RESULTS}/systems/{{system}}/metrics.parquet", system=STUDY.systems
        ),
        published="config/published/table1.csv",
    output:
        tex=f"{RESULTS}/tables/table1.tex",
        parquet=f"{RESULTS}/tables/table1.parquet",
    params:
        stage="lead.report.collect:table1",
        settings=settings(
            "name", "description", "footnote", "dataset", "evaluator", "evaluation", "text", "external"
        ),
        code=code("lead.report.collect:table1"),
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
