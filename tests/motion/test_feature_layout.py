"""The blocks of a feature vector lie where the published statistics have them."""

import numpy as np
import pytest

from lead.motion.layout import BLOCKS, layout
from lead.motion.skeleton import HUMANML3D, KIT

BOTH = pytest.mark.parametrize("skeleton", [HUMANML3D, KIT], ids=lambda skeleton: skeleton.name)


@BOTH
def test_the_blocks_fill_the_columns_without_gap_or_overlap(skeleton):
    columns = layout(skeleton)
    found = np.concatenate([np.arange(columns.width)[columns.slice(block)] for block in BLOCKS])
    np.testing.assert_array_equal(found, np.arange(skeleton.feature_width))


def test_the_published_standard_deviation_is_constant_in_every_block(data_root):
    std = np.load(data_root / "humanml3d/Std.npy")
    blocks = [std[layout(HUMANML3D).slice(block)] for block in BLOCKS]
    assert all(np.ptp(block) < 1e-6 for block in blocks)
    expected = [0.012826, 0.016927, 0.153766, 0.122244, 0.299692, 0.019470, 0.355933]
    np.testing.assert_allclose([block.mean() for block in blocks], expected, atol=1e-6)


def test_the_published_mean_has_hips_at_94_cm_and_feet_mostly_on_the_floor(data_root):
    mean = np.load(data_root / "humanml3d/Mean.npy")
    columns = layout(HUMANML3D)
    assert mean[columns.slice("root_height")] == pytest.approx(0.93855, abs=1e-5)
    contacts = [0.848, 0.861, 0.849, 0.861]
    np.testing.assert_allclose(mean[columns.slice("contacts")], contacts, atol=1e-3)
