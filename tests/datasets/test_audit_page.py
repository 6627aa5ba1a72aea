"""The audit as table and page: counts, every finding, escaped text, whatever the size."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest

from lead.clip import ReadClip, Rejected
from lead.datasets.audit.checks import MEANINGS, Finding
from lead.datasets.audit.report import MOST, Audit, describe, write_audit, write_audit_page

NASTY = "a <script>alert(\"1\")</script> & 'person' walks"


def clip(name: str, split: str, frames: int = 100, caption: str = "a person walks") -> ReadClip:
    return ReadClip(
        id=name, split=split, start=50, stop=50 + frames, captions=(caption,),
        take=name, content="walk", source=f"{name}.bvh",
    )  # fmt: skip


KEPT = (
    *(clip(f"clip_{number}", "train", 41 + 7 * number) for number in range(17)),
    clip("other", "val"),
    clip("style", "held_out"),
    clip("nasty", "test", caption=NASTY),
)
REJECTED = (
    Rejected("stub", "stub.bvh", "short", "12 positions, at least 41 are needed"),
    Rejected("<broken>", "a&b.bvh", "bad", "NaN in frame 3"),
)
FINDINGS = [Finding(kind, "clip_3", "clip_3.bvh", f"detail of {kind}") for kind in MEANINGS]
FINDINGS += [Finding("count", "", "", "val has 1 recordings, 3 are expected")]
AUDIT = Audit(KEPT, REJECTED, FINDINGS)


def page(folder: Path, audit: Audit = AUDIT, expected=None) -> tuple[str, str]:
    """The page's source, and the text that a reader sees, blanks joined."""
    path = folder / "audit.html"
    write_audit_page(path, audit, expected or {}, 20.0, {"stage": "import", "seed": "3"})
    source = path.read_text(encoding="utf-8")
    body = ElementTree.fromstring(source).find("body")
    assert body is not None
    return source, " ".join(" ".join(body.itertext()).split())


def test_the_page_counts_every_split_against_what_is_expected(tmp_path):
    _, text = page(tmp_path, expected={"train": 17, "val": 3, "extra": 2})
    assert "train 17 17 none" in text and "val 1 3 -2" in text
    assert "test 1 not known" in text and "held_out 1 not known" in text
    assert "extra 0 2 -2" in text


def test_the_page_shows_every_finding_with_what_to_do(tmp_path):
    _, text = page(tmp_path)
    for finding in FINDINGS:
        meaning = MEANINGS[finding.kind]
        assert finding.detail in text and meaning.title in text and meaning.advice in text
    assert f"{sum(finding.severity == 'error' for finding in FINDINGS)} errors" in text


def test_findings_that_are_many_are_all_counted_and_the_first_listed(tmp_path):
    many = [Finding("frozen", f"clip {n}", "x.bvh", f"number {n}.") for n in range(MOST + 100)]
    _, text = page(tmp_path, Audit(KEPT, REJECTED, many))
    assert f"{MOST + 100} Frozen frames" in text and "and 100 more in audit.parquet" in text
    assert f"number {MOST - 1}." in text and f"number {MOST}." not in text


def test_text_from_files_is_escaped(tmp_path):
    source, text = page(tmp_path)
    assert "<script" not in source and NASTY in text
    assert "<broken>" in text and "a&b.bvh" in text


def test_the_page_fetches_nothing(tmp_path):
    source, _ = page(tmp_path)
    assert not any(word in source for word in ("http", "src=", "href=", "url(", "@import"))


def test_what_was_left_out_is_shown_by_reason(tmp_path):
    _, text = page(tmp_path)
    assert "1 shorter than the dataset's shortest" in text
    assert "12 positions, at least 41 are needed" in text and "NaN in frame 3" in text
    assert "2 left out" in text


def test_the_bars_of_the_histogram_count_every_recording_once(tmp_path):
    source, text = page(tmp_path)
    bars = ElementTree.fromstring(source).iter("rect")
    counts = [int((bar.findtext("title") or "").rpartition(" ")[2]) for bar in bars]
    assert sum(counts) == 20 and "41 to 153 frames (2.0 to 7.7 s)" in text


@pytest.mark.parametrize(
    "audit",
    [Audit(()), Audit((), REJECTED), Audit(KEPT[:1])],
    ids=["nothing", "only left out", "one"],
)
def test_a_page_of_nearly_nothing_is_still_a_page(tmp_path, audit):
    _, text = page(tmp_path, audit)
    assert "Nothing was found." in text


def test_the_table_has_one_row_per_recording_with_its_findings(tmp_path):
    path = tmp_path / "audit.parquet"
    write_audit(path, AUDIT, {"seed": "3"})
    table = pq.read_table(path)
    rows = {each["id"]: each for each in table.to_pylist()}
    assert len(rows) == len(KEPT) + len(REJECTED) == table.num_rows
    assert rows["clip_3"]["findings"] == [f"{kind}: detail of {kind}" for kind in MEANINGS]
    assert rows["clip_4"]["findings"] == [] and rows["clip_4"]["captions"] == 1
    assert (rows["stub"]["status"], rows["stub"]["captions"]) == ("short", None)
    assert (rows["style"]["status"], rows["other"]["status"]) == ("held_out", "kept")
    metadata = table.schema.metadata
    assert json.loads(metadata[b"lead"]) == {"seed": "3"}
    assert json.loads(metadata[b"findings"]) == ["count: val has 1 recordings, 3 are expected"]


def test_one_line_sums_it_up():
    assert describe(Audit(KEPT, REJECTED, FINDINGS[:1])) == (
        "20 recordings: 17 train, 1 val, 1 test, 1 held_out, "
        "1 left out as bad, 1 left out as short, 1 audit error"
    )
