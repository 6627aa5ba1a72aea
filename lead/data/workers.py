"""Calls spread over worker processes, with results in the order of the calls."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 2
"""Calls a worker that wait with their arguments in memory."""


def in_order(
    call: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[Result]:
    """``map(call, items)``, computed by several processes; items are taken as they are needed.

    One worker is this very process. The first error is raised here, and the rest is dropped.
    """
    if workers <= 1:
        yield from map(call, items)
        return
    # Data jobs never import torch, whose threads would not survive the fork; a fresh start of
    # Python would run the workflow's script a second time.
    with ProcessPoolExecutor(
        workers, mp_context=get_context("fork"), initializer=_end_with, initargs=(os.getpid(),)
    ) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(call, item))
                if len(waiting) > _AHEAD * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _end_with(parent: int) -> None:
    """End this worker when the process that started it is gone, killed for instance."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
