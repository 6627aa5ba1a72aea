"""What the tables leave out of their statistics, as one long table and as pages to read."""


rule analyse:
    input:
        index=DATA["index"],
        **{
            f"embeddings_{system}": embeddings(system)
            for system in STUDY.systems
        },
        **{
            f"metrics_{system}": f"{RESULTS}/systems/{system}/metrics.parquet"
            for system in STUDY.systems
        },
    output:
        analysis=f"{RESULTS}/analysis.parquet",
    params:
        stage="lead.analysis.analyse:analyse",
        settings=settings("evaluation") | {"systems": list(STUDY.systems)},
        code=code("lead.analysis.analyse:analyse"),
    log:
        f"{RESULTS}/logs/analyse.log",
    benchmark:
        f"{RESULTS}/benchmarks/analyse.tsv"
    resources:
        mem_mb=1500,
        runtime=20,
    message:
        announce("Intervals, floors and paired differences of the study's systems.")
    script:
        "../scripts/stage.py"


rule analysis_table:
    input:
        analysis=rules.analyse.output.analysis,
    output:
        tex=f"{RESULTS}/tables/analysis.tex",
        md=f"{RESULTS}/tables/analysis.md",
    params:
        stage="lead.report.analysis:analysis_table",
        settings=settings("name", "footnote", "external"),
        code=code("lead.report.analysis:analysis_table"),
    log:
        f"{RESULTS}/logs/analysis_table.log",
    benchmark:
        f"{RESULTS}/benchmarks/analysis_table.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        announce("The analysis of study {params.settings[name]} as pages.")
    script:
        "../scripts/stage.py"
