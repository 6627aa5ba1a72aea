"""MotionLCM: the denoiser distilled to a few steps, with a teacher of its own or the study's."""

STUDENT = f"{RESULTS}/models/consistency/student.safetensors"
# What teacher and student read of a caption, where that is not the study's own text.
CONDITION = {}

if STUDY.consistency is not None:
    _SOURCE, _TEACHER = STUDY.consistency.source.kind, STUDY.consistency.teacher

    if _TEACHER is not None:

        use rule encode_text as encode_teacher_text with:
            output:
                text=f"{RESULTS}/text/teacher.safetensors",
            params:
                stage="lead.text.stages:encode_text",
                settings=settings() | {"text": _SETTINGS["consistency"]["teacher"]["text"]},
                code=code("lead.text.stages:encode_text"),
            log:
                f"{RESULTS}/logs/encode_teacher_text.log",
            benchmark:
                f"{RESULTS}/benchmarks/encode_teacher_text.tsv"
            message:
                announce("Captions to the teacher's text ({params.settings[text][kind]}).")

        CONDITION = {"condition": rules.encode_teacher_text.output.text}

    TEACHER = (
        NETWORKS["denoiser"]
        if _TEACHER is None
        else f"{RESULTS}/models/consistency/teacher.safetensors"
    )
    _TEXT = CONDITION.get("condition", rules.encode_text.output.text)

    if _TEACHER is not None and _SOURCE == "train":

        rule train_teacher:
            input:
                index=DATA["index"],
                text=_TEXT,
                latents=rules.encode_latents.output.latents,
            output:
                weights=TEACHER,
                history=f"{RESULTS}/models/consistency/teacher_history.parquet",
            params:
                stage="lead.training.denoiser:train_denoiser",
                settings=settings("validation", "vae", "diffusion", "machine")
                | _SETTINGS["consistency"]["teacher"],
                code=code("lead.training.denoiser:train_denoiser"),
                state=state("teacher"),
                events=events("teacher"),
            log:
                f"{RESULTS}/logs/train_teacher.log",
            benchmark:
                f"{RESULTS}/benchmarks/train_teacher.tsv"
            threads: STUDY.machine.threads
            resources:
                mem_mb=4000,
                runtime=2880,
                gpu=STUDY.machine.processes,
            message:
                announce("MotionLCM's teacher: training a denoiser.", gpu=True)
            script:
                "../scripts/stage.py"

        HISTORIES["teacher"] = rules.train_teacher.output.history

    if _SOURCE == "train":

        rule train_consistency:
            input:
                index=DATA["index"],
                text=_TEXT,
                latents=rules.encode_latents.output.latents,
                teacher=TEACHER,
            output:
                weights=STUDENT,
                history=f"{RESULTS}/models/consistency/history.parquet",
            params:
                stage="lead.training.consistency:train_consistency",
                settings=settings("validation", "vae", "text", "diffusion", "denoiser", "machine")
                | distilling("steps"),
                code=code("lead.training.consistency:train_consistency"),
                state=state("consistency"),
                events=events("consistency"),
            log:
                f"{RESULTS}/logs/train_consistency.log",
            priority: LONGEST_WAY
            benchmark:
                f"{RESULTS}/benchmarks/train_consistency.tsv"
            threads: STUDY.machine.threads
            resources:
                mem_mb=4000,
                runtime=2880,
                gpu=STUDY.machine.processes,
            message:
                announce("MotionLCM: distilling the denoiser to a few steps.", gpu=True)
            script:
                "../scripts/stage.py"

        HISTORIES["consistency"] = rules.train_consistency.output.history

    else:

        rule import_consistency:
            input:
                vae=NETWORKS["vae"],
            output:
                weights=STUDENT,
            params:
                stage="lead.interop.mld_stages:import_consistency",
                settings=settings("dataset", "text", "diffusion", "denoiser")
                | distilling("steps"),
                code=code("lead.interop.mld_stages:import_consistency"),
            log:
                f"{RESULTS}/logs/import_consistency.log",
            benchmark:
                f"{RESULTS}/benchmarks/import_consistency.tsv"
            priority: 1
            resources:
                mem_mb=2000,
                runtime=10,
            message:
                announce("The published student, in place of a distilled one.")
            script:
                "../scripts/stage.py"
