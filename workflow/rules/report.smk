"""The page of a study: all that it measured, beside the paper, in one file."""

_REPORTED = [name for name in STUDY.tables if name not in ("table1", "physical")]
_TITLES = {"timing": "Inference time", "feet": "Feet"}
_COMPARED = " under several evaluators"


def title_of(table):
    """What a table is called, such as Table 3."""
    return _TITLES.get(table, table.replace("table", "Table "))


# Parts that not every study has made: the page shows those that are there, and names the others.
OPTIONAL = {
    **{title_of(name): f"{RESULTS}/tables/{name}.parquet" for name in _REPORTED},
    "Claims of motion textual inversion": f"{RESULTS}/tables/claims_mti.md",
    **{
        title_of(table) + _COMPARED: f"{RESULTS}/tables/evaluators{ending}.md"
        for ending, table in COMPARED.items()
        if STUDY.evaluators
    },
    "Map of latents": rules.latent_map.output.png,
    "Motions from inverted words": f"{MTI}/lead/words.safetensors",
}
# The study that the settings are held against.
PAPER = study_of({"study": "paper_kit" if STUDY.is_on_kit else "paper"})


def possible_parts():
    """The optional parts that this study can make, by title."""
    impossible = {"Table 2": SECOND is None, "Table 5": STUDY.consistency is None}
    return {
        title: str(file)
        for title, file in OPTIONAL.items()
        if not impossible.get(title.removesuffix(_COMPARED))
    }


def captions_of_figures():
    """A sentence on each figure: those of Snakemake's own report, the overview first."""
    folder = REPOSITORY / "workflow/report/figures"
    files = sorted(folder.glob("*.rst"), key=lambda file: (file.stem != "overview", file.stem))
    return {file.stem: file.read_text(encoding="utf-8").strip() for file in files}


def parts_made():
    """What is there of the optional parts and of other figures, with size and date.

    As a setting and not as inputs: what is out of date is shown as it is, and no page starts hours
    of work. What is made anew makes the page again.
    """
    asked = {*rules.contact_sheet.output, *rules.training_curves.output}
    compared = [row.name for row in STUDY.systems]
    others = [
        f"{RESULTS}/systems/{name}/metrics.parquet" for name in SYSTEMS if name not in compared
    ]
    figures = sorted(map(str, Path(RESULTS, "figures").glob("*.png")))
    files = dict.fromkeys([*possible_parts().values(), *others, *figures])
    return {
        file: state_of_files(Path(file))
        for file in files
        if file not in asked and Path(file).is_file()
    }


def reported(wildcards):
    """The settings of the page: the study and the paper's, what is there and what is not."""
    made, names = parts_made(), [name for name in _SETTINGS if name not in ("data_root", "machine")]
    return settings(*names) | {
        "paper": PAPER.model_dump(mode="json", exclude={"data_root", "machine"}),
        "systems": [vars(row) for row in SYSTEMS.values()],
        "made": made,
        "captions": captions_of_figures(),
        "missing": {title: file for title, file in possible_parts().items() if file not in made},
    }


rule report:
    input:
        frames=DATA["frames"],
        index=DATA["index"],
        model=rules.assemble_model.output,
        tables=expand(f"{RESULTS}/tables/{{table}}.parquet", table=["table1", "physical"]),
        metrics=metrics(STUDY, STUDY.systems),
        analysis=rules.analysis_table.output.md,
        figures=[rules.training_curves.output.png, rules.contact_sheet.output.sheet],
    output:
        page=report(
            f"{RESULTS}/report.html",
            caption="../report/study.rst",
            category="Report",
            labels={"study": STUDY.name, "what": "everything on one page"},
        ),
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/benchmarks/report.tsv"
    threads: STUDY.machine.threads
    resources:
        **needs(mem_mb=4000, runtime=30),
    params:
        **stage("lead.report.page.page:study_page"),
        settings=reported,
    message:
        announce("The page of the study: {output.page}.")
    script:
        "../scripts/stage.py"
