"""Motion to look at: whichever file is asked for, and the page in the browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lead.errors import LeadError, check_input, check_output
from lead.files.text import plain_text
from lead.mocap.look import (
    EVERY_ENDING,
    FILMS,
    PAGE,
    PICTURE,
    Labelled,
    open_page,
    temporary_page,
    write_output,
)
from lead.mocap.motion_file import read_motion
from lead.motion.skeleton import Motion

_BESIDE = 4  # motions in one film or page


def view_motions(
    sources: Sequence[Path],
    out: Path | None,
    browser: bool,
    fps: float | None = None,
    at_least: int = 1,
) -> None:
    """Show motions side by side: in a page, which is opened, or in a film.

    Args:
        sources: files that `read_motion` reads.
        out: file to write; a temporary page if None.
        browser: open the page, where there is a screen.
        fps: of sources that do not say.
        at_least: so many sources there must be.

    Raises:
        LeadError: too few or too many sources, one that cannot be read, or another ending.
    """
    if not at_least <= len(sources) <= _BESIDE:
        raise LeadError(
            "Motions are shown one at a time or beside a few others.",
            found=f"{len(sources)} files",
            expected=f"{at_least} to {_BESIDE}",
            fix="Leave some out." if len(sources) > _BESIDE else "Name the others too.",
        )
    check_output(out, PAGE, *FILMS, inputs=sources)
    motions = [(read_motion(source, fps), source.name) for source in sources]
    page = out or temporary_page(sources[0].stem)
    print(f"{page}: {write_output(motions, page)}")
    if browser and page.suffix.lower() == PAGE:
        open_page(page)


def check_outputs(paths: Sequence[Path], inputs: Sequence[Path] = ()) -> None:
    """Check the files that shall be written, before anything is computed for them.

    Raises:
        LeadError: an unknown ending, a file that cannot be written or is one of the ``inputs``,
            one file twice, or an MP4 without ffmpeg.
    """
    for path in paths:
        check_output(path, *EVERY_ENDING, inputs=inputs)
    if len({path.resolve() for path in paths}) < len(paths):
        raise LeadError(
            "One file cannot be written twice.",
            found=", ".join(map(str, paths)),
            fix="Give every --out another name.",
        )
    if any(path.suffix.lower() == ".mp4" for path in paths):
        from lead.render.video import ffmpeg

        ffmpeg()


def sentences(text: str | None, file: Path | None) -> list[str]:
    """The one sentence, or those of a file, one per line; empty lines are none.

    Raises:
        LeadError: both or neither, or the file is missing or empty.
    """
    if (text is None) == (file is None):
        raise LeadError(
            "There has to be one sentence, or a file of them.",
            found="neither" if file is None else "both",
            fix='Give "a sentence", or --texts prompts.txt.',
        )
    if text is not None:
        return [text]
    check_input(file, "sentences, one per line")
    assert file is not None
    lines = [line.strip() for line in plain_text(file.read_bytes()).split("\n")]
    if not any(lines):
        raise LeadError(
            "There are no sentences.",
            file=file,
            found="an empty file",
            expected="sentences, one per line",
            fix="Write one sentence on each line.",
        )
    return list(filter(None, lines))


def labelled(motions: Sequence[Motion], samples: int) -> list[Labelled]:
    """Say which sample of its sentence each motion is, where there are several."""
    return [
        (motion, f"sample {number % samples + 1}" if samples > 1 else "")
        for number, motion in enumerate(motions)
    ]


def write_outputs(motions: Sequence[Labelled], paths: Sequence[Path]) -> None:
    """Write every file and print what was written.

    A page or a film shows up to four motions side by side, a picture all of them. Otherwise
    each motion has a file of its own, numbered and printed with its text where there are several.

    Raises:
        LeadError: as `write_output`.
    """
    for path in paths:
        ending = path.suffix.lower()
        beside = {PAGE: _BESIDE, **dict.fromkeys(FILMS, _BESIDE), PICTURE: len(motions)}
        if len(motions) <= max(1, beside.get(ending, 1)):
            print(f"{path}: {write_output(motions, path)}")
            continue
        digits = max(2, len(str(len(motions))))
        for number, motion in enumerate(motions, start=1):
            own = path.with_stem(f"{path.stem}_{number:0{digits}}")
            print(f"{own}: {motion[0].text!r}, {write_output([motion], own)}")
