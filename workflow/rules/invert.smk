"""Motion textual inversion: a word for each of some test motions, and motions from these words."""

MTI = f"{RESULTS}/mti"


def loss_projector(wildcards):
    """The projector inside the objective, where there is one."""
    return projector_file(INVERTED[wildcards.inverted].loss_projector, wildcards.training)


def generation_projector(wildcards):
    """The projector that latents pass at generation, where there is one."""
    return projector_file(INVERTED[wildcards.inverted].projector, wildcards.training)


def words_of(wildcards):
    """The words of the same training that motions are generated from; none of bare descriptors."""
    name = INVERTED[wildcards.inverted].words
    path = f"{RESULTS}{wildcards.training}/mti/{name}/words.safetensors"
    return {"inverted": path} if name else {}


def optimising():
    """The settings that inverting any word depends on: how many, and which others, are none."""
    networks = settings("dataset", "text", "vae", "diffusion", "denoiser")
    own = {
        key: value for key, value in _SETTINGS["mti"].items() if key not in ("motions", "styles")
    }
    return networks | {"mti": own}


def inverting(wildcards):
    """The settings that the words of one inversion depend on."""
    system = INVERTED[wildcards.inverted]
    named = {"words": system.name, "objective": system.objective}
    return optimising() | projector(system.loss_projector) | named


def generating_from_words(wildcards):
    """The settings that motions from words depend on, apart from the words."""
    return generating(wildcards) | projector(INVERTED[wildcards.inverted].projector)


rule choose_motions:
    input:
        index=DATA["index"],
    output:
        motions=f"{MTI}/motions.parquet",
    log:
        f"{RESULTS}/logs/mti_choose.log",
    benchmark:
        f"{RESULTS}/benchmarks/mti_choose.tsv"
    resources:
        **needs(mem_mb=2000, runtime=10),
    params:
        **stage("lead.inversion.stages:choose_motions"),
        settings=settings("text") | {"motions": STUDY.mti.motions},
    message:
        announce("Choosing the test motions that words are inverted from.")
    script:
        "../scripts/stage.py"


rule invert:
    input:
        unpack(loss_projector),
        **DATA,
        text=rules.encode_text.output.text,
        vae=trained("vae", VAE),
        denoiser=trained("denoiser", DENOISER),
        motions=rules.choose_motions.output.motions,
    output:
        words=f"{TRAINING}/mti/{{inverted}}/words.safetensors",
        history=f"{TRAINING}/mti/{{inverted}}/history.parquet",
        fresh=f"{TRAINING}/mti/{{inverted}}/fresh.parquet",
    log:
        f"{TRAINING}/logs/mti_invert_{{inverted}}.log",
    benchmark:
        f"{TRAINING}/benchmarks/mti_invert_{{inverted}}.tsv"
    wildcard_constraints:
        inverted=one_of({system.words for system in INVERTED.values() if system.words}),
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=4000, runtime=240, gpu=1),
    params:
        **stage("lead.inversion.stages:invert_words"),
        settings=inverting,
        state=lambda wildcards: state(f"mti_{wildcards.inverted}", wildcards.training),
    message:
        announce("Inverting a word for each motion, objective {wildcards.inverted}.", gpu=1)
    script:
        "../scripts/stage.py"


rule embed_mti_real:
    input:
        unpack(evaluator_files),
        **DATA,
        **NETWORKS,
        text=rules.encode_text.output.text,
        motions=rules.choose_motions.output.motions,
    output:
        embeddings=f"{RESULTS}{{evaluator}}/mti/real/embeddings.safetensors",
    log:
        f"{RESULTS}{{evaluator}}/logs/mti_embed_real.log",
    benchmark:
        f"{RESULTS}{{evaluator}}/benchmarks/mti_embed_real.tsv"
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=4000, runtime=120, gpu=1),
    params:
        **stage("lead.inversion.stages:embed_real_of_words"),
        settings=generating,
        state=lambda wildcards: state("mti_embed_real", wildcards.evaluator),
    message:
        announce("Embedding the motions that words were inverted from.", gpu=1)
    script:
        "../scripts/stage.py"


rule embed_mti:
    input:
        unpack(generation_projector),
        unpack(words_of),
        unpack(evaluator_files),
        **DATA,
        text=rules.encode_text.output.text,
        vae=trained("vae", VAE),
        denoiser=trained("denoiser", DENOISER),
        motions=rules.choose_motions.output.motions,
    output:
        embeddings=f"{TRAINING}{{evaluator}}/mti/{{inverted}}/embeddings.safetensors",
    log:
        f"{TRAINING}{{evaluator}}/logs/mti_embed_{{inverted}}.log",
    benchmark:
        f"{TRAINING}{{evaluator}}/benchmarks/mti_embed_{{inverted}}.tsv"
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=4000, runtime=240, gpu=1),
    params:
        **stage("lead.inversion.stages:embed_inverted"),
        settings=generating_from_words,
        state=lambda wildcards: state(
            f"mti_embed_{wildcards.inverted}", wildcards.training + wildcards.evaluator
        ),
    message:
        announce("Generating from inverted words, system {wildcards.inverted}.", gpu=1)
    script:
        "../scripts/stage.py"
