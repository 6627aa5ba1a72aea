"""A generator that keeps what was drawn from it."""

import numpy as np


class RecordedDraws(np.random.Generator):
    """The draws of `choice`, in order, are in ``draws``."""

    def __init__(self, seed=0):
        super().__init__(np.random.PCG64(seed))
        self.draws = []

    def choice(self, *args, **kwargs):
        self.draws.append(super().choice(*args, **kwargs))
        return self.draws[-1]
