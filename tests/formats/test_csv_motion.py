"""A table of positions is what a spreadsheet or pandas reads."""

import numpy as np
import pandas as pd
import pytest
from swaying_body import stretching_body

from lead.formats.stored_motion import write_csv
from lead.motion.skeleton import HUMANML3D, KIT


@pytest.mark.parametrize("skeleton,metres", [(HUMANML3D, 1.0), (KIT, 0.001)], ids=["22", "21"])
def test_positions_come_back_in_metres_within_a_thousandth_of_a_millimetre(
    tmp_path, skeleton, metres
):
    joints = stretching_body(skeleton)
    write_csv(tmp_path / "motion.csv", joints, skeleton, 20.0)
    table = pd.read_csv(tmp_path / "motion.csv")
    for number, joint in enumerate(skeleton.joints):
        found = table[[f"{joint}.x", f"{joint}.y", f"{joint}.z"]].to_numpy()
        np.testing.assert_allclose(found, metres * joints[:, number], atol=1e-6)


def test_every_frame_has_its_number_and_time(tmp_path):
    write_csv(tmp_path / "motion.csv", stretching_body(KIT, 26), KIT, 12.5)
    table = pd.read_csv(tmp_path / "motion.csv")
    assert list(table["frame"]) == list(range(26))
    np.testing.assert_allclose(table["time"], 0.08 * np.arange(26))
    assert list(table.columns[:3]) == ["frame", "time", "root.x"]
    assert len(table.columns) == 2 + 3 * 21
