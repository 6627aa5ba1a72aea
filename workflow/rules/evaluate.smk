"""Every system's motions as embeddings of the matcher, then the metrics of those."""


def judging():
    """The settings that every embedding depends on."""
    return settings("dataset", "evaluator", "matcher") | PROTOCOL


def measuring():
    """The settings that metrics depend on: over how many jobs motions were spread is none."""
    own = STUDY.evaluation.model_copy(update={"jobs": 1})
    return settings() | {"evaluation": own.model_dump(mode="json")}


def generating():
    """The settings that a generated system depends on, apart from its projector."""
    return settings("text", "vae", "diffusion", "denoiser") | judging()


rule train_action_classifier:
    input:
        frames=DATA["frames"],
        index=DATA["index"],
    output:
        classifier=JUDGE["actions"],
    params:
        stage="lead.evaluation.action_classifier:train_action_classifier",
        settings=settings("dataset"),
        code=code("lead.evaluation.action_classifier:train_action_classifier"),
    log:
        f"{RESULTS}/logs/train_action_classifier.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_action_classifier.tsv"
    resources:
        mem_mb=2000,
        runtime=30,
    message:
        announce("Fitting a classifier of actions to the real training clips.")
    script:
        "../scripts/stage.py"


rule embed_real:
    input:
        **DATA,
        **JUDGE,
        text=rules.encode_text.output.text,
    output:
        embeddings=f"{RESULTS}/systems/real/embeddings/{{batch}}.safetensors",
    params:
        stage="lead.evaluation.embed:embed_real",
        settings=lambda wildcards: judging() | repeats(wildcards),
        code=code("lead.evaluation.embed:embed_real"),
        state=lambda wildcards: state(f"embed_real_{wildcards.batch}"),
    log:
        f"{RESULTS}/logs/embed_real_{{batch}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/embed_real_{{batch}}.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=4000,
        runtime=120,
        gpu=1,
    message:
        announce("Embedding the real test motions, repeats {wildcards.batch}.", gpu=True)
    script:
        "../scripts/stage.py"


rule embed_mld:
    input:
        **DATA,
        **JUDGE,
        text=rules.encode_text.output.text,
        vae=NETWORKS["vae"],
        denoiser=NETWORKS["denoiser"],
    output:
        embeddings=f"{RESULTS}/systems/mld/embeddings/{{batch}}.safetensors",
    params:
        stage="lead.evaluation.embed:embed_generated",
        settings=lambda wildcards: generating() | repeats(wildcards),
        code=code("lead.evaluation.embed:embed_generated"),
        state=lambda wildcards: state(f"embed_mld_{wildcards.batch}"),
    log:
        f"{RESULTS}/logs/embed_mld_{{batch}}.log",
    priority: LONG_JOBS
    benchmark:
        f"{RESULTS}/benchmarks/embed_mld_{{batch}}.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=4000,
        runtime=480,
        gpu=1,
    message:
        announce("Generating with mld, repeats {wildcards.batch}.", gpu=True)
    script:
        "../scripts/stage.py"


use rule embed_mld as embed_lead with:
    input:
        **DATA,
        **JUDGE,
        text=rules.encode_text.output.text,
        vae=NETWORKS["vae"],
        denoiser=NETWORKS["denoiser"],
        projector=rules.train_projector.output.weights,
    output:
        embeddings=f"{RESULTS}/systems/{{projector}}/embeddings/{{batch}}.safetensors",
    params:
        stage="lead.evaluation.embed:embed_generated",
        settings=lambda wildcards: generating()
        | repeats(wildcards)
        | projector(wildcards.projector),
        code=code("lead.evaluation.embed:embed_generated"),
        state=lambda wildcards: state(f"embed_{wildcards.projector}_{wildcards.batch}"),
    log:
        f"{RESULTS}/logs/embed_{{projector}}_{{batch}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/embed_{{projector}}_{{batch}}.tsv"
    message:
        announce("Generating with {wildcards.projector}, repeats {wildcards.batch}.", gpu=True)


rule embed_external:
    input:
        unpack(motions),
        **DATA,
        **JUDGE,
        text=rules.encode_text.output.text,
    output:
        embeddings=f"{RESULTS}/systems/{{external}}/embeddings/all.safetensors",
    params:
        stage="lead.evaluation.external:embed_external",
        settings=lambda wildcards: judging() | external(wildcards.external),
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


rule compute_metrics:
    input:
        real=embeddings("real"),
        embeddings=lambda wildcards: embeddings(wildcards.system),
    output:
        metrics=f"{RESULTS}/systems/{{system}}/metrics.parquet",
    params:
        stage="lead.evaluation.score:compute_metrics",
        settings=lambda wildcards: measuring() | {"system": wildcards.system},
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
