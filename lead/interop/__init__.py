"""Official checkpoints as this package's networks.

`load_t2m_evaluator` opens the published evaluator of Guo et al. 2022, `load_mld` the networks of
MLD, `load_motionlcm` those of MotionLCM.
"""

from lead.interop.mld import load_mld as load_mld
from lead.interop.mld import load_motionlcm as load_motionlcm
from lead.interop.t2m_evaluator import load_t2m_evaluator as load_t2m_evaluator
