"""MotionLCM: the denoiser distilled to a few steps, with a teacher of its own or the study's."""

_STUDENT_SOURCE = STUDY.consistency.source.kind if STUDY.consistency else None
_TEACHER = STUDY.consistency.teacher if STUDY.consistency else None

STUDENT = "models/consistency/student.safetensors"
TEACHER = "models/consistency/teacher.safetensors" if _TEACHER else DENOISER
# What teacher and student read of a caption, where that is not the study's own text.
CONDITION = {"condition": f"{RESULTS}/text/teacher.safetensors"} if _TEACHER else {}
_TEXT = CONDITION.get("condition", rules.encode_text.output.text)

if _TEACHER is not None:

    use rule encode_text as encode_teacher_text with:
        output:
            text=f"{RESULTS}/text/teacher.safetensors",
        log:
            f"{RESULTS}/logs/encode_teacher_text.log",
        benchmark:
            f"{RESULTS}/benchmarks/encode_teacher_text.tsv"
        params:
            **stage("lead.text.stages:encode_text"),
            settings=settings() | {"text": _SETTINGS["consistency"]["teacher"]["text"]},
        message:
            announce("Captions to the teacher's text ({params.settings[text][kind]}).")


if _TEACHER is not None and _STUDENT_SOURCE == "train":
    HISTORIES["teacher"] = f"{RESULTS}/models/consistency/teacher_history.parquet"

    rule train_teacher:
        input:
            index=DATA["index"],
            text=_TEXT,
            latents=trained("vae", LATENTS),
        output:
            weights=f"{TRAINING}/{TEACHER}",
            history=f"{TRAINING}/models/consistency/teacher_history.parquet",
        log:
            f"{TRAINING}/logs/train_teacher.log",
        benchmark:
            f"{TRAINING}/benchmarks/train_teacher.tsv"
        threads: STUDY.machine.threads
        resources:
            **needs(mem_mb=4000, runtime=2880, gpu=STUDY.machine.processes),
        params:
            **stage("lead.training.denoiser:train_denoiser"),
            settings=lambda wildcards: seeded(
                wildcards, settings("validation", "vae", "diffusion", "machine")
            )
            | _SETTINGS["consistency"]["teacher"],
            state=lambda wildcards: state("teacher", wildcards.training),
            events=lambda wildcards: events("teacher", wildcards.training),
        message:
            announce("MotionLCM's teacher: training a denoiser.", gpu=STUDY.machine.processes)
        script:
            "../scripts/stage.py"


if _STUDENT_SOURCE == "train":
    HISTORIES["consistency"] = f"{RESULTS}/models/consistency/history.parquet"

    rule train_consistency:
        input:
            index=DATA["index"],
            text=_TEXT,
            latents=trained("vae", LATENTS),
            teacher=f"{TRAINING}/{TEACHER}",
        output:
            weights=f"{TRAINING}/{STUDENT}",
            history=f"{TRAINING}/models/consistency/history.parquet",
        log:
            f"{TRAINING}/logs/train_consistency.log",
        benchmark:
            f"{TRAINING}/benchmarks/train_consistency.tsv"
        priority: LONGEST_WAY
        threads: STUDY.machine.threads
        resources:
            **needs(mem_mb=4000, runtime=2880, gpu=STUDY.machine.processes),
        params:
            **stage("lead.training.consistency:train_consistency"),
            settings=lambda wildcards: seeded(
                wildcards,
                settings("validation", "vae", "text", "diffusion", "denoiser", "machine"),
            )
            | distilling("steps"),
            state=lambda wildcards: state("consistency", wildcards.training),
            events=lambda wildcards: events("consistency", wildcards.training),
        message:
            announce(
                "MotionLCM: distilling the denoiser to a few steps.", gpu=STUDY.machine.processes
            )
        script:
            "../scripts/stage.py"


if _STUDENT_SOURCE not in (None, "train"):

    rule import_consistency:
        input:
            vae=NETWORKS["vae"],
        output:
            weights=f"{RESULTS}/{STUDENT}",
        log:
            f"{RESULTS}/logs/import_consistency.log",
        benchmark:
            f"{RESULTS}/benchmarks/import_consistency.tsv"
        priority: 1
        resources:
            **needs(mem_mb=2000, runtime=10),
        params:
            **stage("lead.interop.mld_stages:import_consistency"),
            settings=settings("dataset", "text", "diffusion", "denoiser") | distilling("steps"),
        message:
            announce("The published student, in place of a distilled one.")
        script:
            "../scripts/stage.py"
