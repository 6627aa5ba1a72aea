"""ASF and AMC: against SciPy on a small skeleton, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from lead.errors import LeadError
from lead.formats.asfamc import bone_ends, read_amc, read_asf

ASF = """:version 1.10
:units
  mass 1.0
  length 0.45
  angle deg
:root
  order TX TY TZ RX RY RZ
  axis XYZ
  position 0 0 0
  orientation 0 0 0
:bonedata
  begin
    id 1
    name thigh
    direction 0.6 -0.8 0
    length 5
    axis 10 20 30 XYZ
    dof rx ry rz
    limits (-160.0 20.0)
           (-70.0 70.0)
           (-60.0 70.0)
  end
  begin
    id 2
    name toe
    direction 0 0 1
    length 2
    axis -90 5 20 XYZ
    dof rx rz
  end
:hierarchy
  begin
    root thigh
    thigh toe
  end
"""
AMC = """#!OML:ASF nobody.ASF
:FULLY-SPECIFIED
:DEGREES
1
root 1 2 3 10 20 30
thigh 40 50 60
toe 70 80
2
root 4 5 6 11 21 31
thigh 41 51 61
toe 71 81
"""


def test_bone_ends_agree_with_scipy():
    skeleton = read_asf(ASF, "x.asf")
    names, ends = bone_ends(skeleton, read_amc(AMC, skeleton, "x.amc"))

    def euler(angles) -> Rotation:  # x turns first, then y, then z, about fixed axes
        return Rotation.from_euler("xyz", angles, degrees=True)

    thigh_axes, toe_axes = euler([10, 20, 30]), euler([-90, 5, 20])
    thigh = euler([10, 20, 30]) * thigh_axes * euler([40, 50, 60]) * thigh_axes.inv()
    toe = thigh * toe_axes * euler([70, 0, 80]) * toe_axes.inv()
    at_thigh = np.array([1, 2, 3]) + thigh.apply([3, -4, 0])
    assert names == ("root", "thigh", "toe")
    np.testing.assert_allclose(ends[0], [[1, 2, 3], at_thigh, at_thigh + toe.apply([0, 0, 2])])


def test_a_length_of_045_means_that_a_unit_is_56_millimetres():
    assert read_asf(ASF, "x.asf").metres == pytest.approx(0.056444, abs=1e-6)


@pytest.mark.parametrize("encoding", ["ascii", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_and_encodings_do_not_matter(end, encoding):
    skeleton = read_asf(ASF.replace("\n", end).encode(encoding), "x.asf")
    motion = read_amc(AMC.replace("\n", end).encode(encoding), skeleton, "x.amc")
    np.testing.assert_array_equal(motion["toe"], [[70, 80], [71, 81]])


def in_radians(text: str, *, keep: int) -> str:
    """The text with every number after the first ``keep`` of a line of angles in radians."""
    lines = []
    for line in text.splitlines():
        words = line.split()
        if words and words[0] in ("axis", "orientation", "root", "thigh", "toe"):
            first = 1 + keep * (words[0] == "root")
            turned = [
                word if index < first or word.isalpha() else repr(np.radians(float(word)).item())
                for index, word in enumerate(words)
            ]
            line = " ".join(turned)
        lines.append(line)
    return "\n".join(lines)


@pytest.mark.parametrize("asf_in_radians", [False, True])
@pytest.mark.parametrize("amc_in_radians", [False, True])
def test_angles_are_in_the_measure_that_each_file_states(asf_in_radians, amc_in_radians):
    asf = in_radians(ASF, keep=3).replace("angle deg", "angle rad") if asf_in_radians else ASF
    amc = in_radians(AMC, keep=3).replace(":DEGREES", ":RADIANS") if amc_in_radians else AMC
    skeleton = read_asf(asf, "x.asf")
    _, ends = bone_ends(skeleton, read_amc(amc, skeleton, "x.amc"))
    expected = read_asf(ASF, "x.asf")
    np.testing.assert_allclose(
        ends, bone_ends(expected, read_amc(AMC, expected, "x.amc"))[1], atol=1e-9
    )


@pytest.mark.parametrize(
    "old, new, found",
    [
        ("toe 71 81\n", "", "toe"),
        ("thigh 40 50 60\n", "", "thigh"),
        ("toe 71 81", "toe 71", "'toe 71' in frame 2"),
        ("toe 71", "toe x", "'toe x 81' in frame 2"),
        ("toe 71", "toe nan", "of toe in frame 2"),
        ("toe 71", "tail 71", "'tail 71 81' in frame 2"),
        ("\n2\n", "\n3\n", "frame 3 after frame 1"),
        (AMC, "", "an empty file"),
        (AMC, ":DEGREES", "0 frames"),
    ],
)
def test_broken_motion_is_refused(old, new, found):
    skeleton = read_asf(ASF, "x.asf")
    with pytest.raises(LeadError) as error:
        read_amc(AMC.replace(old, new), skeleton, "x.amc")
    assert found in str(error.value.found)
    assert error.value.file == "x.amc"


@pytest.mark.parametrize(
    "old, new",
    [
        ("name toe", "name finger"),
        ("direction 0 0 1", "direction 0 0"),
        ("length 0.45", "length"),
        (":hierarchy", ":order"),
        ("direction 0 0 1", "direction 0 0 nan"),
        ("order TX TY", "order TX TX"),
        ("root thigh\n    thigh toe", "thigh toe\n    root thigh"),
        ("root thigh\n    thigh toe", "root thigh toe\n    toe thigh"),
        ("axis -90 5 20", "axis -90 inf 20"),
        ("length 0.45", "length 1e-300"),
    ],
)
def test_a_broken_skeleton_is_refused(old, new):
    with pytest.raises(LeadError) as error:
        read_asf(ASF.replace(old, new), "x.asf")
    assert error.value.file == "x.asf"
