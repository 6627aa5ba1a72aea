"""A notebook as a page: its text, its code, and what the code printed and drew."""

from __future__ import annotations

import json
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Put a Markdown page in the place of every notebook."""
    for notebook in Path(config.docs_dir).glob("notebooks/*.ipynb"):
        page = f"notebooks/{notebook.stem}.md"
        files.append(File.generated(config, page, content=as_markdown(notebook)))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Lead links to a notebook to its page."""
    return markdown.replace(".ipynb)", ".md)")


def as_markdown(notebook: Path) -> str:
    """The cells of a notebook, one after the other, with their outputs."""
    parts = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                parts.append(
                    f"![Output](data:image/png;base64,{''.join(data['image/png']).strip()})"
                )
            else:
                parts.append(_fenced(output.get("text") or data["text/plain"]))
    return "\n\n".join(parts) + "\n"


def _fenced(text: list[str]) -> str:
    return "```text\n" + "".join(text).rstrip() + "\n```"
