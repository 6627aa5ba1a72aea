"""docs/configuration.md is what the settings say."""

from pathlib import Path

from lead.config.document import document

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == document(), (
        "run: python -m lead.config.document > docs/configuration.md"
    )
