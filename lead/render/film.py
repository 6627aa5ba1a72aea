"""Motions side by side on the ground, drawn moment by moment, with a camera that follows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageDraw, ImageFilter

from lead.motion.figure import COLOURS
from lead.render.body import Scene
from lead.render.lettering import BLACK, INK, font, wrap
from lead.render.shade import paint_cones
from lead.render.sheet import draw_legend
from lead.render.stick import LEFT, RIGHT, Camera
from lead.render.strip import TRAIL

MOST = 4
"""Motions that fit beside one another."""

_FINER = 2  # drawn this much larger and reduced, for smooth edges
_WIDTHS, _HEIGHT = {1: 640, 2: 400, 3: 320, 4: 280}, 480
_PAGE, _GRID, _SHADOW = (250, 250, 248), (194, 199, 208), (40, 44, 60)
AZIMUTH, ELEVATION, DISTANCE = -32.0, 13.0, 5.2
"""Where the camera stands: degrees around and above the ground, and body heights away."""

PATH_SECONDS = 6.0, 3.0
"""How much of the root's path is shown: behind it and before it."""

_GROUND, _CAPTION, _MARGIN = 0.845, 64, 22
_STEP, _RADIUS, _PIECES = 0.5, 1.75, 20  # grid: metres; radius of the ground in body heights
_FAINTEST = 0.02  # share of a colour that is still drawn
_PRINTS_LAST = 2.5  # seconds
_DARK = 0.42  # of the shadow at its darkest


@dataclass(frozen=True)
class _Panel:
    """One motion's part of the picture, ``size`` in pixels of the finer picture."""

    scene: Scene
    size: tuple[int, int]
    camera: Camera


def video_size(count: int) -> tuple[int, int]:
    """Width and height in pixels of a video of ``count`` motions."""
    return _WIDTHS[count] * count, _HEIGHT


def video_frames(scenes: Sequence[Scene], times: Sequence[float]) -> Iterator[Image.Image]:
    """Draw the pictures of these moments, in seconds from the first frame."""
    panels = _panels(scenes)
    size = video_size(len(scenes))
    end = max(max(times), 1e-9)
    still = _lettering(panels, size)
    for time in times:
        picture = Image.new("RGB", size, _PAGE)
        for number, panel in enumerate(panels):
            frame = min(int(time * panel.scene.fps + 1e-6), len(panel.scene.points) - 1)
            picture.paste(_draw(panel, frame), (number * size[0] // len(panels), 0))
        picture.paste(still, (0, 0), still)
        _draw_clock(picture, time, end)
        yield picture


def _panels(scenes: Sequence[Scene]) -> list[_Panel]:
    """Cameras of one scale, at which the tallest and the widest of the motions fit."""
    width, height = _WIDTHS[len(scenes)] * _FINER, _HEIGHT * _FINER
    room = (_GROUND * _HEIGHT - _CAPTION) * _FINER
    panels = []
    for scene in scenes:
        camera = Camera(
            1.0, (width / 2, _GROUND * height), azimuth=AZIMUTH, elevation=ELEVATION,
            distance=DISTANCE * scene.height,
        )  # fmt: skip
        panels.append(_Panel(scene, (width, height), camera))
    scale = min(min(0.97 * room / up, 0.47 * width / aside) for up, aside in map(_extent, panels))
    return [replace(panel, camera=replace(panel.camera, scale=scale)) for panel in panels]


def _extent(panel: _Panel) -> tuple[float, float]:
    """How far the figure reaches above its target and beside it, at one pixel per metre."""
    moved = panel.scene.points.copy()
    moved[..., [0, 2]] -= panel.scene.target[:, None]
    seen = panel.camera.project(moved)[..., :2] - panel.camera.centre
    up = max(float(-seen[..., 1].min()), 0.95 * panel.scene.height)
    return 1.04 * up, float(np.abs(seen[..., 0]).max()) + 0.08 * panel.scene.height


def _draw(panel: _Panel, frame: int) -> Image.Image:
    scene = panel.scene
    x, z = scene.target[frame]
    camera = replace(panel.camera, target=(float(x), 0.0, float(z)))
    picture = Image.new("RGB", panel.size, _PAGE)
    draw = ImageDraw.Draw(picture)
    _draw_grid(draw, camera, scene)
    _draw_prints(draw, camera, scene, frame)
    _draw_path(draw, camera, scene, frame)
    _draw_shadow(picture, camera, scene, frame)
    balls = camera.project(scene.points[frame])
    grown = camera.scale * camera.nearness(balls[:, 2])
    balls[:, 2] *= camera.scale
    starts, ends, radii, parts = scene.arrays
    first = np.column_stack([balls[starts], grown[starts] * radii[:, 0]])
    last = np.column_stack([balls[ends], grown[ends] * radii[:, 1]])
    both = np.concatenate([first, last])
    low = np.floor((both[:, :2] - both[:, 3:]).min(0)).clip(0, panel.size).astype(int)
    high = np.ceil((both[:, :2] + both[:, 3:]).max(0)).clip(0, panel.size).astype(int)
    if (low < high).all():
        pixels = np.array(picture.crop((*low.tolist(), *high.tolist())))
        first[:, :2] -= low
        last[:, :2] -= low
        paint_cones(pixels, first, last, np.array(COLOURS)[parts])
        picture.paste(Image.fromarray(pixels), (int(low[0]), int(low[1])))
    return picture.reduce(_FINER)


def _draw_grid(draw: ImageDraw.ImageDraw, camera: Camera, scene: Scene) -> None:
    """Lines fixed in space that fade away from the camera's target."""
    x, _, z = camera.target
    radius = _RADIUS * scene.height
    places = np.linspace(-radius, radius, _PIECES + 1)
    lines = []
    for across, along, middle in ((0, 1, (x, z)), (1, 0, (z, x))):
        first, last = np.ceil((middle[0] - radius) / _STEP), np.floor((middle[0] + radius) / _STEP)
        for number in np.arange(first, last + 1):
            line = np.empty((len(places), 2))
            line[:, across], line[:, along] = number * _STEP, middle[1] + places
            lines.append(line)
    _draw_fading(draw, camera, lines, radius, _GRID, _FINER - 1)


def _draw_path(draw: ImageDraw.ImageDraw, camera: Camera, scene: Scene, frame: int) -> None:
    """The root's way on the ground: strong where it has been, faint where it will be."""
    behind, ahead = (round(seconds * scene.fps) for seconds in PATH_SECONDS)
    first = max(0, frame - behind)
    roots = scene.points[first : frame + ahead + 1, 0][:, [0, 2]]
    radius = 1.5 * _RADIUS * scene.height
    faint, strong = _mixed(TRAIL, _PAGE, 0.3), _mixed(TRAIL, _PAGE, 0.85)
    _draw_fading(draw, camera, [roots], radius, faint, _FINER)
    _draw_fading(draw, camera, [roots[: frame - first + 1]], radius, strong, 2 * _FINER)


def _draw_fading(
    draw: ImageDraw.ImageDraw,
    camera: Camera,
    lines: Sequence[Float[np.ndarray, "_ 2"]],
    radius: float,
    colour: tuple[int, int, int],
    width: int,
) -> None:
    """Lines on the ground, which fade within ``radius`` of the camera's target."""
    target = np.array([camera.target[0], camera.target[2]])
    starts = np.concatenate([line[:-1] for line in lines])
    ends = np.concatenate([line[1:] for line in lines])
    shares = 1 - np.linalg.norm((starts + ends) / 2 - target, axis=1) / radius
    seen = shares > _FAINTEST
    first = camera.project(_on_ground(starts[seen]))[:, :2]
    last = camera.project(_on_ground(ends[seen]))[:, :2]
    shares = np.minimum(1.0, 1.6 * shares[seen])
    shades = _shades(colour)
    steps = np.ceil(32 * shares).astype(int).tolist()
    for step, line in zip(steps, np.hstack([first, last]).tolist(), strict=True):
        draw.line(line, fill=shades[step], width=width)


def _draw_prints(draw: ImageDraw.ImageDraw, camera: Camera, scene: Scene, frame: int) -> None:
    """Where feet rest now, in the colour of their side, and, fading, where they have been."""
    for print_ in scene.prints:
        since = (frame - print_.stop + 1) / scene.fps
        if print_.start > frame or since > _PRINTS_LAST:
            continue
        at = min(frame, print_.stop - 1)
        rests = since <= 0
        strength = 0.75 if rests else 0.5 * (1 - since / _PRINTS_LAST)
        heel, tip = scene.points[at, list(scene.feet[print_.foot])][:, None, [0, 2]]
        radius = (0.042 if rests else 0.022) * scene.height
        outline = _hulls(heel, tip, np.full((1, 2), radius))[0]
        places = camera.project(_on_ground(outline))[:, :2]
        colour = _mixed((LEFT, RIGHT)[print_.foot], _PAGE, 0.55 * strength)
        draw.polygon(places.ravel().tolist(), fill=colour)


def _draw_shadow(picture: Image.Image, camera: Camera, scene: Scene, frame: int) -> None:
    """What the body keeps from a light above it, blurred."""
    coarse = 4
    mask = Image.new("L", (picture.width // coarse, picture.height // coarse), 0)
    draw = ImageDraw.Draw(mask)
    points = scene.points[frame]
    # The light comes from the left and from before the figure, wherever the camera stands.
    right, _, towards = camera.axes()
    lean = 0.2 * right[[0, 2]] - 0.12 * towards[[0, 2]]
    spots = points[:, [0, 2]] + np.maximum(points[:, [1]], 0) * lean
    starts, ends, radii, _ = scene.arrays
    outlines = _hulls(spots[starts], spots[ends], radii)
    places = camera.project(_on_ground(outlines.reshape(-1, 2)))[:, :2] / coarse
    heights = (points[starts, 1] + points[ends, 1]) / 2 / scene.height
    levels = np.round(255 * (0.45 + 0.55 * np.maximum(0, 1 - 4 * heights))).astype(int).tolist()
    shapes = places.reshape(len(outlines), -1).tolist()
    for number in np.argsort(-heights, kind="stable").tolist():
        draw.polygon(shapes[number], fill=levels[number])
    mask = mask.filter(ImageFilter.GaussianBlur(0.014 * scene.height * camera.scale / coarse))
    box = mask.getbbox()
    if box is not None:
        dark = mask.crop(box).point([round(_DARK * level) for level in range(256)])
        dark = dark.resize((dark.width * coarse, dark.height * coarse), Image.Resampling.BILINEAR)
        picture.paste(_SHADOW, (box[0] * coarse, box[1] * coarse), dark)


def _lettering(panels: Sequence[_Panel], size: tuple[int, int]) -> Image.Image:
    """Captions and legend, which stay as they are: transparent elsewhere."""
    still = Image.new("RGBA", size, (*_PAGE, 0))
    draw = ImageDraw.Draw(still)
    width = size[0] // len(panels)
    face = font(19 if len(panels) < 3 else 16, bold=True)
    for number, panel in enumerate(panels):
        left, top = number * width + _MARGIN, 18
        for line in wrap(panel.scene.text or panel.scene.label, face, width - 2 * _MARGIN, 2):
            draw.text((left, top), line, BLACK, face)
            top += 24
        if panel.scene.text and panel.scene.label:
            line = wrap(panel.scene.label, font(13), width - 2 * _MARGIN, 1)[0]
            draw.text((left, top + 2), line, INK, font(13))
        if number:
            draw.line([(number * width, 20), (number * width, size[1] - 56)], (228, 230, 234), 1)
    draw_legend(draw, (("left", LEFT), ("right", RIGHT)), (float(_MARGIN), size[1] - 26.0), 13)
    return still


def _draw_clock(picture: Image.Image, time: float, end: float) -> None:
    draw = ImageDraw.Draw(picture)
    width, height = picture.size
    draw.text((width - _MARGIN, height - 26), f"{time:.1f} s", INK, font(13), anchor="rm")
    draw.rectangle((0, height - 4, width, height), fill=(232, 234, 238))
    draw.rectangle((0, height - 4, round(width * time / end), height), fill=TRAIL)


def _on_ground(places: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 3"]:
    return np.column_stack([places[:, 0], np.zeros(len(places)), places[:, 1]])


def _hulls(
    starts: Float[np.ndarray, "n 2"],
    ends: Float[np.ndarray, "n 2"],
    radii: Float[np.ndarray, "n 2"],
) -> Float[np.ndarray, "n 18 2"]:
    """The outlines of pairs of discs and what lies between them."""
    way = ends - starts
    turn = np.arctan2(way[:, 1], way[:, 0])[:, None] + np.pi / 2 + np.linspace(0, np.pi, 9)
    half = np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    around = starts[:, None] + radii[:, :1, None] * half, ends[:, None] - radii[:, 1:, None] * half
    return np.concatenate(around, axis=1)


@cache
def _shades(colour: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    return [_mixed(colour, _PAGE, step / 32) for step in range(33)]


def _mixed(
    colour: tuple[int, int, int], ground: tuple[int, int, int], share: float
) -> tuple[int, int, int]:
    r, g, b = (round(share * c + (1 - share) * p) for c, p in zip(colour, ground, strict=True))
    return r, g, b
