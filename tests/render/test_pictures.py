"""Facts about the pictures of motion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from lead.errors import LeadError
from lead.motion.skeleton import HUMANML3D, KIT, Skeleton
from lead.render.lettering import font, wrap
from lead.render.sheet import Panel, motion_sheet
from lead.render.stick import LEFT, RIGHT, Camera, body_height, draw_figure
from lead.render.strip import (
    TRAIL,
    common_scale,
    draw_ground,
    draw_plan,
    draw_strip,
    draw_trail,
    telling_frames,
)


def standing(skeleton: Skeleton, frames: int = 30, speed: float = 0.0) -> np.ndarray:
    """The skeleton's rest pose on the ground, gliding along +Z."""
    lengths = skeleton.bone_lengths or 21 * [160.0]  # KIT-ML has none: six make about a metre
    offsets = skeleton.raw_offsets * np.array(lengths)[:, None]
    pose = np.zeros_like(offsets)
    for joint, parent in enumerate(skeleton.parents):
        if parent >= 0:
            pose[joint] = pose[parent] + offsets[joint]
    pose[:, 1] -= pose[:, 1].min()
    motion = np.repeat(pose[None], frames, axis=0)
    motion[..., 2] += speed * np.arange(frames)[:, None] / skeleton.fps
    return motion.astype(np.float32)


def draw(pose: np.ndarray, azimuth: float) -> np.ndarray:
    picture = Image.new("RGB", (300, 300), "white")
    camera = Camera(120.0, (150.0, 280.0), azimuth=azimuth)
    draw_figure(ImageDraw.Draw(picture), pose, HUMANML3D, camera)
    return np.asarray(picture)


def columns_of(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    return np.flatnonzero((picture == colour).all(axis=-1).any(axis=0))


def row(generated: np.ndarray | None = None, nearest: np.ndarray | None = None) -> list[Panel]:
    motion = standing(HUMANML3D)
    return [
        Panel("a man stands", motion if generated is None else generated),
        Panel("Distance 1.5: a man", motion if nearest is None else nearest),
    ]


def draw_sheet(rows: list[list[Panel]], path: Path, title: str = "") -> None:
    motion_sheet(rows, ("generated", "nearest training clip"), HUMANML3D, path, title)


def test_the_cameras_axes_are_orthonormal_and_right_handed() -> None:
    axes = Camera(1.0, (0.0, 0.0), azimuth=33.0, elevation=21.0).axes()
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1)


def test_the_camera_draws_its_target_at_its_centre() -> None:
    camera = Camera(90.0, (12.0, 34.0), target=(1.0, 2.0, 3.0))
    assert camera.project(np.array([1.0, 2.0, 3.0]))[:2].tolist() == [12.0, 34.0]


def test_up_is_up_and_walking_ahead_goes_right_and_nearer() -> None:
    camera = Camera(100.0, (0.0, 0.0))
    assert camera.project(np.array([0.0, 1.0, 0.0]))[1] < -90
    ahead = camera.project(np.array([0.0, 0.0, 1.0]))
    assert ahead[0] > 50
    assert ahead[2] > 0.5


def test_seen_from_the_front_the_left_limbs_are_blue_and_to_the_right() -> None:
    # +X is the left of a body that faces +Z: the mirror image that a viewer in front sees.
    picture = draw(standing(HUMANML3D)[0], azimuth=0.0)
    assert columns_of(picture, LEFT).mean() > 160 > 140 > columns_of(picture, RIGHT).mean()


def test_the_nearer_arm_covers_the_farther_one() -> None:
    pose = standing(HUMANML3D)[0]
    from_the_left, from_the_right = draw(pose, azimuth=90.0), draw(pose, azimuth=-90.0)
    for picture, near, far in ((from_the_left, LEFT, RIGHT), (from_the_right, RIGHT, LEFT)):
        assert (picture == near).all(-1).sum() > 3 * (picture == far).all(-1).sum()


@pytest.mark.parametrize("skeleton", [HUMANML3D, KIT], ids=lambda skeleton: skeleton.name)
def test_a_standing_figure_fills_most_of_the_strip_in_any_unit(skeleton: Skeleton) -> None:
    strip = np.asarray(draw_strip(standing(skeleton), skeleton, (700, 200)))[:180, :500]
    rows = np.flatnonzero((strip == RIGHT).all(axis=-1).any(axis=1))
    assert np.ptp(rows) > 90


def test_a_scale_that_fits_two_motions_is_the_taller_ones() -> None:
    low = standing(HUMANML3D)
    high = low + np.array([0, 1.0, 0], dtype=np.float32)
    size = (600, 200)
    both = common_scale([low, high], HUMANML3D, size)
    assert both == common_scale([high], HUMANML3D, size) < common_scale([low], HUMANML3D, size)
    assert both * high[..., 1].max() < 0.86 * 200


def test_limbs_held_out_wide_are_drawn_whole() -> None:
    wide = standing(HUMANML3D)
    wide[:, 1:] += (wide[:, 1:] - wide[:, :1]) * np.array([7.0, 0, 0], dtype=np.float32)
    strip = np.asarray(draw_strip(wide, HUMANML3D, (604, 200), poses=6))[:170, :480]
    limbs = ((strip == LEFT) | (strip == RIGHT)).all(-1).any(axis=0)
    assert limbs[20:60].any()
    assert not limbs[::80].any() and not limbs[79::80].any()


def test_the_ground_moves_beneath_a_figure_that_walks_and_the_figure_stays() -> None:
    still = np.asarray(draw_strip(standing(HUMANML3D), HUMANML3D, (600, 200)))
    moving = np.asarray(draw_strip(standing(HUMANML3D, speed=1.1), HUMANML3D, (600, 200)))
    np.testing.assert_array_equal(still[:150, :460], moving[:150, :460])
    assert (still[150:185, 100:460] != moving[150:185, 100:460]).any()


def ground_under(x: float) -> np.ndarray:
    picture = Image.new("RGB", (200, 80), "white")
    camera = Camera(100.0, (100.0, 40.0), target=(x, 0.0, 0.2))
    draw_ground(ImageDraw.Draw(picture), camera, 0.8, 0.5, 1)
    return np.asarray(picture)


def test_the_grid_is_fixed_in_space_and_repeats_with_its_step() -> None:
    np.testing.assert_array_equal(ground_under(0.125), ground_under(0.625))
    assert (ground_under(0.125) != ground_under(0.375)).any()


def test_the_trail_shows_the_path_within_its_radius_only() -> None:
    path = np.stack([0 * np.arange(50), np.ones(50), -0.1 * np.arange(50)], axis=1)
    widths = []
    for radius in (0.5, 1.5):
        picture = Image.new("RGB", (600, 300), "white")
        draw_trail(ImageDraw.Draw(picture), Camera(100.0, (500.0, 150.0)), path, radius, 2)
        widths.append(np.ptp(columns_of(np.asarray(picture), TRAIL)))
    assert widths[1] == pytest.approx(3 * widths[0], abs=4)


@pytest.mark.parametrize(("axis", "sign"), [(2, 1), (0, -1)], ids=["ahead", "to the left"])
def test_the_plan_shows_a_walk_as_the_camera_sees_it(axis: int, sign: int) -> None:
    """Ahead is to the right and towards the viewer, left is to the right and away."""
    path = np.zeros((50, 3))
    path[:, axis] = 0.1 * np.arange(50)
    picture = Image.new("RGB", (200, 200), "white")
    draw_plan(ImageDraw.Draw(picture), path, 0.5, (20.0, 20.0, 160.0), 1)
    rows, columns = np.nonzero((np.asarray(picture) == TRAIL).all(axis=-1))
    assert sign * np.corrcoef(rows, columns)[0, 1] > 0.95
    assert min(rows.min(), columns.min()) > 20
    assert max(rows.max(), columns.max()) < 180


def test_a_strip_shows_the_plan_of_the_path() -> None:
    strip = np.asarray(draw_strip(standing(HUMANML3D, speed=1.0), HUMANML3D, (600, 200)))
    assert np.ptp(columns_of(strip[:, 480:], TRAIL)) > 40


def test_body_height_does_not_depend_on_the_pose_being_upright() -> None:
    pose = standing(HUMANML3D)[0].astype(np.float64)
    lying = pose[:, [0, 2, 1]]
    assert body_height(lying, HUMANML3D) == pytest.approx(body_height(pose, HUMANML3D))


def test_a_strip_of_one_frame_can_be_drawn() -> None:
    assert draw_strip(standing(HUMANML3D, frames=1), HUMANML3D, (500, 160)).size == (500, 160)


def test_a_motion_that_is_not_finite_is_refused() -> None:
    motion = standing(HUMANML3D)
    motion[7, 3, 1] = np.nan
    with pytest.raises(LeadError, match="not finite") as caught:
        draw_strip(motion, HUMANML3D, (500, 160))
    assert caught.value.found == "frame 7 of 30"


def test_the_joints_of_another_skeleton_are_refused() -> None:
    with pytest.raises(LeadError, match="no joints of the humanml3d skeleton"):
        draw_strip(standing(KIT), HUMANML3D, (500, 160))


def test_a_sheet_is_1600_wide_and_grows_with_its_rows(tmp_path: Path) -> None:
    sizes = []
    for count in (1, 3):
        draw_sheet([row()] * count, tmp_path / "sheet.png", "A title")
        with Image.open(tmp_path / "sheet.png") as sheet:
            sizes.append(sheet.size)
    assert [width for width, _ in sizes] == [1600, 1600]
    assert sizes[1][1] - sizes[0][1] > 400


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw_sheet([row()], tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_generated_is_on_the_left_and_the_nearest_clip_on_the_right(tmp_path: Path) -> None:
    walking = standing(HUMANML3D, speed=1.0)
    pictures = []
    for changes in ({}, {"generated": walking}, {"nearest": walking}):
        draw_sheet([row(**changes)], tmp_path / "sheet.png")
        with Image.open(tmp_path / "sheet.png") as sheet:
            pictures.append(np.asarray(sheet))
    for picture, half in ((pictures[1], slice(0, 800)), (pictures[2], slice(800, None))):
        changed = np.flatnonzero((picture != pictures[0]).any(axis=(0, 2)))
        assert set(changed) <= set(range(1600)[half])


def test_both_motions_of_a_row_have_one_scale(tmp_path: Path) -> None:
    high = standing(HUMANML3D) + np.array([0, 1.5, 0], dtype=np.float32)
    heights = []
    for nearest in (standing(HUMANML3D), high):
        draw_sheet([row(nearest=nearest)], tmp_path / "sheet.png")
        with Image.open(tmp_path / "sheet.png") as sheet:
            generated = np.asarray(sheet)[110:, :600]
        heights.append(np.ptp(np.flatnonzero((generated == RIGHT).all(axis=-1).any(axis=1))))
    assert heights[1] < 0.7 * heights[0]


def test_a_failed_sheet_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sheet.png"
    draw_sheet([row()], path)
    before = path.read_bytes()

    def fail(self: Image.Image, target: Path, **settings: object) -> None:
        Path(target).write_bytes(b"half a picture")
        raise RuntimeError("killed")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(RuntimeError, match="killed"):
        draw_sheet([row()], path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_letters_that_the_font_lacks_are_no_boxes():
    assert wrap("走 über α", font(20), 10_000, 1) == ["U+8D70 über α"]


def test_a_sheet_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LeadError, match="nothing to show"):
        draw_sheet([], tmp_path / "sheet.png")


@pytest.mark.parametrize("text", ["", "word", "a man " * 40, "unbroken" * 60, "é 走 " * 30])
def test_wrapped_lines_fit_and_what_is_left_out_is_marked(text: str) -> None:
    lines = wrap(text, font(18), 300, 2)
    assert 1 <= len(lines) <= 2
    assert all(font(18).getlength(line) <= 300 for line in lines)
    assert lines[-1].endswith("…") or " ".join(lines) == " ".join(text.split())


def test_a_wave_is_shown_at_its_extremes_and_a_pose_that_is_kept_at_equal_steps():
    still = standing(HUMANML3D, frames=101)
    assert list(telling_frames(still, 6)) == [0, 20, 40, 60, 80, 100]
    waving = still.copy()
    hand = HUMANML3D.joints.index("left_wrist")
    waving[:, hand, 0] += 0.3 * np.sin(2 * np.pi * np.arange(101) / 20)
    chosen = telling_frames(waving, 6)
    assert chosen[0] == 0 and chosen[-1] == 100 and (np.diff(chosen) > 9).all()
    equal = waving[[0, 20, 40, 60, 80, 100], hand, 0]
    assert np.ptp(equal) < 1e-3 and np.abs(np.diff(waving[chosen, hand, 0]))[1:-1].min() > 0.5


def test_frames_of_a_short_or_a_very_long_motion_are_in_order():
    for frames in (1, 7, 5000):
        chosen = telling_frames(standing(HUMANML3D, frames=frames, speed=1.0), 6)
        assert len(chosen) == 6 and chosen[-1] == frames - 1 and (np.diff(chosen) >= 0).all()
