"""The published evaluator in place of one that is trained here."""


if STUDY.evaluator.kind == "t2m":

    rule import_evaluator:
        input:
            stats=DATA["stats"],
        output:
            weights=EVALUATOR["matcher"],
            statistics=EVALUATOR["matcher_stats"],
        params:
            stage="lead.interop.t2m_evaluator:import_evaluator",
            settings=settings("dataset", "evaluator"),
            code=code("lead.interop.t2m_evaluator:import_evaluator"),
        log:
            f"{RESULTS}/logs/import_evaluator.log",
        benchmark:
            f"{RESULTS}/benchmarks/import_evaluator.tsv"
        # A missing or wrong release is told at once, not after networks have trained.
        priority: 1
        resources:
            mem_mb=2000,
            runtime=10,
        message:
            announce("The published evaluator, with the statistics it was trained on.")
        script:
            "../scripts/stage.py"
