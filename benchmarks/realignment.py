"""What realignment repairs: MLD and LEAD over guidance, with controls that have no projector.

    python benchmarks/realignment.py demo --networks results/demo results/demo_epsilon
    python benchmarks/realignment.py demo --student --out build/realignment_student

Every training of every folder of networks generates the test captions from the same noise, at
every guidance scale; with `--student` it is MotionLCM's distilled denoiser, over its steps. Its
latents are decoded as they are (MLD), through each projector that was trained on its VAE, and after
each of the controls of `lead.diffusion.controls`; the student, which is not guided twice, has no
`rescaled`.

The evaluator is the study's own for all. Writes `realignment.parquet` (a row per measured value),
`realignment.md` and `realignment.{pdf,png}` to `--out`; what the Parquet has is not made again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from studies import study_of
from torch import Tensor

from lead.analysis.paired import estimate
from lead.config.study import Study
from lead.config.systems import CONTROLS
from lead.diffusion.controls import RESCALED, correction
from lead.diffusion.generator import MotionGenerator
from lead.errors import LeadError
from lead.evaluation.evaluator import MotionEvaluator, Motions, open_evaluator
from lead.evaluation.gauge import gauge_metrics
from lead.evaluation.generate import Given, decoded, draw_given, open_generator, real_crops
from lead.evaluation.metrics import frechet_distance
from lead.evaluation.protocol import Pass, draw_pass, sorted_batches
from lead.evaluation.repeats import repeat_seeds
from lead.evaluation.score import matching_metrics
from lead.figures.style import FAINT, LEAD, MLD, PAGE, logarithmic, new_figure, save_figure, styled
from lead.files.job import Job
from lead.models.files import load_projector
from lead.models.tensors import load_tensors
from lead.progress import Progress
from lead.report.text import markdown_table
from lead.store import MotionStore

METRICS = ("fid", "mm_dist", "r_precision_top1", "limb_range", "action_accuracy", "foot_skating")
NORM = "latent_norm"
GUIDANCE, STEPS = "guidance", "steps"
"""What is varied: of the denoiser, or of the student."""

Change = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Bench:
    """The study's evaluator, protocol and clips, and the job settings of its networks."""

    study: Study
    job: Job
    evaluator: MotionEvaluator
    store: MotionStore
    repeats: int
    projectors: Sequence[str] | None
    """Those that are measured, by name; all that were trained where it is None."""

    @classmethod
    def open(
        cls, study: Study, folder: Path, repeats: int, projectors: Sequence[str] | None = None
    ) -> Bench:
        settings = {"seed": study.seed, **study.model_dump(mode="json")}
        inputs = {
            "frames": "features/frames.npy", "index": "features/index.parquet",
            "stats": "features/stats.npz", "text": "text/text.safetensors",
            "matcher": "models/matcher/matcher.safetensors",
            "actions": "models/action_classifier.safetensors",
        }  # fmt: skip
        job = Job("realignment", settings, {key: folder / file for key, file in inputs.items()}, {})
        evaluator, store, _ = open_evaluator(job)
        return cls(study, job, evaluator, store, repeats, projectors)

    def generator(self, folder: Path, **varied: float) -> MotionGenerator:
        """The networks below a folder, with the denoiser's guidance or the student's steps."""
        models, settings = folder / "models", dict(self.job.settings)
        networks = {name: models / name / f"{name}.safetensors" for name in ("vae", "denoiser")}
        if STEPS in varied:
            networks["denoiser"] = models / "consistency" / "student.safetensors"
            settings[STEPS] = int(varied[STEPS])
        job = replace(self.job, inputs={**self.job.inputs, **networks}, settings=settings)
        evaluator, like = self.evaluator, self.evaluator.normalizer.mean
        made = open_generator(job, self.store, evaluator.cache, like, self.study.evaluation)
        return replace(made, guidance=varied[GUIDANCE]) if GUIDANCE in varied else made


def main() -> None:
    """Measure what is not measured yet, then write the page and the figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", help="its evaluator and protocol, from results/STUDY")
    parser.add_argument("--configfile", type=Path, help="with which the study was made")
    parser.add_argument("--networks", type=Path, nargs="+", help="folders with models/ of VAE, "
                        "denoiser and projectors; trainings/2, ... are taken too, of nested "
                        "designs the first on each VAE")  # fmt: skip
    parser.add_argument("--guidance", type=float, nargs="+", default=[1, 2.5, 5, 7.5, 10])
    parser.add_argument("--student", action="store_true", help="MotionLCM's, over 1, 2 and 4 steps")
    parser.add_argument("--projectors", nargs="+", help="by name, such as lead; default: all")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/realignment"))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    bench = Bench.open(
        study_of(arguments.study, arguments.configfile),
        Path("results") / arguments.study,
        arguments.repeats,
        arguments.projectors,
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    file = arguments.out / "realignment.parquet"
    varied = STEPS if arguments.student else GUIDANCE
    keys = ["networks", "training", varied]
    rows = pd.read_parquet(file) if file.is_file() else pd.DataFrame(columns=pd.Index(keys))
    done = set(rows[keys].itertuples(index=False, name=None))
    folders = arguments.networks or [Path("results") / arguments.study]
    todo = [
        (folder.name, training, path, scale)
        for folder in folders
        for training, path in trainings(folder)
        for scale in ((1, 2, 4) if arguments.student else arguments.guidance)
        if (folder.name, training, scale) not in done
    ]
    progress = Progress(f"systems over {varied}", len(todo))
    for name, training, path, scale in todo:
        found = pd.DataFrame(measure(bench, path, **{varied: scale}))
        found = found.assign(networks=name, training=training, **{varied: scale})
        rows = pd.concat([rows, found], ignore_index=True) if len(rows) else found
        rows.to_parquet(file)
        progress.advance()
    (arguments.out / "realignment.md").write_text(page(rows), encoding="utf-8")
    save_figure(
        draw(rows), {kind: arguments.out / f"realignment.{kind}" for kind in ("pdf", "png")}
    )


def trainings(folder: Path) -> Iterator[tuple[int, Path]]:
    """The trainings that lie in a study's folder, by their numbers."""
    number, path = 1, folder
    while (path / "models" / "denoiser" / "denoiser.safetensors").is_file():
        yield number, path
        number += 1
        path = folder / "trainings" / str(number)
    if number == 1:
        raise LeadError("There are no networks here.", file=folder / "models",
                        fix="Train the study first.")  # fmt: skip


def measure(bench: Bench, folder: Path, **varied: float) -> Iterator[dict]:
    """Every condition of one training at one guidance scale, or number of steps; a row a value."""
    plain = bench.generator(folder, **varied)
    latents = load_tensors(folder / "latents" / "latents.safetensors")["train.mean"].flatten(0, 1)
    changes = controls(plain, latents.to(plain.null))
    text_width = bench.evaluator.cache.width
    for path in sorted((folder / "models" / "projectors").glob("*/projector.safetensors")):
        if bench.projectors is None or path.parent.name in bench.projectors:
            projector = load_projector(path, text_width=text_width).to(plain.null)
            changes[path.parent.name] = lambda z, p=projector: p.decode(p.encode(z))
    clips = bench.store.split("test")
    for repeat in range(bench.repeats):
        seeds = repeat_seeds(bench.job.seeds, repeat)
        drawn = draw_pass(clips, seeds)
        texts = bench.evaluator.cache.pooled(drawn.captions)
        given = draw_given(plain, texts, [clip.id for clip in clips], seeds)
        truth = read(bench, real_crops(bench.store, bench.evaluator, drawn), drawn)
        text = bench.evaluator.texts(drawn.captions).numpy()
        sampled = {False: sample(plain, given, drawn)}
        if "rescaled" in changes:
            sampled[True] = sample(replace(plain, rescaled=RESCALED), given, drawn)
        for name, change in changes.items():
            with torch.no_grad():
                changed = change(sampled[name == "rescaled"])
            now = read(bench, decoded(plain, drawn, changed), drawn)
            labels = bench.evaluator.gauge.classifier.labels
            known = {**truth, **real_labels(bench, clips)}
            values = {
                **matching_metrics(text, now["motion"], bench.study.evaluation, seeds),
                **gauge_metrics(now, known, labels),
                "fid": frechet_distance(truth["motion"], now["motion"]),
            }
            lengths = [float(z.flatten(1).norm(dim=1).mean()) for z in (changed, latents)]
            values[NORM] = lengths[0] / lengths[1]
            for metric in (*METRICS, NORM):
                yield {"condition": name, "repeat": repeat, "metric": metric,
                       "value": values.get(metric, np.nan)}  # fmt: skip


def real_labels(bench: Bench, clips) -> Mapping[str, np.ndarray]:
    """The clips' own actions, which the gauge compares with."""
    return {key: value.numpy() for key, value in bench.evaluator.labels(clips).items()}


def read(bench: Bench, motions: Motions, drawn: Pass) -> dict[str, np.ndarray]:
    """What the evaluator makes of the motions of a pass."""
    seen = bench.evaluator.measure(motions, drawn.length)
    return {key: value.numpy() for key, value in seen.items()}


def controls(generator: MotionGenerator, latents: Float[Tensor, "N L M"]) -> dict[str, Change]:
    """MLD as it is, and the controls: what becomes of its latents."""
    same: Change = lambda latent: latent  # noqa: E731
    found: dict[str, Change] = {"mld": same}
    for control in CONTROLS:
        if control != "rescaled" or not generator.few_steps:
            found[control] = correction(control, latents, generator.denoiser) or same
    return found


def sample(generator: MotionGenerator, given: Given, drawn: Pass) -> Float[Tensor, "I L M"]:
    """The latents of every item."""
    latent = torch.empty_like(given.noise.to(generator.null))
    for rows in sorted_batches(drawn.length, 128):
        latent[rows] = generator.latents(*(values[rows].to(generator.null) for values in given))
    return latent


def page(rows: pd.DataFrame) -> str:
    """Means over trainings, and each condition less MLD with its interval over trainings."""
    over, shown = by_training(rows), (*METRICS, NORM)
    lines = []
    varied = varied_in(rows)
    for (networks, scale), part in groups(over, ["networks", varied]):
        frames = {name: own.set_index(["training", "metric"])["value"]
                  for name, own in part.groupby("condition")}  # fmt: skip
        table = []
        for name, values in frames.items():
            change = (values - frames["mld"]).xs("fid", level="metric").dropna()
            found = estimate(change.to_numpy())
            less = f"{found.mean:+.3f} ({found.low:+.3f} to {found.high:+.3f})"
            means = [
                f"{values.xs(metric, level='metric').mean():.3f}" for metric in (*METRICS, NORM)
            ]
            table.append((name, *means, "" if name == "mld" else less))
        count = part["training"].nunique()
        lines += [f"\n{networks}, {varied} {scale:g}, {count} trainings\n",
                  markdown_table(("condition", *shown, "FID less MLD's"), table)]  # fmt: skip
        if "lead" in frames:
            others = [name for name in frames if name not in ("lead", "mld")]
            table = [(f"lead less {name}", *_less(frames["lead"], frames[name])) for name in others]
            lines += ["", markdown_table(("", *METRICS), table)]
    return "\n".join(lines) + "\n"


def _less(values: pd.Series | pd.DataFrame, others: pd.Series | pd.DataFrame) -> list[str]:
    """Mean difference of each metric over trainings, with its interval."""
    change = pd.Series(values - others)
    by_metric = {metric: own.to_numpy() for metric, own in change.groupby(level="metric")}
    means = {metric: estimate(by_metric[metric]) for metric in METRICS}
    return [
        f"{found.mean:+.3f} ({found.low:+.3f} to {found.high:+.3f})" for found in means.values()
    ]


def by_training(rows: pd.DataFrame) -> pd.DataFrame:
    """The mean over repeats, one row a training."""
    keys = ["networks", "training", varied_in(rows), "condition", "metric"]
    return pd.DataFrame(rows.groupby(keys, as_index=False)["value"].mean())


def varied_in(rows: pd.DataFrame) -> str:
    """The column that says at what was measured."""
    return STEPS if STEPS in rows else GUIDANCE


def groups(rows: pd.DataFrame, keys: list[str]) -> Iterator[tuple[tuple[str, float], pd.DataFrame]]:
    """The rows of every folder of networks at every guidance, in their order."""
    yield from rows.groupby(keys)  # pyright: ignore[reportReturnType]


@styled()
def draw(rows: pd.DataFrame) -> Figure:
    """FID over guidance or steps, and FID less MLD's over the length of MLD's latents."""
    over, varied = by_training(rows), varied_in(rows)
    folders = list(dict.fromkeys(over["networks"]))
    figure = new_figure(PAGE, 2.7)
    panels = figure.subplots(1, len(folders) + 1, squeeze=False)[0]
    shown = {"mld": ("MLD", MLD, "-"), "lead": ("LEAD", LEAD, "-"),
             "clipped": (CONTROLS["clipped"], MLD, ":"),
             "direction": (CONTROLS["direction"], MLD, "--"),
             "rescaled": (CONTROLS["rescaled"], FAINT, "-")}  # fmt: skip
    fid = pd.DataFrame(over[over["metric"] == "fid"])
    for axes, networks in zip(panels, folders, strict=False):
        for name, (label, colour, line) in shown.items():
            own = pd.DataFrame(fid[(fid["networks"] == networks) & (fid["condition"] == name)])
            mean = pd.Series(own.groupby(varied)["value"].mean())
            axes.plot(mean.index, mean, line, color=colour, label=label)
            axes.plot(own[varied], own["value"], ".", ms=2, color=colour, alpha=0.5)
        logarithmic(axes)
        axes.set_title(networks)
        axes.set_xlabel(varied)
        axes.set_ylabel("FID")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    keys = ["networks", "training", varied]
    values = over.set_index(["condition", "metric", *keys]).sort_index()["value"]
    length = values["mld", NORM]
    change = values["lead", "fid"] - values["mld", "fid"]
    for number, networks in enumerate(folders):
        panels[-1].plot(
            length[networks], change[networks], ".", color=(LEAD, MLD)[number % 2], label=networks
        )
    panels[-1].axhline(0, color=FAINT, lw=0.8)
    panels[-1].set_xlabel("length of MLD's latents")
    panels[-1].set_title("of training latents; a point a training")
    panels[-1].set_ylabel("FID of LEAD less MLD's")
    panels[-1].legend()
    return figure


if __name__ == "__main__":
    main()
