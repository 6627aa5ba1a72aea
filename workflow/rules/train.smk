"""The matcher, then the three stages of LEAD, each on what the one before froze."""

VAE, DENOISER = "models/vae/vae.safetensors", "models/denoiser/denoiser.safetensors"
LATENTS = "latents/latents.safetensors"
# Those of the first training. Who reads these need not know whether they are trained here or
# imported.
NETWORKS = {
    "vae": f"{RESULTS}/{VAE}",
    "denoiser": f"{RESULTS}/{DENOISER}",
}
# Of the networks that are trained here, for their curves.
HISTORIES = {}


def training_evaluator(wildcards):
    """The settings that an evaluator is trained with: others than the study's own have a seed of
    their own, so that the same settings give another training."""
    own = settings("dataset", "matcher", "machine") | {
        "matcher": evaluator_settings(wildcards)["matcher"]
    }
    name = Path(wildcards.evaluator).name
    return own | ({"seed": Seeds(STUDY.seed).child("evaluator", name).value} if name else {})


def training_movement(wildcards):
    """The same for the movement autoencoder, which comes before captions are matched."""
    own = training_evaluator(wildcards)
    later = ("margin", "negatives", "boundary")
    kept = {name: value for name, value in own["matcher"].items() if name not in later}
    return own | {"matcher": kept | {"matching": kept["movement"]}}


def matcher_words(wildcards):
    """What the captions of an evaluator are read from."""
    if EVALUATORS[wildcards.evaluator].evaluator.words == "glove":
        return WORDS
    return {"text": rules.encode_text.output.text}


rule train_movement:
    input:
        **DATA,
    output:
        weights=f"{RESULTS}{{evaluator}}/models/matcher/movement.safetensors",
        history=f"{RESULTS}{{evaluator}}/models/matcher/movement_history.parquet",
    log:
        f"{RESULTS}{{evaluator}}/logs/train_movement.log",
    benchmark:
        f"{RESULTS}{{evaluator}}/benchmarks/train_movement.tsv"
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=4000, runtime=240, gpu=STUDY.machine.processes),
    params:
        **stage("lead.training.matcher:train_movement"),
        settings=training_movement,
        state=lambda wildcards: state("movement", wildcards.evaluator),
        events=lambda wildcards: events("movement", wildcards.evaluator),
    message:
        announce("Training the matcher's movement autoencoder.", gpu=STUDY.machine.processes)
    script:
        "../scripts/stage.py"


rule train_matcher:
    input:
        unpack(matcher_words),
        **DATA,
        movement=rules.train_movement.output.weights,
    output:
        weights=f"{RESULTS}{{evaluator}}/models/matcher/matcher.safetensors",
        history=f"{RESULTS}{{evaluator}}/models/matcher/matcher_history.parquet",
    log:
        f"{RESULTS}{{evaluator}}/logs/train_matcher.log",
    benchmark:
        f"{RESULTS}{{evaluator}}/benchmarks/train_matcher.tsv"
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=4000, runtime=480, gpu=STUDY.machine.processes),
    params:
        **stage("lead.training.matcher:train_matcher"),
        settings=training_evaluator,
        state=lambda wildcards: state("matcher", wildcards.evaluator),
        events=lambda wildcards: events("matcher", wildcards.evaluator),
    message:
        announce(
            "Training the matcher, which the metrics are computed with.",
            gpu=STUDY.machine.processes,
        )
    script:
        "../scripts/stage.py"


if STUDY.evaluator.kind == "trained":
    HISTORIES["movement"] = f"{RESULTS}/models/matcher/movement_history.parquet"
    HISTORIES["matcher"] = f"{RESULTS}/models/matcher/matcher_history.parquet"


if STUDY.vae.source.kind == "train":

    rule train_vae:
        input:
            **DATA,
        output:
            weights=f"{TRAINING}/{VAE}",
            history=f"{TRAINING}/models/vae/history.parquet",
        log:
            f"{TRAINING}/logs/train_vae.log",
        benchmark:
            f"{TRAINING}/benchmarks/train_vae.tsv"
        priority: LONGEST_WAY
        threads: STUDY.machine.threads
        resources:
            **needs(mem_mb=8000, runtime=2880, gpu=STUDY.machine.processes),
        params:
            **stage("lead.training.vae:train_vae"),
            settings=lambda wildcards: seeded(
                wildcards, settings("dataset", "validation", "vae", "machine")
            ),
            state=lambda wildcards: state("vae", wildcards.training),
            events=lambda wildcards: events("vae", wildcards.training),
        message:
            announce("Stage 1: training the VAE.", gpu=STUDY.machine.processes)
        script:
            "../scripts/stage.py"

    HISTORIES["vae"] = f"{RESULTS}/models/vae/history.parquet"


rule encode_latents:
    input:
        **DATA,
        vae=f"{TRAINING}/{VAE}",
    output:
        latents=f"{TRAINING}/{LATENTS}",
    log:
        f"{TRAINING}/logs/encode_latents.log",
    benchmark:
        f"{TRAINING}/benchmarks/encode_latents.tsv"
    priority: LONGEST_WAY
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=4000, runtime=120, gpu=1),
    params:
        **stage("lead.training.latents:encode_latents"),
        settings=lambda wildcards: seeded(
            wildcards, settings("dataset", "validation", "vae", "latents")
        ),
    message:
        announce("Training clips to posteriors of the VAE.", gpu=1)
    script:
        "../scripts/stage.py"


if STUDY.denoiser.source.kind == "train":

    rule train_denoiser:
        input:
            index=DATA["index"],
            text=rules.encode_text.output.text,
            latents=trained("vae", LATENTS),
        output:
            weights=f"{TRAINING}/{DENOISER}",
            history=f"{TRAINING}/models/denoiser/history.parquet",
        log:
            f"{TRAINING}/logs/train_denoiser.log",
        benchmark:
            f"{TRAINING}/benchmarks/train_denoiser.tsv"
        priority: LONGEST_WAY
        threads: STUDY.machine.threads
        resources:
            **needs(mem_mb=4000, runtime=2880, gpu=STUDY.machine.processes),
        params:
            **stage("lead.training.denoiser:train_denoiser"),
            settings=lambda wildcards: seeded(
                wildcards,
                settings("validation", "vae", "text", "diffusion", "denoiser", "machine"),
            ),
            state=lambda wildcards: state("denoiser", wildcards.training),
            events=lambda wildcards: events("denoiser", wildcards.training),
        message:
            announce("Stage 2: training the denoiser.", gpu=STUDY.machine.processes)
        script:
            "../scripts/stage.py"

    HISTORIES["denoiser"] = f"{RESULTS}/models/denoiser/history.parquet"


def norm_of(wildcards):
    """The projector whose norm another one has, where a rule decides on it."""
    least = STUDY.projectors[wildcards.projector].pre_norm_below
    follows = least is not None and wildcards.projector != "lead" and "lead" in STUDY.projectors
    return projector_file("lead" if follows else None, wildcards.training)


rule train_projector:
    input:
        unpack(norm_of),
        index=DATA["index"],
        text=rules.encode_text.output.text,
        latents=trained("vae", LATENTS),
    output:
        weights=f"{TRAINING}/models/projectors/{{projector}}/projector.safetensors",
        history=f"{TRAINING}/models/projectors/{{projector}}/history.parquet",
    log:
        f"{TRAINING}/logs/train_projector_{{projector}}.log",
    benchmark:
        f"{TRAINING}/benchmarks/train_projector_{{projector}}.tsv"
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=4000, runtime=480, gpu=STUDY.machine.processes),
    params:
        **stage("lead.training.projector:train_projector"),
        settings=lambda wildcards: seeded(
            wildcards, settings("validation", "vae", "text", "machine")
        )
        | projector(wildcards.projector),
        state=lambda wildcards: state(f"projector_{wildcards.projector}", wildcards.training),
        events=lambda wildcards: events(f"projector_{wildcards.projector}", wildcards.training),
    message:
        announce(
            "Stage 3: training the projector {wildcards.projector}.", gpu=STUDY.machine.processes
        )
    script:
        "../scripts/stage.py"
