"""Raw motion to joints, joints to features; an audit on the way. No torch in these jobs."""

# Processes that read files, as many as there are cores for; no byte depends on their number.
READERS = 8

AUDIT = {
    "audit": f"{RESULTS}/audit.parquet",
    "page": report(
        f"{RESULTS}/audit.html",
        caption="../report/audit.rst",
        category="Data",
        labels={"page": "audit of the data", "study": STUDY.name},
    ),
}

if STUDY.has_published_features:

    rule import_features:
        output:
            **DATA,
            **AUDIT,
        log:
            f"{RESULTS}/logs/import_features.log",
        benchmark:
            f"{RESULTS}/benchmarks/import_features.tsv"
        threads: READERS
        resources:
            **needs(mem_mb=4000, runtime=60),
        params:
            **stage("lead.datasets.stages:import_features"),
            settings=settings("dataset"),
            state=state("import_features"),
        message:
            announce("Reading published features and captions.")
        script:
            "../scripts/stage.py"


if not STUDY.has_published_features:

    rule import_motion:
        output:
            **AUDIT,
            joints=f"{RESULTS}/joints/joints.npy",
            clips=f"{RESULTS}/joints/clips.parquet",
        log:
            f"{RESULTS}/logs/import_motion.log",
        benchmark:
            f"{RESULTS}/benchmarks/import_motion.tsv"
        threads: READERS
        resources:
            **needs(mem_mb=4000, runtime=60),
        params:
            **stage("lead.datasets.stages:import_motion"),
            settings=settings("dataset"),
            state=state("import_motion"),
        message:
            announce("Reading motion and captions.")
        script:
            "../scripts/stage.py"

    rule extract_features:
        input:
            joints=rules.import_motion.output.joints,
            clips=rules.import_motion.output.clips,
        output:
            **DATA,
        log:
            f"{RESULTS}/logs/extract_features.log",
        benchmark:
            f"{RESULTS}/benchmarks/extract_features.tsv"
        threads: READERS
        resources:
            **needs(mem_mb=4000, runtime=60),
        params:
            **stage("lead.datasets.stages:extract_features"),
            settings=settings("dataset"),
        message:
            announce("Joints to motion features.")
        script:
            "../scripts/stage.py"
