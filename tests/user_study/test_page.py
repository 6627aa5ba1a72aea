"""The page for raters: blind, complete in itself, and keeping what was answered."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from browser import needs_browser

from lead.user_study.answers import ratings_frame, read_answers
from lead.user_study.page import study_id, study_page
from lead.user_study.scores import summary

ONE_PLAYER = re.compile(r'<div class="lead-player">.*?</div>', re.DOTALL)


def test_the_page_says_nothing_of_which_side_is_which(shown):
    page = study_page(shown)
    swapped = [replace(pair, motions=pair.motions[::-1]) for pair in shown]
    other = study_page(swapped)
    plain, exchanged = (
        ONE_PLAYER.sub("", text).replace(study_id(pairs), "")
        for text, pairs in ((page, shown), (other, swapped))
    )
    assert plain == exchanged and page != other
    words = set(re.findall(r"[a-z_]+", plain.lower()))
    assert not words & {"mld", "realigned", "seed"}
    for player in ONE_PLAYER.findall(page):
        data = json.loads(re.findall(r"json\">(.*?)</script>", player)[0])
        assert [(own["text"], own["label"]) for own in data["motions"]] == [("", "A"), ("", "B")]


def test_the_page_needs_nothing_else(shown):
    page = re.sub(r'(?s)application/json".*?</script>', "", study_page(shown))  # captions, motions
    assert not re.search(r"\b(src|href)=|url\(|@import|fetch\(|XMLHttpRequest|import\s*\(", page)
    assert "default-src 'none'" in page and len(re.findall(r"'sha256-", page)) == 2


def test_a_page_of_other_motions_has_another_name(shown):
    assert study_id(shown) != study_id(shown[::-1])
    assert study_id(shown) == study_id(list(shown))


SHOWN = "document.querySelector('.pair:not([hidden])')?.dataset.pair"
CHECKED = "[...document.querySelectorAll('#scales input:checked')].map((i) => +i.value)"
WHERE = "document.getElementById('where').textContent"


@pytest.fixture
def page(shown, browser, tmp_path):
    path = tmp_path / "study.html"
    path.write_text(study_page(shown), encoding="utf-8")
    browser.errors.clear()
    browser.requests.clear()
    return path


def begin(browser, page, *size):
    browser.open(page, *size)
    browser.run("localStorage.clear()")
    browser.open(page, *size)
    browser.run("document.getElementById('start').requestSubmit()")
    assert browser.run("document.getElementById('rate').hidden")  # the questions come first
    browser.run(
        "document.querySelectorAll('#start select').forEach((s) => { s.selectedIndex = 2; })"
    )
    browser.run("document.getElementById('start').requestSubmit()")
    browser.wait("document.querySelector('.pair:not([hidden]) output').textContent !== ''")


def watch(browser):
    """As if the shown pair had played for long."""
    browser.run("document.querySelector('.pair:not([hidden]) .lead-player').dispatchEvent("
                "new CustomEvent('lead-played', { bubbles: true, detail: 99 }))")  # fmt: skip


@needs_browser
@pytest.mark.parametrize("size", [(1280, 800, False), (390, 844, True)], ids=["light", "dark"])
def test_in_a_browser_both_motions_play_and_all_fits(browser, page, size):
    begin(browser, page, *size)
    output = "document.querySelector('.pair:not([hidden]) output').textContent"
    browser.wait(f"+/frame (\\d+) /.exec({output})?.[1] > 2")
    assert browser.run("document.documentElement.scrollWidth") <= size[0]
    assert browser.run("document.querySelectorAll('.pair:not([hidden]) canvas').length") == 2
    assert browser.errors == []
    assert {url.split(":")[0] for url in browser.requests} <= {"file", "data"}


@needs_browser
def test_in_a_browser_answers_survive_a_reload_and_the_saved_file_scores(
    browser, page, key, tmp_path
):
    begin(browser, page)
    assert browser.run("document.getElementById('caption').hidden")
    assert browser.run("document.getElementById('next').disabled")
    browser.press("5")
    browser.press("2")
    browser.press("Enter")
    assert browser.run(SHOWN) == "1"  # not before the motions have played
    assert "watch both motions" in browser.run("document.getElementById('lacks').textContent")
    watch(browser)
    browser.press("Enter")
    browser.press("1")
    assert (browser.run(SHOWN), browser.run(CHECKED)) == ("2", [1])
    browser.open(page)
    browser.wait(f"{SHOWN} === '2'")
    assert browser.run(CHECKED) == [1]
    browser.press("Enter")
    assert browser.run(SHOWN) == "2"  # not without both ratings
    browser.press("3")
    watch(browser)
    browser.run("document.getElementById('back').click()")
    assert (browser.run(SHOWN), browser.run(CHECKED)) == ("1", [5, 2])
    browser.press("Enter")
    browser.press("Enter")
    texts = []
    for _ in key.pairs:
        texts.append(browser.run("document.getElementById('caption').textContent"))
        if len(texts) == 1:  # what was rated without the texts stays as it is
            assert "Round 2" in browser.run(WHERE)
            assert browser.run("document.getElementById('back').disabled")
        browser.press("4")
        browser.press("3")
        watch(browser)
        browser.press("Enter")
    assert texts == [pair.caption for pair in key.pairs]
    assert browser.run("document.title") == "Comparing motions"
    assert browser.run("document.getElementById('progress').value") == 1
    browser._send("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    browser.run("document.getElementById('save').click()")
    browser.wait("document.getElementById('saved').textContent.startsWith('Saved as answers_')")
    name = browser.run("document.getElementById('saved').textContent").split()[2].rstrip(",")
    for _ in range(200):
        if (tmp_path / name).is_file():
            break
        browser.run("new Promise((done) => setTimeout(done, 50))")
    answers = read_answers([tmp_path / name], key)
    assert answers[0].demographics["age"] == "18 to 24"
    assert all(sec > 90 for of_pair in answers[0].watched.values() for sec in of_pair.values())
    means = summary(ratings_frame(answers, key)).set_index(["system", "metric"])["mean"]
    assert means["lead", "realism"] == 4.0 and means["mld", "realism"] == 1.5
    assert means["lead", "text_motion_relevance"] == means["mld", "text_motion_relevance"] == 3.5
    assert browser.errors == []
