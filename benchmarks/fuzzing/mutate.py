"""Damage the bytes of a file as a transfer, an editor or an attacker would."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import zipfile

import numpy as np

NUMBERS = (
    "0", "-1", "1", "nan", "inf", "-inf", "1e300", "-1e300", "1e39", "1e-300", "1e18", "3e38",
    "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "1" + 20 * "0",
    "1" + 5000 * "0", "1000000000", "100000", "0.0000001", "1,5", "0x10", "true", "null", "''",
)  # fmt: skip
VALUES = (np.nan, np.inf, -np.inf, 1e300, -1e300, 1e39, 3e38, 1e18, 1e9, 0.0, -1.0, 1e-300)
TYPES = ("f8", "f4", "f2", "i8", "i4", "u1", "?", "U3", "S4", "c8", "M8[s]", "V8", ">f4", "f16")
BOMB = 400_000_000
"""Zeros that are packed into a small archive."""

_NUMBER = re.compile(rb"(?<![\w.])[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?(?![\w.])")


def mutate(content: bytes, rng: random.Random) -> bytes:
    """A damaged copy: one to three changes, within archives and arrays as well as on their bytes.

    Checksums and lengths of containers are made to fit in most cases, so that the damage reaches
    the reader of what is inside.
    """
    inside = _CONTAINERS.get(content[:2])
    if content[8:9] == b"{":
        inside = _safetensors
    if inside and rng.random() < 0.75:
        try:
            return inside(content, rng)
        except Exception:  # a copy that is too damaged already
            pass
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        ways = _TEXT if _is_text(content) and rng.random() < 0.7 else _BYTES
        content = rng.choice(ways)(content, rng)
    return content


def _is_text(content: bytes) -> bool:
    return b"\0" not in content[:2000]


def _somewhere(content: bytes, rng: random.Random) -> int:
    """A place in the content; headers and tails are hit as often as all the rest."""
    size = len(content)
    ends = (rng.randrange(min(size, 200) or 1), max(size - 1 - rng.randrange(100), 0))
    return rng.choice((*ends, rng.randrange(size or 1), rng.randrange(size or 1)))


def _flip(content: bytes, rng: random.Random) -> bytes:
    data = bytearray(content or b"\0")
    data[min(_somewhere(content, rng), len(data) - 1)] ^= 1 << rng.randrange(8)
    return bytes(data)


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: _somewhere(content, rng)]


def _drop(content: bytes, rng: random.Random) -> bytes:
    start = _somewhere(content, rng)
    return content[:start] + content[start + rng.choice((1, 4, 64, 1000)) :]


def _zero(content: bytes, rng: random.Random) -> bytes:
    start, count = _somewhere(content, rng), rng.choice((1, 4, 64, 1000))
    return content[:start] + bytes(len(content[start : start + count])) + content[start + count :]


def _copy(content: bytes, rng: random.Random) -> bytes:
    start, target = _somewhere(content, rng), _somewhere(content, rng)
    chunk = content[start : start + rng.choice((1, 4, 64, 1000))]
    return content[:target] + chunk * rng.choice((1, 1, 50)) + content[target:]


def _field(content: bytes, rng: random.Random) -> bytes:
    """A number of a header as the largest, the smallest or another one of its width."""
    width, start = rng.choice((1, 2, 4, 8)), _somewhere(content, rng)
    number = rng.choice((0, 1, 2 ** (8 * width) - 1, 2 ** (8 * width - 1), rng.getrandbits(8)))
    return content[:start] + number.to_bytes(width, "little") + content[start + width :]


def _number(content: bytes, rng: random.Random) -> bytes:
    found = list(_NUMBER.finditer(content[:200_000]))
    if not found:
        return _flip(content, rng)
    hit = rng.choice(found[: rng.choice((20, len(found)))])
    return content[: hit.start()] + rng.choice(NUMBERS).encode() + content[hit.end() :]


def _line(content: bytes, rng: random.Random) -> bytes:
    lines = content.split(b"\n")
    start, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(4):
        case 0:
            del lines[start]
        case 1:
            lines[start], lines[other] = lines[other], lines[start]
        case 2:
            lines[start:start] = lines[other : other + 1] * rng.choice((1, 100, 3000))
        case 3:
            lines[start] = b" ".join(lines[start].split(b" ")[:-1])
    return b"\n".join(lines)


def _word(content: bytes, rng: random.Random) -> bytes:
    """A word in place of another one, or one of the signs that texts are made of."""
    words = list(re.finditer(rb"[^\s,]+", content[:200_000]))
    if not words:
        return _copy(content, rng)
    hit, other = rng.choice(words), rng.choice(words)[0]
    signs = (b"{", b"}", b"[" * 3000, b"&a [*a, *a]", b"\xff\xfe", b"\0", b"'", b"", b":", b"- ")
    return content[: hit.start()] + rng.choice((other, *signs)) + content[hit.end() :]


_BYTES = (_flip, _cut, _drop, _zero, _copy, _field)
_TEXT = (_number, _number, _number, _line, _word, _flip, _cut, _copy)


def _zip(content: bytes, rng: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}
        kept = [entry.compress_type for entry in archive.infolist()]
    name = rng.choice(list(parts))
    match rng.randrange(12):
        case 0:
            del parts[name]
        case 1:
            parts[rng.choice(("../out", "/etc/x", "", "x" * 300, f"{name}/", "a\\..\\b"))] = b"x"
        case 2:
            parts[name] = parts[name][:200] + bytes(rng.choice((10_000_000, BOMB)))
            kept = [zipfile.ZIP_DEFLATED]
        case 3:
            parts[name] = parts[rng.choice(list(parts))]
        case _:
            parts[name] = mutate(parts[name], rng)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", rng.choice((kept[0], kept[0], zipfile.ZIP_LZMA))) as archive:
        for part, data in parts.items():
            archive.writestr(part or "x", data)
    return out.getvalue()


def _gzip(content: bytes, rng: random.Random) -> bytes:
    inside = gzip.decompress(content)
    if rng.random() < 0.1:
        return gzip.compress(inside[:512] + bytes(BOMB), 1)
    return gzip.compress(mutate(inside, rng), 1)


def _npy(content: bytes, rng: random.Random) -> bytes:
    array = np.load(io.BytesIO(content), allow_pickle=False)
    with np.errstate(all="ignore"):
        array = rng.choice((_value, _value, _value, _type, _shape))(array, rng)
    out = io.BytesIO()
    np.save(out, array, allow_pickle=True)
    return out.getvalue()


def _value(array: np.ndarray, rng: random.Random) -> np.ndarray:
    array = array.astype(np.float64) if array.dtype.kind in "fiu" else array.copy()
    if array.size:
        flat = array.reshape(-1)
        flat[rng.randrange(flat.size)] = rng.choice(VALUES)
    return array if rng.random() < 0.5 else array.astype("f4")


def _type(array: np.ndarray, rng: random.Random) -> np.ndarray:
    return array.astype(rng.choice((*TYPES, "O")))


def _shape(array: np.ndarray, rng: random.Random) -> np.ndarray:
    match rng.randrange(7):
        case 0:
            return array[:0]
        case 1:
            return array[..., None]
        case 2:
            return array.reshape(-1)
        case 3:
            return np.concatenate([array] * 3, axis=rng.randrange(max(array.ndim, 1)))
        case 4:
            return array.T
        case 5:
            return np.broadcast_to(array.reshape(-1)[:1], (rng.choice((1, 30_000, 120_000)), 22, 3))
        case _:
            return array[: rng.choice((1, 2, 5))]


def _safetensors(content: bytes, rng: random.Random) -> bytes:
    """A header or a number changed, with the header's length and the layout as they should be."""
    length = int.from_bytes(content[:8], "little")
    header, data = content[8 : 8 + length], bytearray(content[8 + length :])
    if rng.random() < 0.5 and data:
        values = json.loads(header)
        place = rng.choice([one for name, one in values.items() if name != "__metadata__"])
        kinds = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}
        if kind := kinds.get(place["dtype"]):
            start, stop = place["data_offsets"]
            numbers = np.frombuffer(data, kind, (stop - start) // int(kind[2]), start)
            with np.errstate(all="ignore"):
                numbers[rng.randrange(len(numbers))] = np.float64(rng.choice(VALUES)).astype(kind)
    elif rng.random() < 0.5:
        values = json.loads(header)
        if "lead" in values.get("__metadata__", {}):
            inside = values["__metadata__"]["lead"].encode()
            changed = rng.choice((_number, _number, _word))(inside, rng)
            values["__metadata__"]["lead"] = changed.decode("utf-8", "replace")
        else:
            rng.choice(list(values.values()))["dtype"] = rng.choice(("F8_E4M3", "I64", "BOOL"))
        header = json.dumps(values).encode()
    else:
        header = rng.choice((_number, _word, _flip, _zero))(header, rng)
    return len(header).to_bytes(8, "little") + header + data


_CONTAINERS = {b"PK": _zip, b"\x1f\x8b": _gzip, b"\x93N": _npy}
