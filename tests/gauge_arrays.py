"""What embeddings hold of the gauge, where a test is about something else."""

import numpy as np

from lead.evaluation.repeats import GAUGE


def gauge_arrays(repeats: int, items: int) -> dict[str, np.ndarray]:
    """Motions that all move alike and show no action that anyone has named."""
    shape = (repeats, items)
    values = {"limb_spread": 0.1, "action": -1, "label": -1}
    return {GAUGE + name: np.full(shape, value, np.float32) for name, value in values.items()}
