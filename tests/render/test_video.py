"""Facts about moving pictures: what they hold, and that they are the same every time."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageSequence
from swaying_body import swaying_body

from lead.errors import LeadError
from lead.mocap.motion_file import StoredMotion
from lead.motion.skeleton import HUMANML3D, KIT
from lead.render.body import scene
from lead.render.film import video_frames, video_size
from lead.render.shade import paint_cones
from lead.render.stick import LEFT, RIGHT, Camera
from lead.render.video import ffmpeg, write_video

BOTH = pytest.mark.parametrize("skeleton", [HUMANML3D, KIT], ids=lambda skeleton: skeleton.name)


def swaying(skeleton=HUMANML3D, frames=8, fps=20.0, text="a person sways"):
    return StoredMotion(swaying_body(skeleton)[:frames], skeleton, fps, text)


def standing(frames=8, speed=0.0, turn=0.0):
    """The rest pose, gliding to where it looks, which is ``turn`` degrees from +Z."""
    pose = np.zeros((22, 3))
    bones = HUMANML3D.raw_offsets * np.array(HUMANML3D.bone_lengths)[:, None]
    for joint, parent in enumerate(HUMANML3D.parents[1:], start=1):
        pose[joint] = pose[parent] + bones[joint]
    pose[:, 1] -= pose[:, 1].min()
    joints = np.repeat(pose[None], frames, axis=0)
    joints[..., 2] += speed * np.arange(frames)[:, None] / 20
    s, c = np.sin(np.radians(turn)), np.cos(np.radians(turn))
    return StoredMotion(joints @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]]), HUMANML3D, 20.0)


def pixels(motion, time=0.0):
    return np.asarray(next(video_frames([scene(motion)], [time])))


def bluish(picture):
    return (picture[..., 2].astype(int) - picture[..., 0] > 60).sum()


@BOTH
def test_a_figure_has_head_hands_and_feet_beyond_its_joints(skeleton):
    shown = scene(swaying(skeleton))
    joints = skeleton.joint_count
    assert shown.points.shape[1] > joints and np.isfinite(shown.points).all()
    assert shown.points[:, :, 1].max() > 1.02 * shown.points[:, :joints, 1].max()
    used = {cone.start for cone in shown.cones} | {cone.end for cone in shown.cones}
    assert max(used) < shown.points.shape[1] and set(range(joints, max(used) + 1)) <= used


def test_kits_body_has_the_proportions_of_the_other_skeletons():
    large, small = scene(swaying()), scene(swaying(KIT))
    ratio = small.height / large.height
    for one, other in zip(large.cones[:3], small.cones[:3], strict=True):
        assert other.radii[0] / one.radii[0] == pytest.approx(ratio)


@pytest.mark.parametrize("turn", [0.0, 77.0, 180.0, -130.0])
def test_every_motion_begins_at_the_origin_and_faces_the_same_way(turn):
    shown = scene(standing(speed=1.0, turn=turn))
    np.testing.assert_allclose(shown.points, scene(standing(speed=1.0)).points, atol=1e-9)
    np.testing.assert_allclose(shown.points[0, 0, [0, 2]], 0, atol=1e-9)


def test_a_foot_that_rests_leaves_a_print_and_one_in_the_air_does_not():
    still = standing(frames=10)
    assert [(p.foot, p.start, p.stop) for p in scene(still).prints] == [(0, 0, 10), (1, 0, 10)]
    high = still.joints + np.array([0, 0.5, 0])
    assert scene(replace(still, joints=high)).prints == ()
    assert scene(standing(frames=10, speed=1.5)).prints == ()


def test_the_camera_follows_who_walks_and_not_who_sways():
    walks = scene(standing(frames=60, speed=1.4))
    np.testing.assert_allclose(walks.target[30], walks.points[30, 0, [0, 2]], atol=0.1)
    stays = scene(standing(frames=60, speed=0.1))
    assert np.ptp(stays.target, axis=0).max() == 0


def test_a_perspective_camera_shows_what_is_near_larger_and_its_target_alike():
    near, far = np.array([[0, 1, 1.0], [0, 0, 1.0]]), np.array([[0, 1, -1.0], [0, 0, -1.0]])
    camera = Camera(100.0, (0.0, 0.0), azimuth=0.0, elevation=0.0, distance=4.0)
    heights = [
        np.ptp(camera.project(line)[:, 1])
        for line in (near, 0 * near + [[0, 1, 0], [0, 0, 0]], far)
    ]
    assert heights[0] > heights[1] > heights[2] and heights[1] == pytest.approx(100)


def test_what_lies_behind_the_camera_stays_finite():
    camera = Camera(100.0, (0.0, 0.0), distance=4.0)
    assert np.isfinite(camera.project(np.array([[-90.0, 1.0, 90.0]]))).all()


def test_a_cone_hides_what_is_behind_it_and_is_round():
    picture = np.full((60, 60, 3), 255, dtype=np.uint8)
    balls = [[10, 30, 0, 6], [30, 10, 9, 6]], [[50, 30, 0, 6], [30, 50, 9, 6]]
    red, green = [200, 0, 0], [0, 200, 0]
    paint_cones(picture, *(np.array(side, float) for side in balls), np.array([red, green]))
    middle = picture[30, 30]
    assert middle[1] > 100 > middle[0]
    assert picture[30, 12, 0] > 100 and (picture[5:9, 5:9] == 255).all()
    lit, unlit = picture[20, 26].sum(), picture[20, 34].sum()
    assert lit > unlit  # the light comes from the left


@pytest.mark.parametrize("end", [(30, 30, 40, 5), (30, 30, 0, 5), (31, 30, 0, 20), (-90, 30, 0, 5)])
def test_a_cone_along_the_view_without_length_or_outside_is_drawn(end):
    picture = np.full((60, 60, 3), 255, dtype=np.uint8)
    paint_cones(
        picture, np.array([[30.0, 30, 0, 8]]), np.array([end], float), np.array([[200, 0, 0]])
    )
    assert (picture[30, 30] < 255).any()


def test_the_same_motion_gives_the_same_pixels():
    assert (pixels(swaying(), 0.2) == pixels(swaying(), 0.2)).all()


def test_another_frame_gives_other_pixels():
    assert (pixels(swaying(), 0.0) != pixels(swaying(), 0.3)).any()


def test_left_is_blue_and_to_the_right_of_the_picture():
    picture = pixels(standing())[80:420].astype(int)
    blue = np.nonzero(picture[..., 2] - picture[..., 0] > 60)[1].mean()
    orange = np.nonzero(picture[..., 0] - picture[..., 2] > 60)[1].mean()
    assert blue > orange
    assert LEFT[2] > LEFT[0] and RIGHT[0] > RIGHT[2]


def test_motions_side_by_side_have_one_scale_and_their_own_places():
    alone = scene(standing())
    small = replace(standing(), joints=0.5 * standing().joints)
    wide = np.asarray(next(video_frames([alone, scene(small)], [0.0])))
    assert wide.shape == (video_size(2)[1], video_size(2)[0], 3)
    left, right = wide[:, :400], wide[:, 400:]
    assert 3 < bluish(left[80:430]) / bluish(right[80:430]) < 5


def test_a_gif_has_the_motions_frames_size_and_time(tmp_path):
    path = tmp_path / "motion.GIF"
    said = write_video([scene(swaying(frames=3, fps=30.0))], path)
    assert said == "3 frames at 30 fps, 640 x 480 pixels"
    with Image.open(path) as picture:
        durations = [frame.info["duration"] for frame in ImageSequence.Iterator(picture)]
        assert picture.size == (640, 480) and picture.info["loop"] == 0
    assert durations == [30, 40, 30]
    again = tmp_path / "again.gif"
    write_video([scene(swaying(frames=3, fps=30.0))], again)
    assert path.read_bytes() == again.read_bytes()


def test_an_mp4_has_the_motions_frames_size_and_title(tmp_path):
    pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg is not installed")
    path = tmp_path / "motion.mp4"
    motion = swaying(frames=3, text="a 'person' ; sways = \\ \"so\" \0 <b>")
    write_video([scene(motion)], path)
    command = [ffmpeg(), "-i", str(path), "-map", "0:v", "-c", "copy", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    assert "640x480" in said and "20 fps" in said and "<b>" in said
    assert int(said.rsplit("frame=", 1)[1].split()[0]) == 3
    first = path.read_bytes()
    write_video([scene(motion)], path)
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("fps", "shown"), [(12.5, 12.5), (20, 20), (60, 30), (120, 30), (1000, 1000 / 34)]
)
def test_many_frames_a_second_are_thinned(tmp_path, fps, shown):
    said = write_video([scene(swaying(frames=4, fps=fps))], tmp_path / "motion.gif")
    assert f"{max(1, round(4 / fps * shown))} frames at {shown:g} fps" in said


def test_without_ffmpeg_the_fix_is_named_and_nothing_written(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(LeadError) as caught:
        write_video([scene(swaying(frames=2))], tmp_path / "motion.mp4")
    assert "pip install imageio-ffmpeg" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_an_ffmpeg_that_fails_is_one_message(tmp_path, monkeypatch):
    monkeypatch.setattr("lead.render.video.ffmpeg", lambda: "false")
    with pytest.raises(LeadError, match="could not write"):
        write_video([scene(swaying(frames=2))], tmp_path / "motion.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("motions", "name", "said"),
    [(0, "a.gif", "1 to 4"), (5, "a.mp4", "1 to 4"), (1, "a.avi", ".gif or .mp4")],
)
def test_what_cannot_be_filmed_is_refused(tmp_path, motions, name, said):
    with pytest.raises(LeadError) as caught:
        write_video([scene(swaying(frames=2))] * motions, tmp_path / name)
    assert said in str(caught.value)


def test_a_gif_of_more_than_a_minute_is_refused(tmp_path):
    with pytest.raises(LeadError, match="too large"):
        write_video([scene(standing(frames=1300))], tmp_path / "a.gif")


def test_a_motion_that_is_not_finite_is_refused():
    motion = swaying()
    motion.joints[3, 2, 1] = np.nan
    with pytest.raises(LeadError, match="not finite"):
        scene(motion)


@pytest.mark.parametrize("frames", [1, 2])
def test_a_pose_and_one_that_lies_can_be_shown(frames):
    lying = standing(frames=frames)
    turned = replace(lying, joints=lying.joints[..., [0, 2, 1]])
    flat = replace(lying, joints=0 * lying.joints)
    for motion in (lying, turned, flat):
        assert pixels(motion).shape == (480, 640, 3)
