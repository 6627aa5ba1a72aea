"""Every system's motions as embeddings of the matcher, then the metrics of those."""

import sys

from lead.config.systems import REAL
from lead.config.trainings import trained_networks


def evaluating(wildcards=None):
    """The settings that every embedding of an evaluator depends on."""
    own = settings("dataset", "evaluator", "matcher") | evaluator_settings(wildcards)
    return own | PROTOCOL


def measuring():
    """The settings that metrics depend on: over how many jobs motions were spread is none."""
    own = STUDY.evaluation.model_copy(update={"jobs": 1})
    return settings() | {"evaluation": own.model_dump(mode="json")}


def generating(wildcards=None):
    """The settings that a generated system depends on, apart from its projector."""
    return settings("text", "vae", "diffusion", "denoiser") | evaluating(wildcards)


def networks_of(wildcards):
    """The networks that generate a system, and the text that a distilled denoiser reads."""
    system, networks = SYSTEMS[wildcards.generated], {"vae": trained("vae", VAE)(wildcards)}
    if system.denoiser != "distilled":
        networks |= {"denoiser": trained("denoiser", DENOISER)(wildcards)}
    elif _STUDENT_SOURCE == "train":
        networks |= {"denoiser": trained("denoiser", STUDENT)(wildcards), **CONDITION}
    else:
        networks |= {"denoiser": f"{RESULTS}/{STUDENT}", **CONDITION}
    if system.control:
        networks |= {"latents": trained("vae", LATENTS)(wildcards)}
    return networks | projector_file(system.projector, wildcards.training)


def generating_system(wildcards):
    """The settings that one batch of a system's repeats depends on."""
    system = SYSTEMS[wildcards.generated]
    own = generating(wildcards) | repeats(wildcards) | projector(system.projector)
    own |= {"control": system.control} if system.control else {}
    return own | distilling("steps") | {"steps": system.steps} if system.steps else own


def measured_files(wildcards):
    """The embeddings of a folder of metrics and of the real motions; of words also all real ones.

    Both are those of the training, apart from Real, which no network makes.
    """
    kind, name = wildcards.measured.split("/")
    by = wildcards.evaluator
    training = folder_of(training_of(wildcards)) + by
    if kind == "systems":
        return {"real": embeddings("real", by), "embeddings": embeddings(name, training)}
    own = f"{RESULTS}{training}/mti/{name}/embeddings.safetensors"
    real = f"{RESULTS}{by}/mti/real/embeddings.safetensors"
    return {"real": real, "embeddings": own, "full": embeddings("real", by)}


def refuse_system(wildcards):
    """End with a line that names the settings systems come from, and no exception."""
    sys.exit(
        f"Study {STUDY.name} has no system {wildcards.unknown}; it has {', '.join(SYSTEMS)}. "
        "MotionLCM's are those of `consistency.steps`, others of `controls`, `projectors` and `external`."
    )


rule unknown_system:
    input:
        refuse_system,
    output:
        f"{RESULTS}/systems/{{unknown}}/{{file}}",


# Where networks are trained several times, the metrics of each training lie in its folder, those of the
# first too; all of them together lie where a single training has its own.
SEVERAL = STUDY.trainings.number > 1
_OWN_FOLDER = TRAINING if SEVERAL else RESULTS


def system_of(wildcards):
    """The system whose metrics a folder holds."""
    kind, name = wildcards.measured.split("/")
    return {"real": REAL, **(SYSTEMS if kind == "systems" else INVERTED)}[name]


def finished_trainings(wildcards):
    """The numbers of a system's trainings: of those that are finished, if others may be missing."""
    asked = range(1, STUDY.trainings.of_system(system_of(wildcards)) + 1)
    finished = [number for number in asked if Path(of_training(wildcards, number)).is_file()]
    return (STUDY.allow_missing and finished) or [*asked]


def of_training(wildcards, number):
    """The metrics of one training of a system."""
    label = STUDY.trainings.label(number)
    folder = f"{RESULTS}/trainings/{label}{evaluator_of(wildcards)}"
    return f"{folder}/{wildcards.measured}/{wildcards.metrics}.parquet"


def gathering(wildcards):
    """The settings that the metrics of several trainings depend on."""
    system, own = system_of(wildcards), {"numbers": finished_trainings(wildcards)}
    own |= {"networks": trained_networks(system), "of": STUDY.trainings.of_system(system)}
    return settings("trainings") | own


rule train_action_classifier:
    input:
        frames=DATA["frames"],
        index=DATA["index"],
    output:
        classifier=EVALUATOR["actions"],
    log:
        f"{RESULTS}/logs/train_action_classifier.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_action_classifier.tsv"
    resources:
        **needs(mem_mb=2000, runtime=30),
    params:
        **stage("lead.evaluation.actions:train_action_classifier"),
        settings=settings("dataset"),
    message:
        announce("Fitting a classifier of actions to the real training clips.")
    script:
        "../scripts/stage.py"


rule embed_real:
    input:
        unpack(evaluator_files),
        **DATA,
        text=rules.encode_text.output.text,
    output:
        embeddings=f"{RESULTS}{{evaluator}}/systems/real/embeddings/{{batch}}.safetensors",
    log:
        f"{RESULTS}{{evaluator}}/logs/embed_real_{{batch}}.log",
    benchmark:
        f"{RESULTS}{{evaluator}}/benchmarks/embed_real_{{batch}}.tsv"
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=4000, runtime=120, gpu=1),
    params:
        **stage("lead.evaluation.embed:embed_real"),
        settings=lambda wildcards: evaluating(wildcards) | REAL_PROTOCOL | repeats(wildcards),
        state=lambda wildcards: state(f"embed_real_{wildcards.batch}", wildcards.evaluator),
    message:
        announce("Embedding the real test motions, repeats {wildcards.batch}.", gpu=1)
    script:
        "../scripts/stage.py"


rule embed_generated:
    input:
        unpack(networks_of),
        unpack(evaluator_files),
        **DATA,
        text=rules.encode_text.output.text,
    output:
        embeddings=f"{TRAINING}{{evaluator}}/systems/{{generated}}/embeddings/{{batch}}.safetensors",
    log:
        f"{TRAINING}{{evaluator}}/logs/embed_{{generated}}_{{batch}}.log",
    benchmark:
        f"{TRAINING}{{evaluator}}/benchmarks/embed_{{generated}}_{{batch}}.tsv"
    priority: LONG_JOBS
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=4000, runtime=480, gpu=1),
    params:
        **stage("lead.evaluation.embed:embed_generated"),
        settings=generating_system,
        state=lambda wildcards: state(
            f"embed_{wildcards.generated}_{wildcards.batch}",
            wildcards.training + wildcards.evaluator,
        ),
    message:
        announce("Generating with {wildcards.generated}, repeats {wildcards.batch}.", gpu=1)
    script:
        "../scripts/stage.py"


rule embed_external:
    input:
        unpack(motions),
        unpack(evaluator_files),
        **DATA,
        text=rules.encode_text.output.text,
    output:
        embeddings=f"{RESULTS}{{evaluator}}/systems/{{external}}/embeddings/all.safetensors",
    log:
        f"{RESULTS}{{evaluator}}/logs/embed_{{external}}.log",
    benchmark:
        f"{RESULTS}{{evaluator}}/benchmarks/embed_{{external}}.tsv"
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=6000, runtime=240, gpu=1),
    params:
        **stage("lead.evaluation.predictions.embed:embed_external"),
        settings=lambda wildcards: evaluating(wildcards) | external(wildcards.external),
        files=lambda wildcards: state_of_files(STUDY.external[wildcards.external].path),
    message:
        announce("Embedding the motions of {wildcards.external}.", gpu=1)
    script:
        "../scripts/stage.py"


rule time_systems:
    input:
        **{name: DATA[name] for name in ("frames", "index")},
        **projector_file("lead"),
        **({"student": f"{RESULTS}/{STUDENT}", **CONDITION} if STUDY.consistency else {}),
        **NETWORKS,
        text=rules.encode_text.output.text,
    output:
        metrics=f"{RESULTS}/timing.parquet",
    log:
        f"{RESULTS}/logs/time_systems.log",
    benchmark:
        f"{RESULTS}/benchmarks/time_systems.tsv"
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=4000, runtime=240, gpu=1),
    params:
        **stage("lead.evaluation.timing:time_systems"),
        settings=settings("text", "diffusion", "consistency", "timing")
        | PROTOCOL
        | projector("lead")
        | {"rows": [vars(row) for row in STUDY.rows("timing")]},
    message:
        announce("Seconds per prompt of every system, in turn.", gpu=1)
    script:
        "../scripts/stage.py"


rule compute_metrics:
    input:
        unpack(measured_files),
    output:
        metrics=f"{_OWN_FOLDER}{{evaluator}}/{{measured}}/metrics.parquet",
    log:
        f"{_OWN_FOLDER}{{evaluator}}/logs/metrics/{{measured}}.log",
    benchmark:
        f"{_OWN_FOLDER}{{evaluator}}/benchmarks/metrics/{{measured}}.tsv"
    wildcard_constraints:
        training=r"/trainings/[\d.]+",
    resources:
        **needs(mem_mb=2000, runtime=60),
    params:
        **stage("lead.evaluation.score:compute_metrics"),
        settings=lambda wildcards: measuring() | {"system": Path(wildcards.measured).name},
    message:
        announce("Metrics of {wildcards.measured}.")
    script:
        "../scripts/stage.py"


rule physical_metrics:
    input:
        real=embeddings("real"),
        embeddings=lambda wildcards: embeddings(wildcards.system, folder_of(training_of(wildcards))),
    output:
        metrics=f"{_OWN_FOLDER}/systems/{{system}}/physical.parquet",
    log:
        f"{_OWN_FOLDER}/logs/physical_{{system}}.log",
    benchmark:
        f"{_OWN_FOLDER}/benchmarks/physical_{{system}}.tsv"
    wildcard_constraints:
        training=r"/trainings/[\d.]+",
    resources:
        **needs(mem_mb=1000, runtime=10),
    params:
        **stage("lead.evaluation.physical_score:physical_metrics"),
        settings=lambda wildcards: settings() | {"system": wildcards.system},
    message:
        announce("Physical metrics of {wildcards.system}.")
    script:
        "../scripts/stage.py"


if SEVERAL:

    rule gather_trainings:
        input:
            metrics=lambda wildcards: [
                of_training(wildcards, number) for number in finished_trainings(wildcards)
            ],
        output:
            metrics=f"{RESULTS}{{evaluator}}/{{measured}}/{{metrics}}.parquet",
        log:
            f"{RESULTS}{{evaluator}}/logs/gather_{{metrics}}/{{measured}}.log",
        benchmark:
            f"{RESULTS}{{evaluator}}/benchmarks/gather_{{metrics}}/{{measured}}.tsv"
        wildcard_constraints:
            metrics="metrics|physical",
        resources:
            **needs(mem_mb=1000, runtime=10),
        params:
            **stage("lead.evaluation.trainings:gather_trainings"),
            settings=gathering,
        message:
            announce("The trainings of {wildcards.measured}, side by side.")
        script:
            "../scripts/stage.py"
