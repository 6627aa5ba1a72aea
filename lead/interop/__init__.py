"""Official checkpoints as this package's networks.

`load_t2m_evaluator` opens the published evaluator of Guo et al. 2022.
"""

from lead.interop.t2m_evaluator import load_t2m_evaluator as load_t2m_evaluator
