"""Motion textual inversion: a word for each of some test motions, and Tables 3 and 4."""

from lead.config.inversion import ABLATED, PAIRS, InversionVariant, inversion_variant

MTI = f"{RESULTS}/mti"

# The systems of Tables 3 and 4 below Real, in the order of their rows.
TABLE3 = [variant.name for variant in PAIRS]
TABLE4 = [InversionVariant("lead", name).name for name in (*ABLATED, "lead")]


def inverted(names):
    """The folders in which the words of these variants lie, each once."""
    return list(dict.fromkeys(inversion_variant(name).words for name in names))


def mti_metrics(names):
    """Metrics of Real and of these variants, in the order of a table's rows."""
    return [f"{MTI}/{name}/metrics.parquet" for name in ("real", *names)]


def weights_of(name):
    """The input ``projector``, where there is one."""
    path = f"{RESULTS}/models/projectors/{name}/projector.safetensors"
    return {"projector": path} if name else {}


def loss_projector(wildcards):
    return weights_of(inversion_variant(wildcards.words).loss_projector)


def generation_projector(wildcards):
    return weights_of(inversion_variant(wildcards.variant).projector)


def optimising():
    """The settings that inverting any word depends on: how many, and which others, are none."""
    networks = settings("dataset", "text", "vae", "diffusion", "denoiser")
    own = {key: value for key, value in _SETTINGS["mti"].items() if key not in ("motions", "styles")}
    return networks | {"mti": own}


def inverting(name):
    """The settings that the words of one variant depend on."""
    variant = inversion_variant(name)
    own = projector(variant.loss_projector) if variant.loss_projector else {}
    return optimising() | own | {"words": name}


def generating_from_words(wildcards):
    """The settings that motions from words depend on, apart from the words."""
    own = inversion_variant(wildcards.variant).projector
    return generating() | (projector(own) if own else {})


wildcard_constraints:
    words="mld|feat|lead(_lead_[a-z0-9_]+)?",
    variant="(mld|feat|lead)(_lead(_[a-z0-9_]+)?)?",
    mti="real|(mld|feat|lead)(_lead(_[a-z0-9_]+)?)?",


rule choose_motions:
    input:
        index=DATA["index"],
    output:
        motions=f"{MTI}/motions.parquet",
    params:
        stage="lead.inversion.chosen:choose_motions",
        settings=settings("text") | {"motions": STUDY.mti.motions},
        code=code("lead.inversion.chosen:choose_motions"),
    log:
        f"{RESULTS}/logs/mti_choose.log",
    benchmark:
        f"{RESULTS}/benchmarks/mti_choose.tsv"
    resources:
        mem_mb=2000,
        runtime=10,
    message:
        announce("Choosing the test motions that words are inverted from.")
    script:
        "../scripts/stage.py"


rule invert:
    input:
        unpack(loss_projector),
        **DATA,
        text=rules.encode_text.output.text,
        vae=NETWORKS["vae"],
        denoiser=NETWORKS["denoiser"],
        motions=rules.choose_motions.output.motions,
    output:
        words=f"{MTI}/{{words}}/words.safetensors",
        history=f"{MTI}/{{words}}/history.parquet",
        fresh=f"{MTI}/{{words}}/fresh.parquet",
    params:
        stage="lead.inversion.stages:invert_words",
        settings=lambda wildcards: inverting(wildcards.words),
        code=code("lead.inversion.stages:invert_words"),
        state=lambda wildcards: state(f"mti_{wildcards.words}"),
    log:
        f"{RESULTS}/logs/mti_invert_{{words}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mti_invert_{{words}}.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=1,
    message:
        announce("Inverting a word for each motion, objective {wildcards.words}.", gpu=True)
    script:
        "../scripts/stage.py"


rule embed_mti_real:
    input:
        **DATA,
        **JUDGE,
        text=rules.encode_text.output.text,
        vae=NETWORKS["vae"],
        denoiser=NETWORKS["denoiser"],
        motions=rules.choose_motions.output.motions,
    output:
        embeddings=f"{MTI}/real/embeddings.safetensors",
    params:
        stage="lead.evaluation.inverted:embed_real_of_words",
        settings=lambda wildcards: generating(),
        code=code("lead.evaluation.inverted:embed_real_of_words"),
        state=state("mti_embed_real"),
    log:
        f"{RESULTS}/logs/mti_embed_real.log",
    benchmark:
        f"{RESULTS}/benchmarks/mti_embed_real.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=4000,
        runtime=120,
        gpu=1,
    message:
        announce("Embedding the motions that words were inverted from.", gpu=True)
    script:
        "../scripts/stage.py"


rule embed_mti:
    input:
        unpack(generation_projector),
        **DATA,
        **JUDGE,
        text=rules.encode_text.output.text,
        vae=NETWORKS["vae"],
        denoiser=NETWORKS["denoiser"],
        motions=rules.choose_motions.output.motions,
        inverted=lambda wildcards: f"{MTI}/{inverted([wildcards.variant])[0]}/words.safetensors",
    output:
        embeddings=f"{MTI}/{{variant}}/embeddings.safetensors",
    params:
        stage="lead.evaluation.inverted:embed_inverted",
        settings=generating_from_words,
        code=code("lead.evaluation.inverted:embed_inverted"),
        state=lambda wildcards: state(f"mti_embed_{wildcards.variant}"),
    log:
        f"{RESULTS}/logs/mti_embed_{{variant}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mti_embed_{{variant}}.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=1,
    message:
        announce("Generating from inverted words, variant {wildcards.variant}.", gpu=True)
    script:
        "../scripts/stage.py"


rule mti_metrics:
    input:
        real=rules.embed_mti_real.output.embeddings,
        embeddings=f"{MTI}/{{mti}}/embeddings.safetensors",
        full=embeddings("real"),
    output:
        metrics=f"{MTI}/{{mti}}/metrics.parquet",
    params:
        stage="lead.evaluation.score:compute_metrics",
        settings=lambda wildcards: measuring() | {"system": wildcards.mti},
        code=code("lead.evaluation.score:compute_metrics"),
    log:
        f"{RESULTS}/logs/mti_metrics_{{mti}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mti_metrics_{{mti}}.tsv"
    resources:
        mem_mb=2000,
        runtime=20,
    message:
        announce("Metrics of motions from inverted words, {wildcards.mti}.")
    script:
        "../scripts/stage.py"


rule table3:
    input:
        metrics=mti_metrics(TABLE3),
        fresh=expand(f"{MTI}/{{words}}/fresh.parquet", words=inverted(TABLE3)),
        motions=rules.choose_motions.output.motions,
        published="config/published/table3.csv",
    output:
        tex=f"{RESULTS}/tables/table3.tex",
        parquet=f"{RESULTS}/tables/table3.parquet",
    params:
        stage="lead.report.inversion:inversion_table",
        settings=words_of(STUDY, "table3"),
        code=code("lead.report.inversion:inversion_table"),
    log:
        f"{RESULTS}/logs/table3.log",
    benchmark:
        f"{RESULTS}/benchmarks/table3.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        announce("Table 3 of study {params.settings[name]}.")
    script:
        "../scripts/stage.py"


use rule table3 as table4 with:
    input:
        metrics=mti_metrics(TABLE4),
        fresh=expand(f"{MTI}/{{words}}/fresh.parquet", words=inverted(TABLE4)),
        motions=rules.choose_motions.output.motions,
        published="config/published/table4.csv",
    output:
        tex=f"{RESULTS}/tables/table4.tex",
        parquet=f"{RESULTS}/tables/table4.parquet",
    params:
        stage="lead.report.inversion:inversion_table",
        settings=words_of(STUDY, "table4"),
        code=code("lead.report.inversion:inversion_table"),
    log:
        f"{RESULTS}/logs/table4.log",
    benchmark:
        f"{RESULTS}/benchmarks/table4.tsv"
    message:
        announce("Table 4 of study {params.settings[name]}.")


use rule publish_table as publish_table3 with:
    input:
        tex=rules.table3.output.tex,
        parquet=rules.table3.output.parquet,
    output:
        tex="results/tables/table3.tex",
        parquet="results/tables/table3.parquet",
    message:
        "Table 3 of study {params.study} is now the one in results/tables."


use rule publish_table as publish_table4 with:
    input:
        tex=rules.table4.output.tex,
        parquet=rules.table4.output.parquet,
    output:
        tex="results/tables/table4.tex",
        parquet="results/tables/table4.parquet",
    message:
        "Table 4 of study {params.study} is now the one in results/tables."


rule pair_inversions:
    input:
        metrics=lambda wildcards: mti_metrics(
            {"table3": TABLE3, "table4": TABLE4}[wildcards.table]
        ),
    output:
        pairs=f"{MTI}/paired_{{table}}.parquet",
    params:
        stage="lead.evaluation.inverted_pairs:pair_variants",
        settings=lambda wildcards: settings() | {"table": wildcards.table},
        code=code("lead.evaluation.inverted_pairs:pair_variants"),
    wildcard_constraints:
        table="table3|table4",
    log:
        f"{RESULTS}/logs/mti_paired_{{table}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/mti_paired_{{table}}.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        announce("Paired differences between the rows of {wildcards.table}.")
    script:
        "../scripts/stage.py"


rule inversion_claims:
    input:
        pairs3=f"{MTI}/paired_table3.parquet",
        pairs4=f"{MTI}/paired_table4.parquet",
        metrics=mti_metrics(dict.fromkeys([*TABLE3, *TABLE4])),
    output:
        md=f"{RESULTS}/tables/claims_mti.md",
    params:
        stage="lead.report.inversion_claims:inversion_claims",
        settings=settings("name"),
        code=code("lead.report.inversion_claims:inversion_claims"),
    log:
        f"{RESULTS}/logs/mti_claims.log",
    benchmark:
        f"{RESULTS}/benchmarks/mti_claims.tsv"
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        announce("What the paper claims of inversion, and what this study says of it.")
    script:
        "../scripts/stage.py"


rule sweep_learning_rate:
    input:
        **DATA,
        text=rules.encode_text.output.text,
        vae=NETWORKS["vae"],
        denoiser=NETWORKS["denoiser"],
        projector=weights_of("lead")["projector"],
    output:
        sweep=f"{MTI}/learning_rate.parquet",
    params:
        stage="lead.inversion.learning_rate:sweep_learning_rate",
        settings=optimising() | projector("lead"),
        code=code("lead.inversion.learning_rate:sweep_learning_rate"),
    log:
        f"{RESULTS}/logs/mti_learning_rate.log",
    benchmark:
        f"{RESULTS}/benchmarks/mti_learning_rate.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=4000,
        runtime=60,
        gpu=1,
    message:
        announce("Inverting words of ten training motions at three learning rates.", gpu=True)
    script:
        "../scripts/stage.py"


rule invert_styles:
    input:
        **DATA,
        text=rules.encode_text.output.text,
        vae=NETWORKS["vae"],
        denoiser=NETWORKS["denoiser"],
        projector=weights_of("lead")["projector"],
    output:
        styles=f"{MTI}/styles.parquet",
        sheet=f"{RESULTS}/figures/mti_styles.png",
    params:
        stage="lead.report.inverted_styles:invert_styles",
        settings=settings("dataset", "text", "vae", "diffusion", "denoiser", "mti")
        | PROTOCOL
        | projector("lead"),
        code=code("lead.report.inverted_styles:invert_styles"),
    log:
        f"{RESULTS}/logs/mti_styles.log",
    benchmark:
        f"{RESULTS}/benchmarks/mti_styles.tsv"
    threads: STUDY.machine.threads
    resources:
        mem_mb=4000,
        runtime=120,
        gpu=1,
    message:
        announce("Inverting words of styles that were held out.", gpu=True)
    script:
        "../scripts/stage.py"
