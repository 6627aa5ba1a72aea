"""What counts as a foot on the floor, as sliding, and as depth, and where these limits are from.

LEAD's paper has none. They are those of motion control and of physics-guided generation, whose
papers differ in what they divide by: `lead.evaluation.physical_score` says what is divided here.
"""

from __future__ import annotations

CONTACT_HEIGHT = 0.05
"""Metres above the floor below which a toe is on it, in two frames that follow each other.

GMD (Karunratanakul et al. 2023), also used by OmniControl (Xie et al. 2024). Ankles do not count:
they stand at about 8 cm.
"""

SLIDING_SPEED = 0.5
"""Horizontal speed of a toe on the floor, in metres a second, above which it slides.

GMD's 2.5 cm between two frames at 20 frames a second. As a speed, 12.5 frames a second compare.
"""

SMOOTHED_STEPS = 5
"""Steps between frames over which GMD also asks the mean speed to be that high."""

TOLERANCE = 0.005
"""Metres by which the lowest point may be off the floor, below or above: PhysDiff's 5 mm.

PhysDiff (Yuan et al. 2023) takes the lowest vertex of a body; here it is the lowest joint, which
in a standing body is some centimetres above the sole.
"""

PREFIX = "physical."
"""Before the name of a quantity among the tensors of an embeddings file."""
