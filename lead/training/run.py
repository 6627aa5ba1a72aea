"""One run of the training loop: its name, its randomness, and where it keeps what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lead.config.training import Machine
from lead.files.job import Job
from lead.files.seeds import Seeds


@dataclass(frozen=True)
class Run:
    """What the loop is told besides network, loss and data.

    Attributes:
        name: as progress shows it.
        seeds: everything random of the run.
        machine: how the work is done.
        folder: where state is kept that a killed run goes on from; None keeps none.
        events: where TensorBoard finds the run while it goes on; None writes nothing.
    """

    name: str
    seeds: Seeds
    machine: Machine
    folder: Path | None = None
    events: Path | None = None

    @classmethod
    def of(cls, job: Job, name: str) -> Run:
        """The run of a stage; its randomness hangs on its name."""
        return cls(
            name,
            job.seeds.child(name),
            job.setting("machine", Machine),
            job.state_folder(),
            job.events,
        )
