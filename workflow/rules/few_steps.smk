"""MotionLCM's systems without and with realignment, and Table 5 of them."""

if STUDY.consistency is None:

    rule table5:
        input:
            no_consistency,
        output:
            f"{RESULTS}/tables/table5.tex",
            f"{RESULTS}/tables/table5.parquet",
            "results/tables/table5.tex",
            "results/tables/table5.parquet",

else:

    use rule embed_mld as embed_motionlcm with:
        input:
            **DATA,
            **EVALUATOR,
            **CONDITION,
            text=rules.encode_text.output.text,
            vae=NETWORKS["vae"],
            denoiser=STUDENT,
        output:
            embeddings=f"{RESULTS}/systems/motionlcm_{{steps}}/embeddings/{{batch}}.safetensors",
        params:
            stage="lead.evaluation.embed:embed_generated",
            settings=lambda wildcards: generating()
            | repeats(wildcards)
            | distilling("steps")
            | {"steps": int(wildcards.steps)},
            code=code("lead.evaluation.embed:embed_generated"),
            state=lambda wildcards: state(f"embed_motionlcm_{wildcards.steps}_{wildcards.batch}"),
        log:
            f"{RESULTS}/logs/embed_motionlcm_{{steps}}_{{batch}}.log",
        benchmark:
            f"{RESULTS}/benchmarks/embed_motionlcm_{{steps}}_{{batch}}.tsv"
        message:
            announce(
                "Generating with motionlcm_{wildcards.steps}, repeats {wildcards.batch}.", gpu=True
            )


    use rule embed_mld as embed_lead_motionlcm with:
        input:
            **DATA,
            **EVALUATOR,
            **CONDITION,
            text=rules.encode_text.output.text,
            vae=NETWORKS["vae"],
            denoiser=STUDENT,
            projector=f"{RESULTS}/models/projectors/lead/projector.safetensors",
        output:
            embeddings=f"{RESULTS}/systems/lead_motionlcm_{{steps}}/embeddings/"
            "{batch}.safetensors",
        params:
            stage="lead.evaluation.embed:embed_generated",
            settings=lambda wildcards: generating()
            | repeats(wildcards)
            | distilling("steps")
            | projector("lead")
            | {"steps": int(wildcards.steps)},
            code=code("lead.evaluation.embed:embed_generated"),
            state=lambda wildcards: state(
                f"embed_lead_motionlcm_{wildcards.steps}_{wildcards.batch}"
            ),
        log:
            f"{RESULTS}/logs/embed_lead_motionlcm_{{steps}}_{{batch}}.log",
        benchmark:
            f"{RESULTS}/benchmarks/embed_lead_motionlcm_{{steps}}_{{batch}}.tsv"
        message:
            announce(
                "Generating with lead_motionlcm_{wildcards.steps}, repeats {wildcards.batch}.",
                gpu=True,
            )


    use rule table1 as table5 with:
        input:
            metrics=metrics(STUDY, ("real", *STUDY.few_steps)),
            published="config/published/table5.csv",
        output:
            tex=f"{RESULTS}/tables/table5.tex",
            parquet=f"{RESULTS}/tables/table5.parquet",
        params:
            stage="lead.report.collect:paper_table",
            settings=words_of(STUDY, "table5"),
            code=code("lead.report.collect:paper_table"),
        log:
            f"{RESULTS}/logs/table5.log",
        benchmark:
            f"{RESULTS}/benchmarks/table5.tsv"
        message:
            announce("Table 5 of study {params.settings[name]}.")


    use rule publish_table as publish_table5 with:
        input:
            tex=rules.table5.output.tex,
            parquet=rules.table5.output.parquet,
        output:
            tex="results/tables/table5.tex",
            parquet="results/tables/table5.parquet",
        message:
            "Table 5 of study {params.study} is now the one in results/tables."


    rule time_few_steps:
        input:
            **DATA,
            **EVALUATOR,
            **CONDITION,
            text=rules.encode_text.output.text,
            vae=NETWORKS["vae"],
            denoiser=STUDENT,
            projector=f"{RESULTS}/models/projectors/lead/projector.safetensors",
        output:
            seconds=f"{RESULTS}/systems/few_steps_seconds.parquet",
        params:
            stage="experiments.few_steps:time_few_steps",
            settings=lambda wildcards: generating() | settings("consistency") | projector("lead"),
            code=code("experiments.few_steps:time_few_steps"),
        log:
            f"{RESULTS}/logs/time_few_steps.log",
        benchmark:
            f"{RESULTS}/benchmarks/time_few_steps.tsv"
        threads: STUDY.machine.threads
        resources:
            mem_mb=4000,
            runtime=30,
            gpu=1,
        message:
            announce("Seconds a motion at each number of steps.", gpu=True)
        script:
            "../scripts/stage.py"


    rule table5_paired:
        input:
            metrics=metrics(STUDY, ("real", *STUDY.few_steps)),
            physical=expand(
                f"{RESULTS}/systems/{{system}}/physical.parquet", system=STUDY.few_steps
            ),
            seconds=rules.time_few_steps.output.seconds,
        output:
            paired=f"{RESULTS}/tables/table5_paired.parquet",
            pdf=f"{RESULTS}/figures/few_steps.pdf",
            png=f"{RESULTS}/figures/few_steps.png",
        params:
            stage="experiments.few_steps:paired_by_steps",
            settings=settings("consistency"),
            code=code("experiments.few_steps:paired_by_steps"),
        log:
            f"{RESULTS}/logs/table5_paired.log",
        benchmark:
            f"{RESULTS}/benchmarks/table5_paired.tsv"
        resources:
            mem_mb=1000,
            runtime=10,
        message:
            announce("What realignment changes at each number of steps; FID against steps.")
        script:
            "../scripts/stage.py"
