"""What asks further than the paper's tables; the stages lie in experiments/, beside the package."""


rule sweep_learning_rate:
    input:
        **DATA,
        **projector_file("lead"),
        **NETWORKS,
        text=rules.encode_text.output.text,
    output:
        sweep=f"{MTI}/learning_rate.parquet",
    log:
        f"{RESULTS}/logs/mti_learning_rate.log",
    benchmark:
        f"{RESULTS}/benchmarks/mti_learning_rate.tsv"
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=4000, runtime=60, gpu=1),
    params:
        **stage("experiments.learning_rate:sweep_learning_rate"),
        settings=optimising() | projector("lead"),
    message:
        announce("Inverting words of ten training motions at three learning rates.", gpu=1)
    script:
        "../scripts/stage.py"


rule invert_styles:
    input:
        **DATA,
        **projector_file("lead"),
        **NETWORKS,
        text=rules.encode_text.output.text,
    output:
        styles=f"{MTI}/styles.parquet",
        pdf=f"{RESULTS}/figures/mti_styles.pdf",
        png=f"{RESULTS}/figures/mti_styles.png",
    log:
        f"{RESULTS}/logs/mti_styles.log",
    benchmark:
        f"{RESULTS}/benchmarks/mti_styles.tsv"
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=4000, runtime=120, gpu=1),
    params:
        **stage("experiments.styles:invert_styles"),
        settings=settings("dataset", "text", "vae", "diffusion", "denoiser", "mti")
        | PROTOCOL
        | projector("lead"),
    message:
        announce("Inverting words of styles that were held out (Fig. 6).", gpu=1)
    script:
        "../scripts/stage.py"


if STUDY.consistency is not None:

    rule table5_paired:
        input:
            metrics=metrics(STUDY, STUDY.rows("table5")),
            physical=metrics(STUDY, STUDY.few_steps, "physical"),
            seconds=rules.time_systems.output.metrics,
        output:
            paired=f"{RESULTS}/tables/table5_paired.parquet",
        log:
            f"{RESULTS}/logs/table5_paired.log",
        benchmark:
            f"{RESULTS}/benchmarks/table5_paired.tsv"
        resources:
            **needs(mem_mb=1000, runtime=10),
        params:
            **stage("experiments.few_steps:paired_by_steps"),
            settings=settings("consistency"),
        message:
            announce("What realignment changes at each number of steps.")
        script:
            "../scripts/stage.py"


rule published_differences:
    input:
        metrics=lambda wildcards: metrics(STUDY, claimed(wildcards)),
        published="config/published",
    output:
        md=f"{RESULTS}/tables/published_differences{{inversion}}.md",
        parquet=f"{RESULTS}/tables/published_differences{{inversion}}.parquet",
    log:
        f"{RESULTS}/logs/published_differences{{inversion}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/published_differences{{inversion}}.tsv"
    wildcard_constraints:
        inversion="|_mti",
    resources:
        **needs(mem_mb=1000, runtime=10),
    params:
        **stage("experiments.published_differences:published_differences"),
        settings=lambda wildcards: settings("name")
        | {"rows": [vars(row) for row in claimed(wildcards)]},
    message:
        announce("Whether the paper's differences would survive another training.")
    script:
        "../scripts/stage.py"
