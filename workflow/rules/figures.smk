"""The paper's figures and others, each a target of its own: docs/figures.md lists them."""

from lead.config.evaluators import GUO2022

# What the paper printed, where the study has its data and evaluator: else it is no point of a figure.
_PAPERS = STUDY.evaluator.kind in GUO2022 and STUDY.dataset.kind in (
    "humanml3d",
    "humanml3d_raw",
    "kit",
    "kit_raw",
)


def printed(table):
    """The paper's numbers, where they are at hand."""
    path = Path(f"config/published/{table}.csv")
    return {"published": str(path)} if path.is_file() else {}


def motionclip():
    """The motions of MotionCLIP and what reads them, where the study has them."""
    own = STUDY.external.get("motionclip")
    return {} if own is None else {"predictions": str(own.path), **EVALUATOR}


def reading_motionclip():
    """The settings that MotionCLIP's motions depend on."""
    return evaluating() | external("motionclip") if "motionclip" in STUDY.external else {}


def picture(name, label):
    """A figure's PNG, which Snakemake's own report shows with its caption."""
    return report(
        f"{RESULTS}/figures/{name}.png",
        caption=f"../report/figures/{name}.rst",
        category="Figures",
        labels={"figure": label},
    )


rule overview:
    output:
        svg=f"{RESULTS}/figures/overview.svg",
        pdf=f"{RESULTS}/figures/overview.pdf",
        png=picture("overview", "the method"),
    log:
        f"{RESULTS}/logs/overview.log",
    benchmark:
        f"{RESULTS}/benchmarks/overview.tsv"
    resources:
        **needs(mem_mb=1000, runtime=10),
    params:
        **stage("lead.figures.overview:overview"),
        settings=settings("text", "vae", "diffusion", "denoiser") | PROTOCOL | projector("lead"),
    message:
        announce("The method at a glance (Fig. 1).")
    script:
        "../scripts/stage.py"


rule contact_sheet:
    input:
        frames=DATA["frames"],
        index=DATA["index"],
        model=rules.assemble_model.output,
    output:
        sheet=picture("contact_sheet", "captions and motions"),
        bvh=f"{RESULTS}/figures/sample.bvh",
    log:
        f"{RESULTS}/logs/contact_sheet.log",
    benchmark:
        f"{RESULTS}/benchmarks/contact_sheet.tsv"
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=4000, runtime=30),
    params:
        **stage("lead.figures.contact_sheet:contact_sheet"),
        settings=settings("dataset"),
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
        png=picture("training", "training losses"),
    log:
        f"{RESULTS}/logs/training_curves.log",
    benchmark:
        f"{RESULTS}/benchmarks/training_curves.tsv"
    resources:
        **needs(mem_mb=1000, runtime=10),
    params:
        **stage("lead.figures.curves:training_curves"),
        settings=settings(),
    message:
        announce("Training curves of every stage.")
    script:
        "../scripts/stage.py"


rule latent_map:
    input:
        **DATA,
        **projector_file("lead"),
        vae=NETWORKS["vae"],
    output:
        pdf=f"{RESULTS}/figures/latents.pdf",
        png=picture("latents", "latents by t-SNE"),
        numbers=f"{RESULTS}/figures/latents.parquet",
    log:
        f"{RESULTS}/logs/latent_map.log",
    benchmark:
        f"{RESULTS}/benchmarks/latent_map.tsv"
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=2000, runtime=30),
    params:
        **stage("lead.figures.latents:latent_map"),
        settings=settings(),
    message:
        announce("Latents before and after realignment, as a map and as numbers (Fig. 2).")
    script:
        "../scripts/stage.py"


rule realignment_change:
    input:
        **DATA,
        **projector_file("lead"),
        **NETWORKS,
        text=rules.encode_text.output.text,
    output:
        numbers=f"{RESULTS}/figures/change.parquet",
        pdf=f"{RESULTS}/figures/change.pdf",
        png=picture("change", "change by realignment"),
        strips_pdf=f"{RESULTS}/figures/realigned.pdf",
        strips_png=picture("realigned", "motions changed most"),
    log:
        f"{RESULTS}/logs/realignment_change.log",
    benchmark:
        f"{RESULTS}/benchmarks/realignment_change.tsv"
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=4000, runtime=120, gpu=1),
    params:
        **stage("lead.figures.realignment:realignment_change"),
        settings=settings("dataset", "text", "diffusion") | PROTOCOL,
    message:
        announce(
            "What realignment changes in each motion, and the motions it changes most (Fig. 2).",
            gpu=1,
        )
    script:
        "../scripts/stage.py"


rule tradeoff:
    input:
        **printed("table2" if STUDY.is_on_kit else "table1"),
        metrics=metrics(STUDY, STUDY.systems),
    output:
        pdf=f"{RESULTS}/figures/tradeoff.pdf",
        png=picture("tradeoff", "FID against R-precision"),
    log:
        f"{RESULTS}/logs/tradeoff.log",
    benchmark:
        f"{RESULTS}/benchmarks/tradeoff.tsv"
    resources:
        **needs(mem_mb=1000, runtime=10),
    params:
        **stage("lead.figures.charts:tradeoff"),
        settings=settings("name", "description")
        | {"rows": [vars(row) for row in STUDY.systems], "comparable": _PAPERS},
    message:
        announce("FID against R-precision, beside the paper's.")
    script:
        "../scripts/stage.py"


rule inverted_strips:
    input:
        **DATA,
        **projector_file("lead"),
        **motionclip(),
        **NETWORKS,
        text=rules.encode_text.output.text,
        motions=rules.choose_motions.output.motions,
        mld=f"{MTI}/mld/words.safetensors",
        lead=f"{MTI}/lead/words.safetensors",
    output:
        pdf=f"{RESULTS}/figures/mti.pdf",
        png=picture("mti", "motions of inverted words"),
    log:
        f"{RESULTS}/logs/inverted_strips.log",
    benchmark:
        f"{RESULTS}/benchmarks/inverted_strips.tsv"
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=4000, runtime=30, gpu=1),
    params:
        **stage("lead.figures.inversion:inverted_strips"),
        settings=settings("dataset", "text", "diffusion") | PROTOCOL | reading_motionclip(),
    message:
        announce(
            "Motions that words were inverted from, and motions from the words (Fig. 5).", gpu=1
        )
    script:
        "../scripts/stage.py"


if STUDY.consistency is not None:

    rule fid_over_steps:
        input:
            **(printed("table5") if _PAPERS and not STUDY.is_on_kit else {}),
            metrics=metrics(STUDY, STUDY.few_steps),
        output:
            pdf=f"{RESULTS}/figures/few_steps.pdf",
            png=picture("few_steps", "FID over steps"),
        log:
            f"{RESULTS}/logs/fid_over_steps.log",
        benchmark:
            f"{RESULTS}/benchmarks/fid_over_steps.tsv"
        resources:
            **needs(mem_mb=1000, runtime=10),
        params:
            **stage("lead.figures.charts:fid_over_steps"),
            settings=settings() | {"steps": STUDY.consistency.steps},
        message:
            announce("FID of MotionLCM over its sampling steps.")
        script:
            "../scripts/stage.py"


rule figures:
    input:
        rules.overview.output,
        rules.contact_sheet.output,
        rules.training_curves.output,
        rules.latent_map.output,
        rules.realignment_change.output,
        rules.tradeoff.output,
    localrule: True
    message:
        "Figures are finished; those of inverted words and of few steps are targets of their own."
