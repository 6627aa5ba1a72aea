"""Published networks in place of ones that are trained here."""

if STUDY.vae.source.kind == "mld_checkpoint":

    rule import_vae:
        input:
            stats=DATA["stats"],
        output:
            weights=NETWORKS["vae"],
        log:
            f"{RESULTS}/logs/import_vae.log",
        benchmark:
            f"{RESULTS}/benchmarks/import_vae.tsv"
        # A missing or wrong checkpoint is told at once, not after networks have trained.
        priority: 1
        resources:
            **needs(mem_mb=2000, runtime=10),
        params:
            **stage("lead.interop.mld_stages:import_vae"),
            settings=settings("dataset", "vae"),
        message:
            announce("The published VAE, in place of stage 1.")
        script:
            "../scripts/stage.py"


if STUDY.denoiser.source.kind == "mld_checkpoint":

    rule import_denoiser:
        input:
            vae=NETWORKS["vae"],
        output:
            weights=NETWORKS["denoiser"],
        log:
            f"{RESULTS}/logs/import_denoiser.log",
        benchmark:
            f"{RESULTS}/benchmarks/import_denoiser.tsv"
        priority: 1
        resources:
            **needs(mem_mb=2000, runtime=10),
        params:
            **stage("lead.interop.mld_stages:import_denoiser"),
            settings=settings("dataset", "text", "diffusion", "denoiser"),
        message:
            announce("The published denoiser, in place of stage 2.")
        script:
            "../scripts/stage.py"


PUBLISHED = [folder for folder, one in EVALUATORS.items() if one.evaluator.kind != "trained"]

if PUBLISHED:

    rule import_evaluator:
        input:
            stats=DATA["stats"],
        output:
            weights=f"{RESULTS}{{evaluator}}/models/evaluator/matcher.safetensors",
            statistics=f"{RESULTS}{{evaluator}}/models/evaluator/stats.npz",
        log:
            f"{RESULTS}{{evaluator}}/logs/import_evaluator.log",
        benchmark:
            f"{RESULTS}{{evaluator}}/benchmarks/import_evaluator.tsv"
        wildcard_constraints:
            evaluator=folders(PUBLISHED),
        # A missing or wrong release is told at once, not after networks have trained.
        priority: 1
        resources:
            **needs(mem_mb=2000, runtime=10),
        params:
            **stage("lead.interop.evaluators:import_evaluator"),
            settings=lambda wildcards: settings("dataset", "evaluator")
            | {"evaluator": evaluator_settings(wildcards)["evaluator"]},
        message:
            announce("The published evaluator, with the statistics it was trained on.")
        script:
            "../scripts/stage.py"
