"""The LaTeX of a table: its structure, its marks, and that it compiles."""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from lead.report.table import comparison_table
from lead.report.text import escape, latex_table

ASCII = "".join(map(chr, range(32, 127)))


def body(source):
    """The lines of the tabular that end a row."""
    return [line.strip() for line in source.splitlines() if line.strip().endswith(r"\\")]


def width(row):
    cells = row.removesuffix(r"\\").replace(r"\&", "").split("&")
    spans = [int(n) for cell in cells for n in re.findall(r"\\multicolumn\{(\d+)\}", cell)]
    return len(cells) - len(spans) + sum(spans)


def row(source, label, nth=0):
    return [line for line in body(source) if line.startswith(label + " &")][nth]


@pytest.mark.parametrize("table", [f"table{n}" for n in range(1, 7)])
def test_every_row_spans_all_columns(measured, published, labels, text, table):
    source = latex_table(comparison_table(measured, published[table], labels), text)
    columns = len(re.search(r"\\begin\{tabular\}\{(l+)\}", source)[1])
    assert {width(line) for line in body(source)} == {columns}


def test_a_rule_joins_the_columns_of_r_precision(table1, text):
    source = latex_table(table1, text)
    assert body(source)[0].startswith(r"&  & \multicolumn{3}{c}{R-precision} & ")
    assert r"\cmidrule(lr){3-5}" in source


def test_braces_and_environments_are_balanced(table1, text):
    source = latex_table(table1, replace(text, study=ASCII, title="{", footnotes=("}}", ASCII)))
    bare = re.sub(r"\\[{}$\\]", "", re.sub(r"(?m)^\s*%.*", "", source))
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    opened = re.findall(r"\\begin\{(\w+)\}", source)
    closed = re.findall(r"\\end\{(\w+)\}", source)
    assert sorted(opened) == sorted(closed) == ["minipage", "table", "tabular"]


def test_the_best_is_bold_and_the_second_underlined(table1, text):
    source = latex_table(table1, text)
    assert r"\textbf{0.100}$^{\pm .012}$" in row(source, "LEAD (MLD)")
    assert r"\underline{0.300}$^{\pm .012}$" in row(source, r"lead\_mlp")
    assert r" 0.500$^{\pm .012}$" in row(source, "MLD")


def test_real_and_the_papers_rows_bear_no_mark(table1, text):
    source = latex_table(table1, text)
    printed = source.split("Printed in the paper")[1]
    assert not re.search(r"textbf|underline", printed)
    assert not re.search(r"textbf|underline", row(source, "Real"))


def test_the_papers_rows_stand_below_a_rule_and_a_heading(table1, text):
    source = latex_table(table1, text)
    heading = (
        r"\multicolumn{8}{l}{\textit{Printed in the paper (HumanML3D, official evaluator; "
        r"not comparable)}} \\"
    )
    lines = [line.strip() for line in source.splitlines()]
    assert lines[lines.index(heading) - 1] == r"\midrule"
    assert lines[lines.index(heading) + 1].startswith("Real & 0.002$^{\\pm .008}$ &")


def test_the_heading_names_the_dataset_of_the_papers_table(measured, published, labels, text):
    source = latex_table(comparison_table(measured, published["table2"], labels), text)
    assert "Printed in the paper (KIT-ML, official evaluator; not comparable)" in source


def test_a_comparable_run_is_not_called_incomparable(table1, text):
    assert "not comparable" not in latex_table(table1, replace(text, comparable=True))


def test_what_was_not_measured_is_said_and_is_no_number(table1, text):
    assert row(latex_table(table1, text), "Real").endswith(r"& n/a \\")


def test_the_caption_names_the_study(table1, text):
    assert r"\caption{Text to motion. Study open\_small.}" in latex_table(table1, text)


def test_a_title_that_ends_in_a_stop_gets_no_second_one(text):
    assert replace(text, title="Text to motion.").caption == text.caption


def test_footnotes_stand_below_the_table(table1, text):
    source = latex_table(table1, text)
    assert source.index(r"\end{tabular}") < source.index(text.footnotes[0])
    assert source.index(text.footnotes[0]) < source.index(text.footnotes[1])


def test_a_table_without_footnotes_has_no_empty_box(table1, text):
    assert "minipage" not in latex_table(table1, replace(text, footnotes=()))


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ("lead_no_var", r"lead\_no\_var"),
        ("50 % & #1 {a}", r"50 \% \& \#1 \{a\}"),
        ("a^b~c\\d", r"a\textasciicircum{}b\textasciitilde{}c\textbackslash{}d"),
        ("--cores <n>", r"-{}-cores \textless{}n\textgreater{}"),
        ("9.5 ± 0.1 → Real", r"9.5 $\pm$ 0.1 $\rightarrow$ Real"),
        ("two\n  lines", "two lines"),
    ],
)
def test_signs_that_latex_reads_are_escaped(words, printed):
    assert escape(words) == printed


def test_labels_are_escaped(measured, published, text):
    frame = comparison_table(measured, published["table1"], {"mld": "MLD_50 & 10 %"})
    assert r"MLD\_50 \& 10 \%" in latex_table(frame, text)


needs_latex = pytest.mark.skipif(
    not (shutil.which("pdflatex") or shutil.which("tectonic")),
    reason="neither pdflatex nor tectonic is installed",
)


def compiled(folder, names):
    """What LaTeX says of a document that inputs the tables and loads booktabs alone."""
    inputs = "\n".join(rf"\input{{{name}}}\clearpage" for name in names)
    (folder / "all.tex").write_text(
        rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{inputs}\end{{document}}"
    )
    pdflatex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error"]
    command = pdflatex if shutil.which("pdflatex") else ["tectonic", "--print"]
    return subprocess.run(
        [*command, "all.tex"],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",  # the log of old LaTeX is Latin-1
        timeout=300,
    )


@needs_latex
def test_every_table_compiles_with_booktabs_alone_and_fits(
    measured, published, labels, text, tmp_path
):
    for table, printed in published.items():
        frame = comparison_table(measured, printed, labels)
        source = latex_table(frame, replace(text, table=table))
        (tmp_path / f"{table}.tex").write_text(source, encoding="utf-8")
    done = compiled(tmp_path, published)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout


@needs_latex
def test_every_sign_of_the_keyboard_compiles(measured, published, text, tmp_path):
    signs = ASCII + " ± × ≥ ≤ ≈ − → ↓ ↑ ä é – “x” … °"
    frame = comparison_table(measured, published["table1"], {"lead": f"LEAD {signs}"})
    words = replace(text, study=signs, title=signs, footnotes=(signs,))
    (tmp_path / "signs.tex").write_text(latex_table(frame, words), encoding="utf-8")
    done = compiled(tmp_path, ["signs"])
    assert done.returncode == 0, done.stdout[-2000:]
