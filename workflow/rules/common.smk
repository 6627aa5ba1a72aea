"""The study, where its results lie, and what every rule says of its settings and code."""

import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

from lead.config.external import state_of_files
from lead.config.load import resolve_study
from lead.errors import LeadError
from lead.files.digest import code_digest
from lead.files.seeds import Seeds
from lead.progress import outlook

# experiments/ is no part of the package that is installed, and the tables are made without it.
REPOSITORY = Path(str(workflow.current_basedir)).resolve().parents[1]
sys.path.append(str(REPOSITORY))


def study_of(values):
    """The study that a configuration means."""
    try:
        return resolve_study(values)
    except LeadError as error:
        raise WorkflowError(str(error))


STUDY = study_of(config)

# Snakemake forgives an input that is missing where what was made of it is there.
if absent := STUDY.absent_external:
    raise WorkflowError(
        f"Motions of an external system are not here: {absent[0]}. Correct `external`, or take "
        "the system out."
    )

# The longest chain of a study runs through these rules: they start before whatever else is ready.
LONGEST_WAY = 10
# What is longest of the rest: left to the end, it would keep one core waiting for the other.
LONG_JOBS = 5

RESULTS = f"results/{STUDY.name}"
# Where a training of the networks lies: the first one where a single one would, others below
# trainings/<label>, the wildcard being empty or that.
TRAINING = f"{RESULTS}{{training}}"
LABELS = STUDY.trainings.labels
_SETTINGS = STUDY.model_dump(mode="json")
# A training that goes on may save more often than it began to: see workflow/scripts/stage.py.
del _SETTINGS["machine"]["save_every"]

DATA = {
    "frames": f"{RESULTS}/features/frames.npy",
    "index": f"{RESULTS}/features/index.parquet",
    "stats": f"{RESULTS}/features/stats.npz",
}
# The protocol as far as motions depend on it: what only metrics read reruns only them.
PROTOCOL = {"evaluation": STUDY.evaluation.for_embedding().model_dump(mode="json")}
REAL_PROTOCOL = {"evaluation": STUDY.evaluation.for_real().model_dump(mode="json")}
EVALUATORS = {one.folder: one for one in STUDY.every_evaluator.values()}


def evaluator_files(wildcards):
    """What one of the study's evaluators embeds motions and captions with."""
    files = EVALUATORS[evaluator_of(wildcards)].files | {
        "actions": "models/action_classifier.safetensors"
    }
    return {name: f"{RESULTS}/{file}" for name, file in files.items()}


def evaluator_of(wildcards=None):
    """The wildcard `evaluator`: empty for the study's own, for another /evaluators/<name>."""
    return getattr(wildcards, "evaluator", "")


EVALUATOR = evaluator_files(None)


def settings(*names):
    """Slices of the study that a rule depends on; a change in another reruns nothing here."""
    return {"seed": STUDY.seed, **{name: _SETTINGS[name] for name in names}}


def folder_of(training):
    """What the wildcard `training` is for a training, numbered from 1."""
    label = STUDY.trainings.label(training)
    return "" if training == 1 else f"/trainings/{label}"


def training_of(wildcards):
    """The number of a training, from 1; of the only one where paths have no such wildcard."""
    label = Path(getattr(wildcards, "training", "")).name or "1"
    if label not in LABELS:
        sys.exit(
            f"Study {STUDY.name} has no training {label}; it has {', '.join(LABELS)}. "
            "Ask for one of these, or raise `trainings`."
        )
    return LABELS[label]


def trained(network, file):
    """A file of the training of a network that a training of another stands on."""
    return lambda wildcards: (
        RESULTS + folder_of(STUDY.trainings.of(network, training_of(wildcards))) + f"/{file}"
    )


def seeded(wildcards, values):
    """The settings with the seed of a training: the first has the study's own."""
    number, seeds = training_of(wildcards), Seeds(STUDY.seed)
    own = seeds.child("training", STUDY.trainings.label(number)).value
    return values | ({"seed": own} if number > 1 else {})


def evaluator_settings(wildcards=None):
    """The settings of one of the study's evaluators."""
    one = EVALUATORS[evaluator_of(wildcards)]
    return {name: getattr(one, name).model_dump(mode="json") for name in ("evaluator", "matcher")}


def stage(entry):
    """The function that a rule runs, and a digest of it and of what it uses."""
    return {"stage": entry, "code": code_digest(entry)}


def one_of(names):
    """The pattern of a wildcard that is one of these names, or of none that fits anything."""
    return "|".join(names) or "(?!)"


def folders(names):
    """The pattern of a wildcard that is one of these, maybe only empty: Snakemake takes no empty
    pattern."""
    return f"({'|'.join(names)})"


def state(name, training=""):
    """Folder in which a stage of a training keeps what a killed run needs to go on."""
    return f"results/.state/{STUDY.name}{training}/{name}"


def events(name, training=""):
    """Folder in which TensorBoard may watch a training; nothing is made of it."""
    return f"{RESULTS}{training}/tensorboard/{name}"


def projector(name):
    """The settings of one projector variant alone; none where there is no projector."""
    return {"projector": _SETTINGS["projectors"][name]} if name else {}


def projector_file(name, training=""):
    """The input ``projector``; none where there is no projector."""
    path = f"{RESULTS}{training}/models/projectors/{name}/projector.safetensors"
    return {"projector": path} if name else {}


def distilling(*without):
    """The settings of the distilled denoiser, without those that a stage does not depend on."""
    own = _SETTINGS["consistency"]
    return {"consistency": {name: own[name] for name in own if name not in without}}


def external(name):
    """The settings of one external system alone."""
    return {"system": name, "external": _SETTINGS["external"][name]}


def repeats(wildcards):
    """The first repeat of a batch, and the one after its last."""
    first, last = map(int, wildcards.batch.split("-"))
    return {"repeats": [first, last + 1]}


def embeddings(system, training=""):
    """The stored embeddings of a system, one file a batch of repeats."""
    return [f"{RESULTS}{training}/{file}" for file in STUDY.embeddings(system)]


def motions(wildcards):
    """The files of one external system."""
    own = STUDY.external[wildcards.external]
    named = {"predictions": own.path} | ({"captions": own.captions} if own.captions else {})
    return {name: str(path) for name, path in named.items()}


SYSTEMS, INVERTED = STUDY.every_system, STUDY.inverted_systems
# Folders of metrics: of a system of the study, or of one of motion textual inversion.
MEASURED = [f"systems/{name}" for name in SYSTEMS]
MEASURED += [f"mti/{name}" for name in ("real", *INVERTED)]


wildcard_constraints:
    batch=r"\d+-\d+",
    evaluator=folders(EVALUATORS),
    external=one_of(STUDY.external),
    projector=one_of(STUDY.projectors),
    generated=one_of(name for name, system in SYSTEMS.items() if system.denoiser),
    inverted=one_of(INVERTED),
    measured=one_of(MEASURED),
    system=one_of(SYSTEMS),
    table=one_of(STUDY.tables),
    training=r"|/trainings/[\d.]+",
    unknown=f"(?!({one_of(SYSTEMS)})/)[^/]+",


def jobs_ahead(jobs):
    """Of every job: the training of a network that it is, if any; its threads; its benchmark."""
    for job in jobs:
        trains = job.rule.name in ("train_vae", "train_denoiser", "train_projector")
        yield training_of(job.wildcards) if trains else None, job.threads, job.benchmark


# Snakemake calls this neither in a dry run nor in the processes that run single jobs.
onstart:
    RUN.start(jobs_here=workflow.local_exec)
    if STUDY.trainings.number > 1:
        cores = workflow.resource_settings.cores if workflow.local_exec else None
        jobs = jobs_ahead(workflow.dag.needrun_jobs())
        print(outlook(STUDY.name, STUDY.trainings.number, jobs, cores), file=sys.stderr)
