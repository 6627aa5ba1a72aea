"""How often 95 % intervals of FID hold the FID they are of, on pairs of Gaussians.

    python experiments/fid_intervals.py --sets 200 --resamples 100

Real and generated rows are pairs with a correlation of one half. ``here`` is the FID in
expectation at this number of items, ``population`` that of infinitely many.
"""

from __future__ import annotations

import argparse

import numpy as np

from lead.analysis.frechet import (
    Gaussian,
    distance,
    distances_without,
    extrapolate,
    fit_gaussian,
    jackknife_interval,
    leave_one_out,
    sizes_of_parts,
)

CASES = ((100, 128, 0.3), (100, 32, 0.3), (500, 32, 0.3), (1000, 64, 0.3), (1000, 64, 0.0))
GROUPS = 40


def main() -> None:
    """Print a line a case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--resamples", type=int, default=100)
    arguments = parser.parse_args()
    for items, width, shift in CASES:
        measure(items, width, shift, arguments.sets, arguments.resamples)


def measure(items: int, width: int, shift: float, sets: int, resamples: int) -> None:
    """Coverage of every interval in one case."""
    rng = np.random.default_rng(1)
    spread = np.arange(1, width + 1) ** -0.5
    other = spread * (1 + shift * np.sin(np.arange(width)))
    population = distance(
        Gaussian(np.zeros(width), np.diag(spread**2)),
        Gaussian(np.full(width, shift / 5), np.diag(other**2)),
    )
    rows = []
    for _ in range(sets):
        first = rng.normal(size=(items, width))
        second = 0.5 * first + np.sqrt(0.75) * rng.normal(size=(items, width))
        real, generated = first * spread, second * other + shift / 5
        rows.append(_intervals(real, generated, resamples, rng))
    here = np.mean([own["value"] for own in rows])
    print(f"{items} items, width {width}: FID {here:.3f} here, {population:.3f} in the population")
    bias = np.mean([own["bootstrap_mean"] - own["value"] for own in rows])
    limits = np.array([own["infinite"] for own in rows])
    print(f"  bootstrap bias {bias:+.3f}, sampling bias {here - population:+.3f}; "
          f"extrapolated {limits.mean():.3f} ± {limits.std():.3f}")  # fmt: skip
    for name in ("percentile", "pivotal", "centred", "jackknife"):
        low, high = np.array([own[name] for own in rows]).T
        for target, truth in (("here", here), ("population", population)):
            covered = np.mean((low <= truth) & (truth <= high))
            print(f"  {name:11s} {target:11s} {covered:.2f}  width {np.mean(high - low):.3f}")


def _intervals(
    real: np.ndarray, generated: np.ndarray, resamples: int, rng: np.random.Generator
) -> dict:
    value = distance(fit_gaussian(real), fit_gaussian(generated))
    draws = [rng.integers(len(real), size=len(real)) for _ in range(resamples)]
    again = [distance(fit_gaussian(real[rows]), fit_gaussian(generated[rows])) for rows in draws]
    low, high = np.quantile(again, [0.025, 0.975])
    mean = float(np.mean(again))
    group = rng.permutation(len(real)) % GROUPS
    left = distances_without(leave_one_out(real, group), leave_one_out(generated, group))
    own = jackknife_interval(value, left, least=0.0)
    order = rng.permutation(len(real))
    fit = extrapolate(
        [
            (size, distance(fit_gaussian(real[rows]), fit_gaussian(generated[rows])))
            for size in sizes_of_parts(len(real), 4)
            for rows in order[: len(real) // size * size].reshape(-1, size)
        ]
    )
    return {
        "value": value,
        "bootstrap_mean": mean,
        "percentile": (low, high),
        "pivotal": (2 * value - high, 2 * value - low),
        "centred": (value - (high - mean), value + (mean - low)),
        "jackknife": (own.low, own.high),
        "infinite": fit.limit,
    }


if __name__ == "__main__":
    main()
