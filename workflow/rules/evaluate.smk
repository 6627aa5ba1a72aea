"""Every system's motions as embeddings of the matcher, then the metrics of those."""


rule embed_real:
    input:
        **DATA,
        text=rules.encode_text.output.text,
        matcher=rules.train_matcher.output.weights,
    output:
        embeddings=f"{RESULTS}/systems/real/embeddings.safetensors",
    params:
        stage="lead.evaluation.embed:embed_real",
        settings=settings("dataset", "matcher", "evaluation"),
        code=code("lead.evaluation.embed:embed_real"),
    log:
        f"{RESULTS}/logs/embed_real.log",
    benchmark:
        f"{RESULTS}/benchmarks/embed_real.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=4000,
        runtime=120,
        gpu=1,
    message:
        announce("Embedding the real test motions, {params.settings[evaluation][repeats]} times.", gpu=True)
    script:
        "../scripts/stage.py"


rule embed_mld:
    input:
        **DATA,
        text=rules.encode_text.output.text,
        matcher=rules.train_matcher.output.weights,
        vae=rules.train_vae.output.weights,
        denoiser=rules.train_denoiser.output.weights,
    output:
        embeddings=f"{RESULTS}/systems/mld/embeddings.safetensors",
    params:
        stage="lead.evaluation.embed:embed_generated",
        settings=settings(
            "dataset", "text", "matcher", "vae", "diffusion", "denoiser", "evaluation"
        ),
        code=code("lead.evaluation.embed:embed_generated"),
    log:
        f"{RESULTS}/logs/embed_mld.log",
    benchmark:
        f"{RESULTS}/benchmarks/embed_mld.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=4000,
        runtime=480,
        gpu=1,
    message:
        announce("Generating with mld, {params.settings[evaluation][repeats]} times.", gpu=True)
    script:
        "../scripts/stage.py"


use rule embed_mld as embed_lead with:
    input:
        **DATA,
        text=rules.encode_text.output.text,
        matcher=rules.train_matcher.output.weights,
        vae=rules.train_vae.output.weights,
        denoiser=rules.train_denoiser.output.weights,
        projector=rules.train_projector.output.weights,
    output:
        embeddings=f"{RESULTS}/systems/{{projector}}/embeddings.safetensors",
    params:
        stage="lead.evaluation.embed:embed_generated",
        settings=lambda wildcards: settings(
            "dataset", "text", "matcher", "vae", "diffusion", "denoiser", "evaluation"
        )
        | projector(wildcards.projector),
        code=code("lead.evaluation.embed:embed_generated"),
    log:
        f"{RESULTS}/logs/embed_{{projector}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/embed_{{projector}}.tsv"
    message:
        announce("Generating with {wildcards.projector}, {params.settings[evaluation][repeats]} times.", gpu=True)


rule embed_external:
    input:
        unpack(motions),
        **DATA,
        text=rules.encode_text.output.text,
        matcher=rules.train_matcher.output.weights,
    output:
        embeddings=f"{RESULTS}/systems/{{external}}/embeddings.safetensors",
    params:
        stage="lead.evaluation.external:embed_external",
        settings=lambda wildcards: settings("dataset", "matcher", "evaluation")
        | external(wildcards.external),
        code=code("lead.evaluation.external:embed_external"),
        files=lambda wildcards: state_of_files(STUDY.external[wildcards.external].path),
    log:
        f"{RESULTS}/logs/embed_{{external}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/embed_{{external}}.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=6000,
        runtime=240,
        gpu=1,
    message:
        announce("Embedding the motions of {wildcards.external}.", gpu=True)
    script:
        "../scripts/stage.py"


rule measure_external:
    input:
        real=rules.embed_real.output.embeddings,
        embeddings=rules.embed_external.output.embeddings,
    output:
        metrics=f"{RESULTS}/systems/{{external}}/metrics.parquet",
    params:
        stage="lead.evaluation.external:measure_external",
        settings=lambda wildcards: settings("evaluation") | {"system": wildcards.external},
        code=code("lead.evaluation.external:measure_external"),
    log:
        f"{RESULTS}/logs/metrics_{{external}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/metrics_{{external}}.tsv"
    resources:
        mem_mb=2000,
        runtime=60,
    message:
        announce("Metrics of {wildcards.external}.")
    script:
        "../scripts/stage.py"


rule compute_metrics:
    input:
        real=rules.embed_real.output.embeddings,
        embeddings=f"{RESULTS}/systems/{{system}}/embeddings.safetensors",
    output:
        metrics=f"{RESULTS}/systems/{{system}}/metrics.parquet",
    params:
        stage="lead.evaluation.score:compute_metrics",
        settings=lambda wildcards: settings("evaluation") | {"system": wildcards.system},
        code=code("lead.evaluation.score:compute_metrics"),
    log:
        f"{RESULTS}/logs/metrics_{{system}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/metrics_{{system}}.tsv"
    resources:
        mem_mb=2000,
        runtime=60,
    message:
        announce("Metrics of {wildcards.system}.")
    script:
        "../scripts/stage.py"
