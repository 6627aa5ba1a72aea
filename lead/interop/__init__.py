"""Official checkpoints as this package's networks.

`load_t2m_evaluator` opens the published evaluator of Guo et al. 2022, `load_motius_evaluator` the
same as Motius packs it, `load_mardm_evaluator` MARDM's, `load_mld` the networks of MLD, and
`load_motionlcm` those of MotionLCM.
"""

from lead.interop.evaluators import load_mardm_evaluator as load_mardm_evaluator
from lead.interop.evaluators import load_motius_evaluator as load_motius_evaluator
from lead.interop.mld import load_mld as load_mld
from lead.interop.mld import load_motionlcm as load_motionlcm
from lead.interop.t2m_evaluator import load_t2m_evaluator as load_t2m_evaluator
