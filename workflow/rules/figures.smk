"""A model directory that stands on its own, and pictures of what it generates."""


rule assemble_model:
    input:
        index=DATA["index"],
        stats=DATA["stats"],
        text=rules.encode_text.output.text,
        vae=NETWORKS["vae"],
        denoiser=NETWORKS["denoiser"],
        projector=f"{RESULTS}/models/projectors/lead/projector.safetensors",
    output:
        description=f"{RESULTS}/model/model.json",
        stats=f"{RESULTS}/model/stats.npz",
        condition=f"{RESULTS}/model/condition.npz",
        vae=f"{RESULTS}/model/vae.safetensors",
        denoiser=f"{RESULTS}/model/denoiser.safetensors",
        projector=f"{RESULTS}/model/projector.safetensors",
        taught=f"{RESULTS}/model/taught.safetensors",
    params:
        stage="lead.training.assemble:assemble_model",
        settings=lambda wildcards: settings(
            "name", "description", "dataset", "text", "vae", "diffusion", "denoiser"
        )
        | PROTOCOL
        | projector("lead"),
        code=code("lead.training.assemble:assemble_model"),
    log:
        f"{RESULTS}/logs/assemble_model.log",
    benchmark:
        f"{RESULTS}/benchmarks/assemble_model.tsv"
    resources:
        mem_mb=2000,
        runtime=10,
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
        metrics=expand(
            f"{RESULTS}/systems/{{system}}/metrics.parquet", system=["real", "mld", "lead"]
        ),
    output:
        card=f"{RESULTS}/model/README.md",
    params:
        stage="lead.report.card:model_card",
        settings=lambda wildcards: settings(
            "name", "description", "footnote", "dataset", "evaluator", "text", "vae", "denoiser"
        )
        | projector("lead"),
        code=code("lead.report.card:model_card"),
    log:
        f"{RESULTS}/logs/model_card.log",
    benchmark:
        f"{RESULTS}/benchmarks/model_card.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        announce("The card of the model: data, licences, metrics, uses.")
    script:
        "../scripts/stage.py"


rule contact_sheet:
    input:
        frames=DATA["frames"],
        index=DATA["index"],
        model=rules.assemble_model.output,
    output:
        sheet=f"{RESULTS}/figures/contact_sheet.png",
        bvh=f"{RESULTS}/figures/sample.bvh",
    params:
        stage="lead.report.pictures:contact_sheet",
        settings=settings("dataset"),
        code=code("lead.report.pictures:contact_sheet"),
    log:
        f"{RESULTS}/logs/contact_sheet.log",
    benchmark:
        f"{RESULTS}/benchmarks/contact_sheet.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=4000,
        runtime=30,
    message:
        announce("Four captions, what lead makes of them, and the nearest training clips.")
    script:
        "../scripts/stage.py"


rule training_curves:
    input:
        **HISTORIES,
        projector=f"{RESULTS}/models/projectors/lead/history.parquet",
    output:
        pdf=f"{RESULTS}/figures/training.pdf",
        png=f"{RESULTS}/figures/training.png",
    params:
        stage="lead.report.curves:training_curves",
        settings=settings(),
        code=code("lead.report.curves:training_curves"),
    log:
        f"{RESULTS}/logs/training_curves.log",
    benchmark:
        f"{RESULTS}/benchmarks/training_curves.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        announce("Training curves of every stage.")
    script:
        "../scripts/stage.py"


rule latent_map:
    input:
        **DATA,
        text=rules.encode_text.output.text,
        vae=NETWORKS["vae"],
        projector=f"{RESULTS}/models/projectors/lead/projector.safetensors",
    output:
        pdf=f"{RESULTS}/figures/latents.pdf",
        png=f"{RESULTS}/figures/latents.png",
        numbers=f"{RESULTS}/figures/latents.parquet",
    params:
        stage="lead.report.latent_map:latent_map",
        settings=lambda wildcards: settings("dataset", "vae") | projector("lead"),
        code=code("lead.report.latent_map:latent_map"),
    log:
        f"{RESULTS}/logs/latent_map.log",
    benchmark:
        f"{RESULTS}/benchmarks/latent_map.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=2000,
        runtime=30,
    message:
        announce("Latents before and after realignment, as a map and as numbers.")
    script:
        "../scripts/stage.py"
