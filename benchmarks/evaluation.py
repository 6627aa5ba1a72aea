"""What evaluating costs at paper size: generation and embedding a prompt, and metrics a repeat.

    python benchmarks/evaluation.py --prompts 256 --threads 2

Networks have random weights, which cost the same. Lengths are HumanML3D's as far as its published
facts tell: 40 to 196 frames, mean 141 (28.59 h in 14,616 clips), a peak at the longest, where clips
of ten seconds were cut. Ratios compare within one run; seconds depend on the machine.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from resource import RUSAGE_SELF, getrusage

import numpy as np
from timed import matrix_rate, once

ITEMS, SAMPLES, TEST_ITEMS, WIDTH = 100, 30, 4650, 512
D, FF, LAYERS, STEPS, TEXT = 256, 1024, 9, 50, 768
MEAN_LENGTH, SHORTEST, LONGEST = 141, 40, 196
WORDS = 12


def main() -> None:
    """Print seconds a prompt of each way, their ratio to the arithmetic's own time, and metrics."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--metrics", action="store_true", help="only the metrics of one repeat")
    arguments = parser.parse_args()
    if arguments.metrics:
        _metrics()
        return
    subprocess.run([sys.executable, __file__, "--metrics"], check=True)
    _generation(arguments.prompts, arguments.threads)


def lengths(count: int, rng: np.random.Generator) -> np.ndarray:
    """Lengths in whole snippets: some at the longest, the others uniform, of the mean wanted."""
    middle = (SHORTEST + LONGEST) / 2
    share = (MEAN_LENGTH - middle) / (LONGEST - middle)
    uniform = rng.integers(SHORTEST // 4, LONGEST // 4 + 1, count) * 4
    return np.where(rng.random(count) < share, LONGEST, uniform)


def operations(length: np.ndarray) -> np.ndarray:
    """Multiplications and additions that the matrix products of one prompt need, no more."""

    def layer(tokens, queries):
        return (
            2 * tokens * D**2 + 2 * queries * D**2 + 2 * queries * tokens * D + 2 * queries * D * FF
        )

    skips = LAYERS // 2 * 2 * D**2
    step = (LAYERS - 1) * layer(3, 3) + layer(3, 1) + 3 * skips
    step += TEXT * D + D * D + TEXT * D
    decoder = LAYERS * (layer(length, length) + 2 * D**2) + length * (skips + D * 263)
    snippets = length // 4
    movement = length // 2 * 4 * 259 * 512 + snippets * (4 * 512 * 512 + 512 * 512)
    motion = snippets * (512 * 1024 + 12 * 1024**2) + 2048 * 1024 + 1024 * 512
    text = WORDS * (15 * 300 + 300 * 512 + 12 * 512**2) + 1024 * 512 + 512 * 512
    return 2 * (2 * STEPS * step + decoder + movement + motion + text)


def _generation(prompts: int, threads: int) -> None:
    import torch

    from lead.config.models import DenoiserModel, Diffusion, MatcherModel, VaeModel
    from lead.diffusion import generator as generators
    from lead.diffusion.schedule import noise_schedule
    from lead.models import attention
    from lead.models.build import build_denoiser, build_matcher, build_vae, freeze
    from lead.text.cache import Standardisation

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    vae, matcher = build_vae(VaeModel(), 263), build_matcher(MatcherModel(), 263)
    system = generators.MotionGenerator(
        freeze(vae), freeze(build_denoiser(DenoiserModel(), D, 1, TEXT)), None,
        noise_schedule(Diffusion()), Standardisation(torch.zeros(TEXT), torch.ones(TEXT)),
        torch.randn(1, TEXT), STEPS, 7.5,
    )  # fmt: skip
    freeze(matcher)
    drawn = np.sort(lengths(prompts, np.random.default_rng(0)))
    text, noise = torch.randn(prompts, TEXT), torch.randn(prompts, 1, D)
    words = torch.randn(prompts, WORDS, 300)
    classes = torch.nn.functional.one_hot(torch.randint(15, (prompts, WORDS)), 15).float()

    @torch.no_grad()
    def evaluate(rows: np.ndarray, batch: int) -> None:
        for part in np.split(rows, range(batch, len(rows), batch)):
            latent = system.latents(text[part], noise[part])
            motion, mask = system.decode(latent, torch.from_numpy(drawn[part]))
            matcher.embed_motion(motion, mask)
            matcher.embed_text(words[part], torch.full((len(part),), WORDS), classes[part])

    def plain_layer(layer, tokens, mask=None, memory=None, first=None):
        padding = None if mask is None else ~mask
        if memory is None:
            return layer(tokens, src_key_padding_mask=padding)[:, :first]
        return layer(tokens, memory, tgt_key_padding_mask=padding)[:, :first]

    every, some = np.arange(prompts), np.arange(0, prompts, max(1, prompts // 8))
    mixed = np.random.default_rng(1).permutation(prompts)[: max(32, prompts // 4)]
    before = matrix_rate()
    ours = once(lambda: evaluate(every, 128)) / prompts
    with _replaced(attention, "run_layer", plain_layer), _replaced(generators, "_alike", _whole):
        alone = once(lambda: evaluate(some, 1)) / len(some)
        together = once(lambda: evaluate(mixed, 32)) / len(mixed)
    rate = (before + matrix_rate()) / 2
    needed = operations(drawn).mean()
    own = needed / rate
    print(f"\n{prompts} prompts, mean length {drawn.mean():.0f} frames, {threads} threads")
    print(
        f"matrix products: {rate / 1e9:.0f} GFLOP/s; a prompt needs {needed / 1e9:.2f} GFLOP, "
        f"{own:.4f} s of them"
    )
    print(f"{'':42}{'s/prompt':>9}{'x arithmetic':>14}{'x ours':>8}")
    for name, seconds in (
        ("PyTorch's layers, one prompt at a time", alone),
        ("PyTorch's layers, batches of 32, padded", together),
        ("lead, batches of 128, no padding", ours),
    ):
        print(f"{name:42}{seconds:9.4f}{seconds / own:14.2f}{seconds / ours:8.2f}")


def _metrics() -> None:
    from lead.config.evaluation import Evaluation
    from lead.evaluation.score import generated_metrics, matching_metrics
    from lead.files.seeds import Seeds

    rng = np.random.default_rng(0)
    empty = getrusage(RUSAGE_SELF).ru_maxrss / 1024

    def some(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, dtype=np.float32)

    truth = {"text": some(TEST_ITEMS, WIDTH), "motion": some(TEST_ITEMS, WIDTH)}
    now = {name: some(TEST_ITEMS, WIDTH) for name in ("motion", "reconstruction", "random_latent")}
    now["multimodality"] = some(ITEMS, SAMPLES, WIDTH)
    began = time.perf_counter()
    matching_metrics(truth["text"], now["motion"], Evaluation(), Seeds(1))
    generated_metrics(now, truth, Evaluation(), Seeds(1))
    seconds = time.perf_counter() - began
    peak = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    print(f"metrics of a repeat of {TEST_ITEMS} items: {seconds:.1f} s, peak {peak:.0f} MiB "
          f"({empty:.0f} MiB of it before there was anything to measure)")  # fmt: skip


def _whole(length, frames):
    """All rows at once, padded."""
    yield slice(None)


@contextmanager
def _replaced(module: object, name: str, value: object) -> Iterator[None]:
    """One attribute of a module replaced for a while."""
    kept = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, kept)


if __name__ == "__main__":
    main()
