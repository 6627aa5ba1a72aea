"""The model that the package brings along; `config/bundled.yaml` is its study."""

BUNDLED = "lead/bundled"


rule bundle_model:
    input:
        model=rules.assemble_model.output,
        card=rules.model_card.output.card,
    output:
        description=f"{BUNDLED}/model.json",
        stats=f"{BUNDLED}/stats.npz",
        condition=f"{BUNDLED}/condition.npz",
        vae=f"{BUNDLED}/vae.safetensors",
        denoiser=f"{BUNDLED}/denoiser.safetensors",
        projector=f"{BUNDLED}/projector.safetensors",
        taught=f"{BUNDLED}/taught.safetensors",
        card=f"{BUNDLED}/README.md",
        licences=f"{BUNDLED}/LICENCES.md",
        sums=f"{BUNDLED}/SHA256SUMS",
    params:
        stage="lead.report.bundle:bundle_model",
        settings=settings("name", "dataset"),
        code=code("lead.report.bundle:bundle_model"),
    log:
        f"{RESULTS}/logs/bundle_model.log",
    benchmark:
        f"{RESULTS}/benchmarks/bundle_model.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=2000,
        runtime=10,
    message:
        announce("Packing the model for the package.")
    script:
        "../scripts/stage.py"
