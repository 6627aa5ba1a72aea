"""Damaged files that somebody kept, each put among valid ones of its kind."""

from __future__ import annotations

import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file

from fuzzing.parsers import PARSERS, Parser

KINDS = {
    "amass": ("amass", "take.npz"), "archive": ("archive", "top"), "asfamc": ("asfamc", "a"),
    "ckpt": ("checkpoint", "a.ckpt"), "glove": ("glove", ""), "map": ("map", "map.yaml"),
    "model": ("model", ""), "npy": ("npy", "features.npy"), "npz": ("npz", "a.npz"),
    "word": ("word", "zombie.word"), "yaml": ("study", "mine.yaml"),
}  # fmt: skip
"""By the first word of a file's name: the parser, and which of its valid files it replaces.

Where that is empty, the file's own name says it, after kind, failure and number.
"""
_SPLIT = b"\n=====\n"
"""Between an ASF and an AMC in one file."""


class Given:
    """Files as cases, numbered from 0, for `fuzzing.jail.judge`."""

    def __init__(self, files: list[Path], scratch: Path):
        self.files, self._scratch = files, scratch

    def parser(self, case: int) -> str:
        """The name of the parser that a case is for."""
        return KINDS[self.files[case].name.partition("_")[0]][0]

    def size(self, case: int) -> int:
        """Write the case among valid files, if it is not there yet; the bytes of all of them."""
        folder = self._scratch / str(case)
        if not folder.exists():
            folder.mkdir()
            self._parser(case).write(folder)
            _forget_origins(folder)
            self._put(case)
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    def wrong(self, case: int) -> str:
        """Read the case; what is wrong with what was accepted, empty if nothing is."""
        return self._parser(case).wrong(self._file(case))

    def _parser(self, case: int) -> Parser:
        return PARSERS[self.parser(case)]

    def _file(self, case: int) -> Path:
        given = self.files[case]
        kind, *_, own = given.name.split("_", 3)
        name = KINDS[kind][1] or own
        ending = "" if Path(name).suffix else given.suffix
        return self._scratch / str(case) / f"{name}{ending}"

    def _put(self, case: int) -> None:
        given, file = self.files[case], self._file(case)
        if self.parser(case) != "asfamc":
            shutil.copyfile(given, file)
            return
        skeleton, _, motion = given.read_bytes().partition(_SPLIT)
        file.with_name("a.asf").write_bytes(skeleton)
        file.with_name("a.amc").write_bytes(motion)


def _forget_origins(folder: Path) -> None:
    """Let networks say nothing of themselves, as in version 0.1: model.json alone does.

    Else weights would be refused as those of another training before anybody looks at them.
    """
    for network in ("vae", "denoiser", "projector"):
        path = folder / f"{network}.safetensors"
        if path.is_file():
            save_file(load_file(path), path)
