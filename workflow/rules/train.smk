"""The matcher, then the three stages of LEAD, each on what the one before froze."""

# Who reads these need not know whether they are trained here or imported.
NETWORKS = {
    "vae": f"{RESULTS}/models/vae/vae.safetensors",
    "denoiser": f"{RESULTS}/models/denoiser/denoiser.safetensors",
}
# Of the networks that are trained here, for their curves.
HISTORIES = {}


rule train_movement:
    input:
        **DATA,
    output:
        weights=f"{RESULTS}/models/matcher/movement.safetensors",
        history=f"{RESULTS}/models/matcher/movement_history.parquet",
    log:
        f"{RESULTS}/logs/train_movement.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_movement.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=STUDY.machine.processes,
    params:
        **stage("lead.training.matcher:train_movement"),
        settings=settings("dataset", "matcher", "machine"),
        state=state("movement"),
        events=events("movement"),
    message:
        announce("Training the matcher's movement autoencoder.", gpu=True)
    script:
        "../scripts/stage.py"


rule train_matcher:
    input:
        **DATA,
        **(WORDS or {"text": rules.encode_text.output.text}),
        movement=rules.train_movement.output.weights,
    output:
        weights=f"{RESULTS}/models/matcher/matcher.safetensors",
        history=f"{RESULTS}/models/matcher/matcher_history.parquet",
    log:
        f"{RESULTS}/logs/train_matcher.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_matcher.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=4000,
        runtime=480,
        gpu=STUDY.machine.processes,
    params:
        **stage("lead.training.matcher:train_matcher"),
        settings=settings("dataset", "matcher", "machine"),
        state=state("matcher"),
        events=events("matcher"),
    message:
        announce("Training the matcher, which the metrics are computed with.", gpu=True)
    script:
        "../scripts/stage.py"


if STUDY.evaluator.kind == "trained":
    HISTORIES["movement"] = rules.train_movement.output.history
    HISTORIES["matcher"] = rules.train_matcher.output.history


if STUDY.vae.source.kind == "train":

    rule train_vae:
        input:
            **DATA,
        output:
            weights=NETWORKS["vae"],
            history=f"{RESULTS}/models/vae/history.parquet",
        log:
            f"{RESULTS}/logs/train_vae.log",
        benchmark:
            f"{RESULTS}/benchmarks/train_vae.tsv"
        priority: LONGEST_WAY
        threads: STUDY.machine.threads
        resources:
            mem_mb=8000,
            runtime=2880,
            gpu=STUDY.machine.processes,
        params:
            **stage("lead.training.vae:train_vae"),
            settings=settings("dataset", "validation", "vae", "machine"),
            state=state("vae"),
            events=events("vae"),
        message:
            announce("Stage 1: training the VAE.", gpu=True)
        script:
            "../scripts/stage.py"

    HISTORIES["vae"] = rules.train_vae.output.history


rule encode_latents:
    input:
        **DATA,
        vae=NETWORKS["vae"],
    output:
        latents=f"{RESULTS}/latents/latents.safetensors",
    log:
        f"{RESULTS}/logs/encode_latents.log",
    benchmark:
        f"{RESULTS}/benchmarks/encode_latents.tsv"
    priority: LONGEST_WAY
    threads: STUDY.machine.threads
    resources:
        mem_mb=4000,
        runtime=120,
        gpu=1,
    params:
        **stage("lead.training.latents:encode_latents"),
        settings=settings("dataset", "validation", "vae", "latents"),
    message:
        announce("Training clips to posteriors of the VAE.", gpu=True)
    script:
        "../scripts/stage.py"


if STUDY.denoiser.source.kind == "train":

    rule train_denoiser:
        input:
            index=DATA["index"],
            text=rules.encode_text.output.text,
            latents=rules.encode_latents.output.latents,
        output:
            weights=NETWORKS["denoiser"],
            history=f"{RESULTS}/models/denoiser/history.parquet",
        log:
            f"{RESULTS}/logs/train_denoiser.log",
        benchmark:
            f"{RESULTS}/benchmarks/train_denoiser.tsv"
        priority: LONGEST_WAY
        threads: STUDY.machine.threads
        resources:
            mem_mb=4000,
            runtime=2880,
            gpu=STUDY.machine.processes,
        params:
            **stage("lead.training.denoiser:train_denoiser"),
            settings=settings("validation", "vae", "text", "diffusion", "denoiser", "machine"),
            state=state("denoiser"),
            events=events("denoiser"),
        message:
            announce("Stage 2: training the denoiser.", gpu=True)
        script:
            "../scripts/stage.py"

    HISTORIES["denoiser"] = rules.train_denoiser.output.history


rule train_projector:
    input:
        index=DATA["index"],
        text=rules.encode_text.output.text,
        latents=rules.encode_latents.output.latents,
    output:
        weights=f"{RESULTS}/models/projectors/{{projector}}/projector.safetensors",
        history=f"{RESULTS}/models/projectors/{{projector}}/history.parquet",
    log:
        f"{RESULTS}/logs/train_projector_{{projector}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_projector_{{projector}}.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=4000,
        runtime=480,
        gpu=STUDY.machine.processes,
    params:
        **stage("lead.training.projector:train_projector"),
        settings=lambda wildcards: settings("validation", "vae", "text", "machine")
        | projector(wildcards.projector),
        state=lambda wildcards: state(f"projector_{wildcards.projector}"),
        events=lambda wildcards: events(f"projector_{wildcards.projector}"),
    message:
        announce("Stage 3: training the projector {wildcards.projector}.", gpu=True)
    script:
        "../scripts/stage.py"
