"""Choosing the device, and what training on it means."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from lead.config.training import Machine


def pick_device() -> torch.device:
    """The first GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def use_threads(threads: int) -> None:
    """Give torch that many threads; results on a CPU are equal for equal numbers."""
    torch.set_num_threads(threads)


def autocast(machine: Machine, device: torch.device) -> AbstractContextManager:
    """bf16 arithmetic where the settings ask for it and the device is a GPU."""
    if machine.precision == "bf16" and device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()
