"""Statistics beyond the paper: intervals, floors, and paired differences of evaluations."""
