"""Groups of about equal size by a whole number that many items share."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Int


def quantile_groups(
    values: Int[np.ndarray, "R I"], groups: int
) -> list[tuple[int, int, Bool[np.ndarray, "R I"]]]:
    """The least and the largest value of every group, and which values are in it.

    Equal values are in one group, so that there are fewer groups where one value is that common.
    """
    shares = np.arange(1, groups) / groups
    edges = np.unique(np.quantile(values, shares, method="lower"))
    most = int(values.max())
    limits = [int(values.min()) - 1, *(int(edge) for edge in edges if edge < most), most]
    found = []
    for below, last in pairwise(limits):
        inside = (values > below) & (values <= last)
        found.append((int(values[inside].min()), last, inside))
    return found
