"""How the time and memory of each stage grow with what there is more of.

    OMP_NUM_THREADS=1 python benchmarks/growth.py

Each size runs in a process of its own, with random weights of paper size on one thread. Seconds are
those of the processor, the least of three runs, so that other work on the machine counts little;
memory is what the process takes beyond what it has before the work. The slope is that of a line
through the logarithms: 1 is proportional, 0 is no growth, above 1 is worse than proportional.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from pathlib import Path

import numpy as np
import torch
from evaluation import TEXT, WIDTH, D
from training import FEATURES, denoiser_step, projector_step, vae_step

from lead.clip import Clip
from lead.config.datasets import SyntheticDataset
from lead.config.evaluation import Evaluation, Inversion
from lead.config.models import DenoiserModel, Diffusion, MatcherModel, MiniLmText, VaeModel
from lead.config.models import TransformerProjectorModel as ProjectorModel
from lead.datasets.synthetic.dataset import make_clip
from lead.diffusion.generator import MotionGenerator
from lead.diffusion.schedule import noise_schedule
from lead.files.seeds import Seeds
from lead.inversion.invert import Networks, invert
from lead.models.build import build_denoiser, build_matcher, build_projector, build_vae, freeze
from lead.motion.features import joints_to_features
from lead.motion.normalizer import Normalizer
from lead.motion.skeleton import HUMANML3D
from lead.store import MotionStore
from lead.text.cache import Standardisation
from lead.text.encoder import load_text_encoder
from lead.text.pseudo_word import token_vectors

Work = Callable[[], object]
FRAMES = 96
"""Of a motion where something else grows."""


def main() -> None:
    """Print a row for each stage and what grows: seconds and MiB at the ends, and both slopes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("only", nargs="*", help="words of the rows to measure; all by default")
    asked = parser.parse_args()
    print(f"{'':44}{'sizes':>16}{'s':>17}{'slope':>7}{'MiB':>14}{'slope':>7}")
    for name, sizes, prepare in ROWS:
        if asked.only and not any(word in name for word in asked.only):
            continue
        seconds, memory = zip(*(_apart(prepare, size) for size in sizes), strict=True)
        print(
            f"{name:44}{f'{sizes[0]:,} to {sizes[-1]:,}':>16}"
            f"{f'{seconds[0]:.3f} to {seconds[-1]:.3f}':>17}{slope(sizes, seconds):7.2f}"
            f"{f'{memory[0]:.0f} to {memory[-1]:.0f}':>14}{slope(sizes, memory):7.2f}",
            flush=True,
        )


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Of the least-squares line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(np.maximum(values, 1e-9)), 1)[0])


def features(frames: int) -> Work:
    """Joints to features, one clip."""
    joints = synthetic(frames)
    return lambda: joints_to_features(joints, HUMANML3D)


def synthetic(frames: int) -> np.ndarray:
    """Joints of a synthetic clip, begun again until it is long enough."""
    joints = make_clip(SyntheticDataset(min_positions=97, max_positions=97), 1, 0).joints
    return np.concatenate([joints] * (frames // len(joints) + 1))[:frames]


def text(captions: int) -> Work:
    """Captions that are encoded for the cache; MiniLM."""
    encoder = load_text_encoder(MiniLmText(kind="minilm"))
    said = [f"a person walks {number} steps and waves" for number in range(captions)]
    return lambda: encoder.encode(said)


def generator(width: int = TEXT) -> MotionGenerator:
    """MLD with its projector, of paper size, for text embeddings of this width."""
    return MotionGenerator(
        freeze(build_vae(VaeModel(), FEATURES)),
        freeze(build_denoiser(DenoiserModel(), D, 1, width)),
        freeze(build_projector(ProjectorModel(), D, 1, width)),
        noise_schedule(Diffusion()),
        Standardisation(torch.zeros(width), torch.ones(width)),
        torch.zeros(1, width),
        steps=50,
        guidance=7.5,
    )


def generating(motions: int, frames: int = FRAMES) -> Work:
    """Captions to decoded motions and their embeddings, at once."""
    system, matcher = generator(), freeze(build_matcher(MatcherModel(), FEATURES))
    words, noise = torch.randn(motions, TEXT), torch.randn(motions, 1, D)
    length = torch.full((motions,), frames)

    @torch.no_grad()
    def generate() -> None:
        matcher.embed_motion(*system.decode(system.latents(words, noise), length))

    return generate


def metrics(items: int) -> Work:
    """All metrics of one repeat."""
    from lead.evaluation.score import generated_metrics, matching_metrics

    rng = np.random.default_rng(0)

    def some(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, dtype=np.float32)

    truth = {name: some(items, WIDTH) for name in ("text", "motion")}
    names = ("motion", "reconstruction", "random_latent")
    now = {name: some(items, WIDTH) for name in names} | {"multimodality": some(100, 30, WIDTH)}

    def measure() -> None:
        matching_metrics(truth["text"], now["motion"], Evaluation(), Seeds(1))
        generated_metrics(now, truth, Evaluation(), Seeds(1))

    return measure


def inverting(motions: int) -> Work:
    """Five steps of inverting so many words at once."""
    encoder = load_text_encoder(MiniLmText(kind="minilm"))
    system = generator(encoder.width)
    clips = [
        Clip(str(number), "test", number * FRAMES, (number + 1) * FRAMES, (), "", "", None, "")
        for number in range(motions)
    ]
    values = np.random.default_rng(0).normal(size=(motions * FRAMES, FEATURES))
    store = MotionStore(clips, {}, values.astype(np.float32))
    unit = Normalizer(torch.zeros(FEATURES), torch.ones(FEATURES))
    start, settings = token_vectors(encoder, ["walk"] * motions), Inversion(steps=5, batch=4)

    def learn() -> object:
        networks = Networks(system, encoder, store, unit)  # has encoded nothing yet
        return invert(networks, "lead", clips, start, settings, Seeds(0))

    return learn


def film(frames: int) -> Work:
    """An MP4 of so many frames at 20 a second."""
    from lead.render.body import scene_of
    from lead.render.video import write_video

    drawn = scene_of(synthetic(frames), HUMANML3D, 20.0)

    def write() -> None:
        with tempfile.TemporaryDirectory() as folder:
            write_video([drawn], Path(folder) / "film.mp4")

    return write


ROWS: tuple[tuple[str, tuple[int, ...], Callable[[int], Work]], ...] = (
    ("features of a clip, frames", (50, 100, 200, 400, 800), features),
    ("text cache, captions", (32, 64, 128, 256), text),
    ("VAE step of 8 motions, frames", (24, 48, 96, 192), lambda n: vae_step(np.full(8, n))),
    (
        f"VAE step, motions of {FRAMES} frames",
        (2, 4, 8, 16),
        lambda n: vae_step(np.full(n, FRAMES)),
    ),
    ("denoiser step, batch", (16, 32, 64, 128), denoiser_step),
    ("projector step, batch", (128, 256, 512, 1024), projector_step),
    ("generating and embedding, motions", (1, 2, 4, 8, 16), generating),
    ("generating and embedding 2, frames", (24, 48, 96, 192), lambda n: generating(2, n)),
    ("metrics of a repeat, items", (600, 1200, 2400, 4800), metrics),
    ("inverting, motions", (4, 8, 16, 32), inverting),
    ("film, frames", (20, 40, 80, 160), film),
)


def _apart(prepare: Callable[[int], Work], size: int) -> tuple[float, float]:
    """Seconds of the processor and MiB that a process of its own takes for the work."""
    receive, send = multiprocessing.get_context("fork").Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_measure, args=(prepare, size, send))
    child.start()
    send.close()
    try:
        return receive.recv()
    except EOFError:
        raise SystemExit("What was measured has failed; see above.") from None
    finally:
        child.join()


def _measure(prepare: Callable[[int], Work], size: int, send) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with redirect_stderr(io.StringIO()):  # progress bars
        work = prepare(size)
        before = _peak()
        taken = []
        for _ in range(3):
            began = processor_seconds()
            work()
            taken.append(processor_seconds() - began)
    send.send((min(taken), max(_peak() - before, 0.1)))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def processor_seconds() -> float:
    """Of this process and of those that it started."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    main()
