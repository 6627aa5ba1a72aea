"""The documentation builds into a site without a warning, and its pages fit a telephone."""

from __future__ import annotations

import functools
import http.server
import itertools
import os
import re
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest
from browser import CHROMIUM, Browser
from documented import PAGES, REPOSITORY

import lead

_SHOWN = ("index", "motion_files", "api", "formats", "configuration", "notebooks/first_motion")
_LINK = re.compile(r"\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    if find_spec("mkdocs") is None or find_spec("mkdocstrings") is None:
        pytest.skip("the site's builder is not installed: pip install '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    config = REPOSITORY / "docs" / "site" / "mkdocs.yml"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", config, "-d", folder]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_every_page_is_there_and_the_api_has_every_public_name(site):
    for page in PAGES:
        if page.is_relative_to(REPOSITORY / "docs"):
            name = page.relative_to(REPOSITORY / "docs").with_suffix(".html")
            assert (site / name).is_file() or name.stem == "README"
    text = (site / "api.html").read_text(encoding="utf-8")
    missing = [name for name in lead.__all__ if not re.search(rf"\b{name}\b", text)]
    assert missing == []


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_pages_fit_a_telephone_and_a_desk_and_ask_nobody_for_anything(site, tmp_path):
    handler = functools.partial(_Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        own = f"http://127.0.0.1:{server.server_port}"
        browser = Browser(tmp_path / "profile")
        try:
            for width, name in itertools.product((390, 1280), _SHOWN):
                browser.resize(width, 900)
                browser.send("Page.navigate", url=f"{own}/{name}.html")
                there = f"location.pathname === '/{name}.html'"
                browser.wait(f"{there} && document.readyState === 'complete'")
                assert browser.run("document.documentElement.scrollWidth") <= width, name
        finally:
            browser.close()
            server.shutdown()
    assert browser.errors == []
    others = [url for url in browser.requests if not url.startswith((own, "data:", "about:"))]
    assert others == []


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    "page",
    [*PAGES, REPOSITORY / "CHANGELOG.md"],
    ids=lambda page: str(page.relative_to(REPOSITORY)),
)
def test_every_link_leads_to_a_file_and_a_heading(page):
    code = r"```.*?```|``.*?``|`[^`]*`"
    text = re.sub(code, "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert not re.search(r"<[a-zA-Z]", text), "a tag, which no reader would see"
    for target in (inline or named for inline, named in _LINK.findall(text)):
        if target.startswith(("http", "mailto")):
            continue
        file, _, heading = target.partition("#")
        other = (page.parent / file).resolve() if file else page
        assert other.exists(), target
        assert not heading or heading in _headings(other), target


def _headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in found}
