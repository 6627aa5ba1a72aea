"""Array aliases and the axis letters used in every signature.

========  =======================================  ==================================
letter    axis                                     usual size
========  =======================================  ==================================
``B``     batch
``N``     frames of a recording (positions)        41 to 197
``T``     frames of features                       N - 1
``J``     joints                                   22 (HumanML3D), 21 (KIT-ML)
``D``     feature columns                          263, 251
``L``     latent tokens                            1
``M``     latent width                             256 (paper size)
``C``     pooled text width                        768 (CLIP), 384 (MiniLM)
``S``     text tokens                              up to 77
``R``     repeats of an evaluation                 20
========  =======================================  ==================================
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

Joints = Float[np.ndarray, "N J 3"]
"""Joint positions of one recording: metres (KIT-ML: its own unit), +Y up."""

Features = Float[np.ndarray, "T D"]
"""Motion features of one clip, not normalised (layout of Guo et al. 2022)."""
