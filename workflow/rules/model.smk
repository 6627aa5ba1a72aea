"""A model directory that stands on its own, its card, and the package's own model."""

# The systems that the card of the model states metrics of.
CARD = [SYSTEMS[name] for name in ("real", "mld", "lead")]
# The model that the package brings along; `config/bundled.yaml` is its study.
BUNDLED = "lead/bundled"


rule assemble_model:
    input:
        **projector_file("lead"),
        **NETWORKS,
        index=DATA["index"],
        stats=DATA["stats"],
        text=rules.encode_text.output.text,
    output:
        description=f"{RESULTS}/model/model.json",
        stats=f"{RESULTS}/model/stats.npz",
        condition=f"{RESULTS}/model/condition.npz",
        vae=f"{RESULTS}/model/vae.safetensors",
        denoiser=f"{RESULTS}/model/denoiser.safetensors",
        projector=f"{RESULTS}/model/projector.safetensors",
        taught=f"{RESULTS}/model/taught.safetensors",
    log:
        f"{RESULTS}/logs/assemble_model.log",
    benchmark:
        f"{RESULTS}/benchmarks/assemble_model.tsv"
    resources:
        **needs(mem_mb=2000, runtime=10),
    params:
        **stage("lead.training.assemble:assemble_model"),
        settings=settings("name", "description", "dataset", "text", "vae", "diffusion", "denoiser")
        | {"evaluation": STUDY.evaluation.model_dump(include={"sampling_steps", "guidance"})}
        | projector("lead"),
    message:
        announce("Putting the model directory together.")
    script:
        "../scripts/stage.py"


rule model_card:
    input:
        index=DATA["index"],
        vae=rules.assemble_model.output.vae,
        denoiser=rules.assemble_model.output.denoiser,
        projector=rules.assemble_model.output.projector,
        metrics=metrics(STUDY, CARD),
    output:
        card=f"{RESULTS}/model/README.md",
    log:
        f"{RESULTS}/logs/model_card.log",
    benchmark:
        f"{RESULTS}/benchmarks/model_card.tsv"
    resources:
        **needs(mem_mb=1000, runtime=10),
    params:
        **stage("lead.report.card:model_card"),
        settings=settings(
            "name", "description", "footnote", "dataset", "evaluator", "text", "vae", "denoiser"
        )
        | projector("lead")
        | {"rows": [vars(row) for row in CARD]},
    message:
        announce("The card of the model: data, licences, metrics, uses.")
    script:
        "../scripts/stage.py"


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
    log:
        f"{RESULTS}/logs/bundle_model.log",
    benchmark:
        f"{RESULTS}/benchmarks/bundle_model.tsv"
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=2000, runtime=10),
    params:
        **stage("lead.report.bundle:bundle_model"),
        settings=settings("name", "dataset"),
    message:
        announce("Packing the model for the package.")
    script:
        "../scripts/stage.py"
