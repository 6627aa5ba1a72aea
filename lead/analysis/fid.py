"""FID's interval, its floor, its value without bias, and FID by length, as rows of the analysis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lead.analysis.frechet import (
    Extrapolation,
    Gaussian,
    distance,
    distances_without,
    effective_dimension,
    expected_floor,
    extrapolate,
    fit_gaussian,
    groups_of,
    halves,
    jackknife_interval,
    leave_one_out,
    parts_of,
    sizes_of_parts,
)
from lead.analysis.paired import REAL, estimate
from lead.analysis.rows import Row, quantile_groups
from lead.evaluation.metrics import SMALLEST_PART
from lead.files.seeds import Seeds

Sets = Mapping[str, np.ndarray]
"""Embedded motions of every system, I x E; those of ``real`` are its second reading."""

Part = tuple[np.ndarray, Gaussian]
"""Items, and the Gaussian of their real motions."""

BASE = "mld"

LEAST_SIZES = 3
"""Sizes below which no line is fitted: it would have nothing to miss."""


@dataclass(frozen=True)
class Extent:
    """How much is computed: what costs time, or decides how sure a figure is."""

    jackknife_groups: int = 40
    """Groups of items that FID's interval leaves out one after the other."""
    parts: int = 4
    """FID is extrapolated from all items and from their halves, thirds, … to this many parts."""
    length_groups: int = 3
    """Groups of items by length."""
    length_repeats: int = 5
    """Repeats in which FID is computed by length: the first ones."""
    smallest_group: int = 32
    """Items below which a group is left out."""


def interval_rows(
    real: Float[np.ndarray, "I E"], sets: Sets, alike: Sequence[str], extent: Extent, seeds: Seeds
) -> list[Row]:
    """FID of one repeat with the interval of `lead.analysis.frechet`, and differences.

    Items that have one name in ``alike`` are left out together. ``n`` is the number of items. The
    difference of a system to mld leaves the same groups out.
    """
    group = groups_of(alike, extent.jackknife_groups, seeds.child("takes").numpy())
    whole, without = fit_gaussian(real), list(leave_one_out(real, group))
    values: dict[str, tuple[float, np.ndarray]] = {}
    for system, rows in sets.items():
        left = distances_without(without, leave_one_out(rows, group))
        values[system] = distance(whole, fit_gaussian(rows)), left
    intervals = []
    for system, (value, left) in values.items():
        span = jackknife_interval(value, left, least=0.0)
        against = "second reading" if system == REAL else REAL
        few = f"{len(left)} independent groups are too few for an interval"
        note = few if math.isnan(span.low) else ""
        intervals.append(Row("fid_interval", system, against, "fid", "repeat 0",
                         span.value, span.low, span.high, n=len(real), note=note))  # fmt: skip
    for system in values:
        if system not in (REAL, BASE) and BASE in values:
            (value, left), (other, left_of_other) = values[system], values[BASE]
            span = jackknife_interval(value - other, left - left_of_other)
            intervals.append(Row("fid_interval", system, BASE, "fid_difference", "repeat 0",
                             span.value, span.low, span.high, n=len(real)))  # fmt: skip
    return intervals


def floor_rows(
    real: Float[np.ndarray, "I E"], sets: Sets, extent: Extent, seeds: Seeds
) -> list[Row]:
    """FID of equal distributions, FID extrapolated to infinitely many items, and the number of
    dimensions that FID is of.

    ``n`` is the number of items of each set. Real's extrapolation is from disjoint parts of the
    real motions: it is 0 where a line in 1/N is right, and shows how far to trust the others.
    """
    order = seeds.child("parts").numpy().permutation(len(real))
    rng = seeds.child("floor").numpy()
    covariance = fit_gaussian(real).covariance
    dimension = effective_dimension(covariance)
    floors = [Row("fid_floor", REAL, "", "effective_dimension", "", dimension, n=len(real))]
    for items, name in ((len(real), "as many items"), (len(real) // 2, "half the items")):
        if items >= 2:
            value = expected_floor(covariance, items, rng)
            floors.append(Row("fid_floor", REAL, "same Gaussian", "fid", name, value, n=items))
    if len(real) >= 4:
        half = halves(real, [len(real) // 2], order)[0][1]
        floors.append(Row("fid_floor", REAL, "other half", "fid", "half the items", half,
                         n=len(real) // 2))  # fmt: skip
    parts = _parts(real, extent, order)
    for system, rows in sets.items():
        limit = _halves_limit(real, extent, order) if system == REAL else _limit(parts, rows)
        against = "other parts" if system == REAL else REAL
        if limit is None:
            note = f"left out: too few items for {real.shape[1]} dimensions"
            floors.append(Row("fid_floor", system, against, "fid_infinite", note=note))
            continue
        note = f"from {', '.join(map(str, limit.sizes))} items"
        for metric, value in (("fid_infinite", limit.limit),
                              ("fid_infinite_residual", limit.residual)):  # fmt: skip
            floors.append(Row("fid_floor", system, against, metric, "", value,
                             n=max(limit.sizes), note=note))  # fmt: skip
    return floors


def length_rows(
    real: Sequence[np.ndarray],
    sets: Mapping[str, Sequence[np.ndarray]],
    length: Int[np.ndarray, "_R I"],
    extent: Extent,
    seeds: Seeds,
) -> list[Row]:
    """FID by the length of the real crop, and less what few items add to it.

    Groups differ in number, and FID with it: beside it stand FID less the floor, and where there
    are enough items ``fid_infinite`` of the first repeat. The floor is that of independent sets;
    pairs of real and generated motions resemble each other, so that FID can be below it.
    ``real`` and ``sets`` have the first repeats, ``length`` has all, whose quantiles part the
    groups. Values are means over repeats with Student's interval; ``n`` is the number of items of
    a group in the first repeat.
    """
    of_groups = []
    for first, last, inside in quantile_groups(length, extent.length_groups):
        name = f"{first} to {last} frames"
        count = int(inside[0].sum())
        smallest = int(inside[: len(real)].sum(axis=1).min())
        if smallest < max(extent.smallest_group, 2):
            of_groups.append(Row("fid_length", "", "", "fid", name, n=count,
                             note=f"left out: {smallest} items in a repeat"))  # fmt: skip
            continue
        part = [embedded[inside[repeat]] for repeat, embedded in enumerate(real)]
        truth = [fit_gaussian(embedded) for embedded in part]
        rng = seeds.child("floor", name).numpy()
        parts = _parts(part[0], extent, rng.permutation(count))
        floor = expected_floor(truth[0].covariance, count, rng)
        of_groups.append(Row("fid_length", REAL, "same Gaussian", "fid", name, floor, n=count))
        for system, repeats in sets.items():
            embedded = [rows[inside[repeat]] for repeat, rows in enumerate(repeats)]
            of_groups += _of_group(name, system, truth, embedded, floor)
            limit = None if system == REAL else _limit(parts, embedded[0])
            if limit is not None:
                of_groups.append(Row("fid_length", system, REAL, "fid_infinite", name,
                                 limit.limit, n=count))  # fmt: skip
    return of_groups


def _of_group(
    name: str,
    system: str,
    truth: Sequence[Gaussian],
    repeats: Sequence[np.ndarray],
    floor: float,
) -> list[Row]:
    pairs = zip(truth[: len(repeats)], repeats, strict=True)
    values = np.array([distance(real, fit_gaussian(rows)) for real, rows in pairs])
    against = "second reading" if system == REAL else REAL
    of_group = []
    for metric, shift in (("fid", 0.0), ("fid_above_floor", floor)):
        span = estimate(values - shift)
        of_group.append(Row("fid_length", system, against, metric, name,
                         span.mean, span.low, span.high, n=len(repeats[0])))  # fmt: skip
    return of_group


def _parts(
    real: Float[np.ndarray, "N E"], extent: Extent, order: Int[np.ndarray, " _N"]
) -> list[Part]:
    """Disjoint parts of the real motions, of every size that is large enough."""
    sizes = _usable(sizes_of_parts(len(real), extent.parts), real.shape[1])
    return [(part, fit_gaussian(real[part])) for part in parts_of(order, sizes)]


def _limit(parts: Sequence[Part], generated: Float[np.ndarray, "N E"]) -> Extrapolation | None:
    """FID of infinitely many items; None where there are too few to draw a line through.

    Parts of both sets are the same items: as they are paired, their FID is biased less than that
    of independent sets, and only paired parts are biased alike.
    """
    if len({len(part) for part, _ in parts}) < LEAST_SIZES:
        return None
    return extrapolate(
        [(len(part), distance(real, fit_gaussian(generated[part]))) for part, real in parts]
    )


def _halves_limit(
    real: Float[np.ndarray, "N E"], extent: Extent, order: Int[np.ndarray, " N"]
) -> Extrapolation | None:
    """The same between parts of one set that share no item, which should come to 0."""
    sizes = [size // 2 for size in sizes_of_parts(len(real), extent.parts)]
    sizes = _usable(sizes, real.shape[1])
    return extrapolate(halves(real, sizes, order)) if len(sizes) >= LEAST_SIZES else None


def _usable(sizes: Sequence[int], width: int) -> list[int]:
    return [size for size in sizes if size >= max(SMALLEST_PART * width, 2)]
