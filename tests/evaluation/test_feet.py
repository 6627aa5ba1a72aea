"""kimodo's and MBench's metrics of motions whose value is known by construction."""

import numpy as np
import pytest
import torch
from torch import Tensor

from lead.evaluation.feet import foot_metrics
from lead.evaluation.physical import measure_motions
from lead.evaluation.physical_score import FEET, plain_values
from lead.evaluation.summary import FEET as COLUMNS
from lead.motion.skeleton import HUMANML3D, KIT

ANKLES, TOES, JOINTS = (7, 8), (10, 11), 22
FPS = 20.0
STATED = {"kimodo_skate_contacts", "kimodo_skate_max", "kimodo_consistency"}


def standing(frames: int = 21) -> Tensor:
    """A body of which only the feet are low: ankles at 8 cm, toes on the floor."""
    body = torch.full((frames, JOINTS, 3), 0.5, dtype=torch.float64)
    body[:, :, 0] += torch.arange(JOINTS) / 10
    body[:, ANKLES, 1], body[:, TOES, 1] = 0.08, 0.0
    return body


def measured(body: Tensor, contacts: Tensor | None = None, fps: float = FPS) -> dict[str, float]:
    mask = torch.ones(1, len(body), dtype=torch.bool)
    stated = None if contacts is None else contacts[None]
    found = foot_metrics(body[None], mask, HUMANML3D, fps, stated)
    return {name: float(value) for name, value in found.items()}


def moving(body: Tensor, joint: int, steps: int, way: tuple[float, float, float]) -> Tensor:
    """The body with one joint that moves by ``way`` in each of the first ``steps`` steps."""
    body = body.clone()
    moved = torch.arange(len(body)).clamp_max(steps)[:, None]
    body[:, joint] += moved * torch.tensor(way, dtype=body.dtype)
    return body


def test_a_body_that_stands_still_has_nothing_but_full_consistency():
    found = measured(standing(), torch.ones(21, 4))
    assert found.pop("kimodo_consistency") == 1
    assert set(found.values()) == {0.0}


def test_skate_from_height_is_the_mean_speed_of_low_toes_in_space():
    # 5 of 40 steps of toes at 0.05 m a frame: 1 m/s
    assert measured(moving(standing(), TOES[0], 5, (0.03, 0, 0.04)))[
        "kimodo_skate_height"
    ] == pytest.approx(5 / 40)
    # the way down counts as well
    down = moving(standing(), TOES[0], 5, (0.04, -0.03, 0))
    assert measured(down)["kimodo_skate_height"] == pytest.approx(5 / 40)


def test_a_toe_that_lifts_off_counts_with_the_step_that_lifts_it():
    body = standing()
    body[10:, TOES[1], 1] = 0.2
    # 10 of the right toe's steps begin on the floor, the last of them is 0.2 m a frame
    assert measured(body)["kimodo_skate_height"] == pytest.approx(0.2 * FPS / (20 + 10))
    assert measured(body)["kimodo_skate_ratio"] == 0


def test_the_limit_of_height_is_five_centimetres():
    raised = standing()
    raised[:, TOES, 1] = 0.0499
    assert measured(moving(raised, TOES[0], 20, (0.05, 0, 0)))["kimodo_skate_height"] == (
        pytest.approx(0.5)
    )
    raised[:, TOES, 1] = 0.0501
    assert measured(moving(raised, TOES[0], 20, (0.05, 0, 0)))["kimodo_skate_height"] == 0


@pytest.mark.parametrize(("fps", "way", "skates"), [
    (20.0, 0.0099, False), (20.0, 0.0101, True), (30.0, 0.0066, False), (30.0, 0.0067, True),
])  # fmt: skip
def test_the_ratio_counts_steps_faster_than_a_fifth_of_a_metre_a_second(fps, way, skates):
    body = moving(standing(), TOES[0], 8, (0, 0, way))
    assert measured(body, fps=fps)["kimodo_skate_ratio"] == pytest.approx(8 / 40 * skates)


def test_skate_from_contacts_is_of_the_labelled_joints_alone():
    body = moving(standing(), ANKLES[1], 4, (0.1, 0, 0))  # 2 m/s
    contacts = torch.zeros(21, 4)
    contacts[:10, 2] = 1.0
    found = measured(body, contacts)
    assert found["kimodo_skate_contacts"] == pytest.approx(2 * 4 / 10)
    assert found["kimodo_skate_max"] == pytest.approx(2)
    of_others = measured(body, torch.tensor([1.0, 1, 0, 1]).repeat(21, 1))
    assert of_others["kimodo_skate_contacts"] == of_others["kimodo_skate_max"] == 0
    assert measured(body, torch.zeros(21, 4))["kimodo_skate_max"] == 0


def test_a_label_is_contact_above_one_half():
    body = moving(standing(), TOES[0], 20, (0.05, 0, 0))
    assert measured(body, torch.full((21, 4), 0.51))["kimodo_skate_max"] == pytest.approx(1)
    assert measured(body, torch.full((21, 4), 0.49))["kimodo_skate_max"] == 0


def test_consistency_is_the_share_of_labels_that_height_and_speed_agree_with():
    contacts = torch.ones(21, 4)
    contacts[:5, 0] = contacts[20, :] = 0  # the last frame has no step and does not count
    assert measured(standing(), contacts)["kimodo_consistency"] == pytest.approx(1 - 5 / 80)
    fast = moving(standing(), TOES[0], 20, (0.0076, 0, 0))  # 0.152 m/s
    assert measured(fast, torch.ones(21, 4))["kimodo_consistency"] == pytest.approx(0.75)
    slow = moving(standing(), TOES[0], 20, (0.0074, 0, 0))
    assert measured(slow, torch.ones(21, 4))["kimodo_consistency"] == 1
    high = standing()
    high[:, ANKLES[0], 1] = 0.101
    assert measured(high, torch.ones(21, 4))["kimodo_consistency"] == pytest.approx(0.75)


def test_slide_is_the_way_along_the_floor_of_toes_in_contact():
    # each toe's mean over 21 frames, the last of which repeats the step before, then their mean
    assert measured(moving(standing(), TOES[0], 20, (0.03, 0.0001, 0.04)))[
        "mbench_slide"
    ] == pytest.approx(0.05 / 2)
    high = standing()
    high[:, TOES, 1] = 0.5
    assert measured(moving(high, TOES[0], 20, (0.03, 0, 0.04)))["mbench_slide"] == 0
    assert measured(moving(high, TOES[0], 20, (0.009, 0, 0)))["mbench_slide"] == (
        pytest.approx(0.009 / 2)
    )


def test_jitter_adds_acceleration_in_space_and_beside_the_root():
    body = standing()
    body[:, 5, 0] += 0.01 * torch.arange(21) ** 2  # 0.02 m a frame squared
    assert measured(body)["mbench_jitter"] == pytest.approx(2 * 0.02 / JOINTS)
    root = standing()
    root[:, 0, 0] += 0.01 * torch.arange(21) ** 2
    assert measured(root)["mbench_jitter"] == pytest.approx(0.02 * (1 + JOINTS - 1) / JOINTS)
    assert measured(standing() + torch.arange(21)[:, None, None] / 4)["mbench_jitter"] == (
        pytest.approx(0, abs=1e-12)
    )


def test_penetration_is_the_mean_depth_of_what_is_deeper_than_five_millimetres():
    body = standing()
    body[:4, TOES[0], 1], body[4:6, TOES[1], 1] = -0.02, -0.05
    body[6:, TOES, 1] = -0.0049
    assert measured(body)["mbench_penetration"] == pytest.approx((4 * 0.02 + 2 * 0.05) / 6)


def carried(frames: int = 21, height: float = 0.0) -> Tensor:
    """A body of which the whole moves by 2 cm a frame: legs that do not carry it."""
    body = standing(frames) + torch.tensor([0, height, 0])
    return body + 0.02 * torch.arange(frames)[:, None, None] * torch.tensor([1.0, 0, 0])


def test_a_body_that_glides_with_both_feet_on_the_floor_floats_in_every_frame():
    assert measured(carried())["mbench_float"] == 1


def test_feet_that_hang_below_a_body_in_the_air_count_a_half_each():
    assert measured(carried(height=0.5))["mbench_float"] == 1
    one = carried()
    one[:, TOES[0], 1] = 0.5  # the right foot glides, the left one hangs
    assert measured(one)["mbench_float"] == pytest.approx(1 + 0.5)


def test_feet_that_stay_while_the_body_travels_do_not_float():
    body = carried()
    body[:, TOES] = standing()[:, TOES]
    assert measured(body)["mbench_float"] == 0


def test_feet_that_shake_in_the_air_float_as_long_as_they_do():
    body = standing()
    body[:, TOES, 1] = 0.5
    body[:, 0, 0] += 0.02 * torch.arange(21)
    shaken = torch.tensor([0.0, 0.3, 0.0, -0.3] * 6)[:21]
    body[:, TOES[0], 0] += shaken + 0.01 * torch.arange(21)
    body[:, TOES[1], 2] += shaken
    assert measured(body)["mbench_float"] == 1


def test_without_stated_contacts_what_reads_them_is_absent_and_never_zero():
    body, mask = standing()[None], torch.ones(1, 21, dtype=torch.bool)
    without = measure_motions(body, mask, HUMANML3D, FPS)
    assert set(FEET) - set(without) == STATED
    values = plain_values({name: value.numpy() for name, value in without.items()})
    assert set(FEET) - set(values) == STATED
    stated = measure_motions(body, mask, HUMANML3D, FPS, torch.ones(1, 21, 4))
    assert set(FEET) <= set(plain_values({n: value.numpy() for n, value in stated.items()}))


def test_padding_and_the_batch_change_nothing():
    rng = np.random.default_rng(0)
    lengths = [1, 2, 3, 4, 17, 40]
    joints = torch.full((6, 40, JOINTS, 3), torch.nan, dtype=torch.float64)
    contacts = torch.full((6, 40, 4), torch.nan)
    for row, count in enumerate(lengths):
        joints[row, :count] = standing(count)
        joints[row, :count] += torch.from_numpy(rng.normal(0, 0.03, (count, JOINTS, 3)))
        contacts[row, :count] = torch.from_numpy(rng.uniform(0, 1, (count, 4)))
    mask = torch.arange(40) < torch.tensor(lengths)[:, None]
    together = measure_motions(joints, mask, HUMANML3D, FPS, contacts)
    for row, count in enumerate(lengths):
        own = (joints[row : row + 1, :count], mask[row : row + 1, :count], HUMANML3D, FPS)
        alone = measure_motions(*own, contacts[row : row + 1, :count])
        for name in FEET:
            assert float(together[name][row]) == pytest.approx(float(alone[name][0]))
            assert np.isfinite(float(alone[name][0]))


def test_values_are_means_over_motions_of_four_frames_and_more():
    quantities = {name: np.zeros(3, np.float32) for name in
                  ("contact_steps", "sliding_steps", "slide_speed", "gmd_frames", "jerk",
                   "joint_speed", "kinetic_energy", "range_of_motion")}  # fmt: skip
    quantities |= {"frames": np.array([3.0, 4, 200])}
    quantities |= {name: np.array([9.0, 0.1, 0.3]) for name in FEET}
    values = plain_values(quantities)
    for name, factor in FEET.items():
        assert values[name] == pytest.approx(0.2 * factor)
    assert set(COLUMNS) == set(FEET)


def test_kits_toes_are_its_foot_tips():
    body = torch.full((1, 10, 21, 3), 900.0)
    body[:, :, [15, 20], 1] = 20.0
    body[:, :, 15, 0] += 20 * torch.arange(10)
    found = measure_motions(body, torch.ones(1, 10, dtype=torch.bool), KIT, 12.5)
    assert float(found["kimodo_skate_height"]) == pytest.approx(0.02 * 12.5 / 2)
