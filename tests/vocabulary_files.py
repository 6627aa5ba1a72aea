"""A vocabulary in the files of Guo et al. 2022."""

import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np

WORDS = ("sos", "eos", "unk", "a", "man", "walk", "left", "leave", "slowly", "tpose", "kick", "leg")


def write_vocabulary(
    folder: Path, words: Sequence[str] = WORDS, width: int = 300
) -> dict[str, Path]:
    """Write the three files; row r's vector is r everywhere, so that it says which word it is."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "vectors": folder / "our_vab_data.npy",
        "vocabulary": folder / "our_vab_words.pkl",
        "indices": folder / "our_vab_idx.pkl",
    }
    np.save(files["vectors"], np.repeat(np.arange(len(words), dtype=float)[:, None], width, axis=1))
    files["vocabulary"].write_bytes(pickle.dumps(list(words), protocol=3))
    files["indices"].write_bytes(pickle.dumps({word: row for row, word in enumerate(words)}, 3))
    return files
