"""Facts about the page that plays motions, in its text and in a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from browser import needs_browser
from swaying_body import swaying_body

from lead.errors import LeadError
from lead.mocap.motion_file import StoredMotion
from lead.motion.skeleton import HUMANML3D
from lead.render.body import scene
from lead.render.player import player_assets, player_element, player_page, write_page

NASTY = (
    "a <b>bold</b> man & \"quotes\" 'and' <img src=x onerror=alert(1)>",
    "</script><script>document.title = 'run'</script>",
    "<!-- <script> \u2028 ]]> {{ 7 * 7 }} {% raw %} \\u003c $\\alpha$ 走 é",
)
VOID = {"meta", "link", "img", "br", "input"}


def motion(text="a person sways", frames=40, fps=20.0):
    return StoredMotion(swaying_body(HUMANML3D, frames), HUMANML3D, fps, text)


class Page(HTMLParser):
    """Reads a page strictly: what is opened is closed; keeps attributes and the text of tags."""

    def __init__(self, text):
        super().__init__()
        self.open, self.attributes, self.inside = [], [], {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.inside.setdefault(self.open[-1], []).append(data)


def stored(page):
    return json.loads(page.inside["script"][0])


def test_the_page_is_well_formed_and_needs_nothing_else():
    text = player_page([scene(motion()), scene(motion())])
    page = Page(text)
    assert not [entry for entry in page.attributes if entry[1] in ("src", "href", "srcset")]
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|import\s*\(", text)
    assert set(re.findall(r"https?://[^\s\"']+", text)) <= {"http://www.w3.org/2000/svg"}


def test_its_policy_lets_its_own_script_run_and_no_other():
    page = Page(player_page([scene(motion())]))
    policy = next(v for tag, name, v in page.attributes if name == "content" and "script-src" in v)
    digest = base64.b64encode(hashlib.sha256(page.inside["script"][1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy and "default-src 'none'" in policy


@pytest.mark.parametrize("text", NASTY)
def test_a_caption_is_data_and_never_markup(text):
    page = Page(player_page([scene(motion(text), text)]))
    assert stored(page)["motions"][0]["text"] == stored(page)["motions"][0]["label"] == text
    assert page.inside["title"] == [text]
    assert len(page.inside["script"]) == 2 and "img" not in page.inside


def test_what_is_stored_is_the_motion_to_half_a_millimetre():
    shown = scene(motion())
    kept = stored(Page(player_page([shown])))["motions"][0]
    values = np.frombuffer(base64.b64decode(kept["points"]), "<i2") * kept["step"]
    np.testing.assert_allclose(values.reshape(shown.points.shape), shown.points, atol=2.6e-4)


def test_a_motion_that_goes_far_is_stored_as_coarsely_as_it_must():
    far = motion()
    far.joints[..., 2] += np.linspace(0, 500, 40)[:, None]
    shown = scene(far)
    kept = stored(Page(player_page([shown])))["motions"][0]
    values = np.frombuffer(base64.b64decode(kept["points"]), "<i2") * kept["step"]
    np.testing.assert_allclose(values, shown.points.ravel(), atol=0.01)


def test_four_seconds_are_a_small_page(tmp_path):
    write_page([scene(motion(frames=80))], tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size < 70_000


def test_a_player_can_stand_in_a_page_with_others():
    style, script = player_assets()
    assert ".lead-player" in style and "<" not in player_element([scene(motion(NASTY[1]))])[60:-20]
    assert "</" not in script


@pytest.mark.parametrize("count", [0, 5])
def test_no_motion_and_too_many_are_refused(count):
    with pytest.raises(LeadError, match="beside one another"):
        player_page([scene(motion())] * count)


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(LeadError, match="cannot be written"):
        write_page([scene(motion())], tmp_path / "page.pdf")


FRAME = "+/frame (\\d+) /.exec(document.querySelector('output').textContent)?.[1]"
BRIGHT = """(() => {
  const c = document.querySelectorAll('canvas')[%d];
  const p = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
  let sum = 0, blue = 0, orange = 0;
  for (let k = 0; k < p.length; k += 4) {
    sum = (31 * sum + p[k] + 3 * p[k + 1] + 7 * p[k + 2]) | 0;
    blue += p[k + 2] - p[k] > 60; orange += p[k] - p[k + 2] > 60;
  }
  return [sum, blue, orange];
})()"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "a page.html"
    longer = scene(motion("walks", frames=60, fps=30.0))
    write_page([*(scene(motion(text), text) for text in NASTY), longer], path)
    return path


def drawn(browser, panel=0):
    """A number that stands for a panel's pixels, and how many are blue and orange."""
    return browser.run(BRIGHT % panel)


@needs_browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_in_a_browser_it_plays_and_fits(browser, page, width, height, dark):
    browser.errors.clear()
    browser.requests.clear()
    browser.open(page, width, height, dark)
    browser.wait(f"{FRAME} > 1")
    browser.wait(f"{FRAME} > 10")
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert all(min(drawn(browser, panel)[1:]) > 50 for panel in range(4))
    ground = browser.run(
        "document.querySelector('canvas').getContext('2d').getImageData(1,1,1,1).data[0]"
    )
    assert (ground < 60) == dark
    assert browser.errors == []
    assert {url.split(":")[0] for url in browser.requests} <= {"file", "data"}


@needs_browser
def test_in_a_browser_captions_stand_as_typed_and_do_not_run(browser, page):
    browser.open(page)
    shown = browser.run("[...document.querySelectorAll('figcaption b')].map((b) => b.textContent)")
    assert shown == [*NASTY, "walks"]
    assert browser.run("document.querySelectorAll('figcaption *').length") == 7
    assert browser.run("document.title.startsWith('a <b>bold</b> man')")


@needs_browser
def test_in_a_browser_keys_and_the_slider_move_it(browser, page):
    browser.open(page)
    browser.wait(f"{FRAME} > 1")
    browser.press(" ")
    browser.press("Home")
    browser.wait(f"{FRAME} === 1")
    browser.press("ArrowRight")
    browser.wait(f"{FRAME} === 2")
    browser.press("ArrowLeft")
    browser.wait(f"{FRAME} === 1")
    browser.press("End")
    browser.wait(f"{FRAME} === 60")  # two seconds at the faster one's 30 a second
    browser.press("Home")
    browser.wait(f"{FRAME} === 1")
    browser.press("ArrowUp")
    assert browser.run("document.querySelector('select').value") == "1.5"
    browser.run(
        "(() => { const r = document.querySelector('input[type=range]'); r.value = 20;"
        "r.dispatchEvent(new Event('input')); })()"
    )
    browser.wait(f"{FRAME} === 21")


@needs_browser
def test_in_a_browser_a_mouse_turns_every_figure_and_r_turns_them_back(browser, page):
    browser.open(page)
    browser.wait("document.querySelector('output').textContent !== ''")
    browser.press("Home")
    browser.press(" ")
    browser.press("Home")
    browser.wait(f"{FRAME} === 1")
    before = drawn(browser), drawn(browser, 3)
    browser.drag((150, 400), (260, 430))
    browser.wait(f"({BRIGHT % 0})[0] !== {before[0][0]} && ({BRIGHT % 3})[0] !== {before[1][0]}")
    browser.press("r")
    browser.wait(f"({BRIGHT % 0})[0] === {before[0][0]}")


@needs_browser
def test_in_a_browser_without_webgl_there_are_figures_too(browser, page, tmp_path):
    text = page.read_text(encoding="utf-8")
    script = text.rsplit("<script>", 1)[1].split("</script>")[0]
    changed = script.replace('"webgl2"', '"no such"')
    assert changed != script
    digests = [
        base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()
        for each in (script, changed)
    ]
    flat = tmp_path / "flat.html"
    flat.write_text(text.replace(script, changed).replace(*digests), encoding="utf-8")
    browser.errors.clear()
    browser.open(flat)
    browser.wait(f"{FRAME} > 1")
    assert min(drawn(browser)[1:]) > 50 and browser.errors == []
