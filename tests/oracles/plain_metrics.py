"""The metrics written a second time: plain loops, slow, sharing nothing with the package.

Squares are of differences, never expanded; pools are filled one pair at a time; the Fréchet
distance takes its matrix root by Jacobi rotations in extended precision.
"""

import math

import numpy as np


def frechet_distance(real, generated):
    """|m1 - m2|² + tr S1 + tr S2 - 2 tr (S1^½ S2 S1^½)^½, covariances with n - 1."""
    real, generated = (np.asarray(rows, dtype=np.longdouble) for rows in (real, generated))
    s1, s2 = covariance(real), covariance(generated)
    values, vectors = symmetric_eigen(s1)
    root = vectors @ np.diag(np.sqrt(np.maximum(values, 0))) @ vectors.T
    middle, _ = symmetric_eigen(root @ s2 @ root)
    shift = real.mean(0) - generated.mean(0)
    cross = np.sqrt(np.maximum(middle, 0)).sum()
    return float(shift @ shift + np.trace(s1) + np.trace(s2) - 2 * cross)


def covariance(rows):
    """The sum of outer products of the centred rows, over n - 1."""
    centred = rows - rows.mean(0)
    total = np.zeros((rows.shape[1], rows.shape[1]), dtype=rows.dtype)
    for row in centred:
        total += np.outer(row, row)
    return total / (len(rows) - 1)


def symmetric_eigen(matrix):
    """Eigenvalues and the matrix of eigenvectors, by cyclic Jacobi rotations."""
    matrix, width = (matrix + matrix.T) / 2, len(matrix)
    vectors = np.eye(width, dtype=matrix.dtype)
    smallest = np.finfo(matrix.dtype).eps * np.abs(matrix).max()
    for _ in range(30):
        if np.abs(matrix - np.diag(np.diag(matrix))).max(initial=0) <= smallest:
            break
        for p in range(width):
            for q in range(p + 1, width):
                if abs(matrix[p, q]) > smallest:
                    _rotate(matrix, vectors, p, q)
    return np.diag(matrix), vectors


def distance(one, other):
    """The root of the sum of squared differences."""
    return math.sqrt(math.fsum((float(a) - float(b)) ** 2 for a, b in zip(one, other, strict=True)))


def pools(items, pool, order=None):
    """Lists of ``pool`` items each, in the given order; what is left over is dropped."""
    filled, current = [], []
    for item in range(items) if order is None else order:
        current.append(int(item))
        if len(current) == pool:
            filled.append(current)
            current = []
    return filled


def r_precision(text, motion, pool=32, top=3, order=None):
    """How often a text's own motion is among the 1, 2, … nearest of its pool.

    Motions at one distance keep their places: the earlier one counts as nearer.
    """
    hits, used = [0] * top, 0
    for members in pools(len(text), pool, order):
        for item in members:
            near = sorted(
                (distance(text[item], motion[other]), place, other)
                for place, other in enumerate(members)
            )
            rank = [other for _, _, other in near].index(item)
            used += 1
            for k in range(top):
                hits[k] += rank <= k
    return [count / used for count in hits]


def multimodal_distance(text, motion, pool=None, order=None):
    """The mean distance of pairs; with a pool, of those in complete pools."""
    groups = pools(len(text), pool or 1, order)
    return _mean([distance(text[item], motion[item]) for members in groups for item in members])


def diversity(motion, first, second):
    """The mean distance of the drawn pairs."""
    return _mean([distance(motion[a], motion[b]) for a, b in zip(first, second, strict=True)])


def multimodality(motion, first, second):
    """The mean distance of the drawn pairs of samples, over all texts."""
    return _mean([diversity(samples, first, second) for samples in motion])


def mean_and_interval(values):
    """The mean, and 1.96 standard errors with the variance of a population."""
    mean = _mean(values)
    variance = _mean([(value - mean) ** 2 for value in values])
    return mean, 1.96 * math.sqrt(variance) / math.sqrt(len(values))


def _mean(values):
    return math.fsum(values) / len(values)


def _rotate(matrix, vectors, p, q):
    """The rotation in the plane of p and q that makes their entry vanish, in place."""
    ratio = (matrix[q, q] - matrix[p, p]) / (2 * matrix[p, q])
    tangent = (1 if ratio >= 0 else -1) / (abs(ratio) + np.sqrt(ratio**2 + 1))
    cosine = 1 / np.sqrt(tangent**2 + 1)
    rotation = np.array([[cosine, tangent * cosine], [-tangent * cosine, cosine]])
    matrix[:, [p, q]] = matrix[:, [p, q]] @ rotation
    matrix[[p, q]] = rotation.T @ matrix[[p, q]]
    vectors[:, [p, q]] = vectors[:, [p, q]] @ rotation


def gallery(text, motion, tops, equivalent):
    """R@k for each k below the number of items, and the median place of the first right motion.

    Motions at one distance share the mean of their places.
    """
    places = []
    for item in range(len(text)):
        order = sorted((distance(text[item], motion[other]), other) for other in range(len(text)))
        right = [
            other
            for other in range(len(text))
            if other == item or _cosine(text[item], text[other]) > equivalent
        ]
        nearest = next(apart for apart, other in order if other in right)
        shared = [place for place, (apart, _) in enumerate(order, start=1) if apart == nearest]
        places.append(_mean(shared))
    shares = {k: sum(place <= k for place in places) / len(places) for k in tops if k < len(places)}
    middle = sorted(places)
    return shares, (middle[(len(middle) - 1) // 2] + middle[len(middle) // 2]) / 2


def of_length_one(rows):
    """Every row by its length."""
    return np.array([[x / distance(row, np.zeros(len(row))) for x in row] for row in rows])


def _cosine(one, other):
    product = math.fsum(float(a) * float(b) for a, b in zip(one, other, strict=True))
    lengths = distance(one, np.zeros(len(one))) * distance(other, np.zeros(len(other)))
    return product / lengths if lengths else 0.0
