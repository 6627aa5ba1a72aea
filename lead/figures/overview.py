"""The method at a glance, with the study's sizes (the paper's Fig. 1, redrawn)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Polygon, Rectangle

from lead.config.evaluation import Evaluation
from lead.config.models import Diffusion, TextSettings
from lead.config.training import DenoiserStage, ProjectorStage, VaeStage
from lead.figures.style import FAINT, INK, LEAD, MLD, PAGE, new_figure, save_figure, styled
from lead.files.job import Job

_HEIGHT = 3.68  # inches, as are all lengths below
_BOTTOM = -0.23  # of the key, below the panels
_TEXT, _GROUND = "#009E73", "#f4f5f8"
_SMALL = 6.3  # points
_SHORT = 0.21  # half the height of a network
_COLOURS = {"vae": "#8a6d3b", "denoiser": MLD, "projector": LEAD, "text": _TEXT}
_ENCODERS = {"clip": "CLIP text encoder", "minilm": "MiniLM text encoder", "t5": "T5 text encoder"}

_TARGETS = {"epsilon": r"\epsilon", "v": "v", "sample": "z"}
_NOISE_FREE = (
    r"$F(\epsilon) = (z_t - \sqrt{1 - \bar{\alpha}_t}\,\epsilon)\,/\,\sqrt{\bar{\alpha}_t}$"
)

Place = tuple[float, float]
Span = tuple[float, float]
"""The left and the right end of a box."""


def overview(job: Job) -> None:
    """Draw the three stages of training, generation and inversion.

    Settings: ``text``, ``vae``, ``diffusion``, ``denoiser``, ``projector``, ``evaluation``.
    Outputs: ``svg``, ``pdf``, ``png``.
    """
    vae, denoiser = job.setting("vae", VaeStage), job.setting("denoiser", DenoiserStage)
    projector = job.setting("projector", ProjectorStage)
    protocol = job.setting("evaluation", Evaluation)
    layers = getattr(projector.model, "layers", None)
    facts = {
        "latent": " × ".join(map(str, vae.model.latent_shape)),
        "vae": f"{vae.model.layers} + {vae.model.layers} layers",
        "vae_loss": ", ".join(
            ["reconstruction"]
            + [name for name in ("joints", "velocity", "feet") if getattr(vae.loss, name)]
        ),
        "denoiser": f"{denoiser.model.layers} layers",
        "target": _TARGETS[denoiser.model.predicts],
        "projector": f"{layers} + {layers} layers" if layers else projector.model.kind,
        "text": _ENCODERS[job.setting("text", TextSettings).kind],
        "drop": f"{denoiser.drop_text:.0%}",
        "train": job.setting("diffusion", Diffusion).train_steps,
        "steps": protocol.sampling_steps,
        "guidance": f"{protocol.guidance:g}",
        **{name: f"{getattr(projector.loss, name):.3g}" for name in ("align", "rec", "var")},
    }
    save_figure(draw_overview(facts), job.outputs)


@styled()
def draw_overview(facts: Mapping[str, Any]) -> Figure:
    """Fig. 1: training above, generation and inversion below."""
    figure = new_figure(PAGE, _HEIGHT)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, PAGE), ylim=(_BOTTOM, _BOTTOM + _HEIGHT))
    axes.set_axis_off()
    _vae(axes, facts)
    _denoiser(axes, facts)
    _projector(axes, facts)
    _generation(axes, facts)
    _inversion(axes, facts)
    _key(axes)
    return figure


def _vae(axes: Axes, facts: Mapping[str, Any]) -> None:
    left, y = _panel(axes, 0.04, 1.83, 2.02, 1.58, "(a) Stage 1: VAE", facts["vae"]), 2.72
    boxes = [
        _value(axes, (left + 0.17, y), "$x$"),
        _network(axes, (left + 0.6, y), r"$\mathcal{E}$", "vae", 1),
        _value(axes, (left + 1.01, y), "$z$"),
        _network(axes, (left + 1.42, y), r"$\mathcal{D}$", "vae", -1),
        _value(axes, (left + 1.85, y), r"$\hat{x}$"),
    ]
    _arrows(axes, y, boxes)
    _note(axes, (left + 1.01, y - 0.32), f"latent of {facts['latent']}")
    kl = r"KL$\,(z\,\|\,\mathcal{N}(0, I))$"
    _loss(axes, (left + 1.01, 2.02), f"{facts['vae_loss']},\n{kl}")


def _denoiser(axes: Axes, facts: Mapping[str, Any]) -> None:
    title = "(b) Stage 2: denoiser"
    left, y = _panel(axes, 2.12, 1.83, 2.1, 1.58, title, facts["denoiser"]), 2.87
    boxes = [
        _value(axes, (left + 0.17, y), "$z$"),
        _value(axes, (left + 0.74, y), "$z_t$"),
        _network(axes, (left + 1.28, y), _denoiser_name(facts), "denoiser"),
        _value(axes, (left + 1.89, y), rf"$\hat{{{facts['target']}}}$"),
    ]
    _arrows(axes, y, boxes)
    _note(axes, (left + 0.45, y + 0.1), r"$+\,\epsilon$")
    _network(axes, (left + 0.98, 2.35), facts["text"], "text", width=1.2, frozen=True)
    _arrow(axes, (left + 1.28, 2.48), (left + 1.28, y - _SHORT))
    _note(axes, (left + 1.34, 2.57), f"$c$; empty in {facts['drop']}", ha="left")
    loss = rf"$\|{facts['target']} - \hat{{{facts['target']}}}\|^2$"
    _loss(axes, (left + 1.05, 2.0), f"{loss} at one of {facts['train']} steps")


def _projector(axes: Axes, facts: Mapping[str, Any]) -> None:
    title = "(c) Stage 3: projector"
    left, y = _panel(axes, 4.28, 1.83, 2.58, 1.58, title, facts["projector"]), 2.87
    boxes = [
        _value(axes, (left + 0.17, y), "$z$"),
        _network(axes, (left + 0.68, y), r"$E_\mathrm{proj}$", "projector", 1),
        _value(axes, (left + 1.28, y), r"$z_\mathrm{proj}$", width=0.4),
        _network(axes, (left + 1.88, y), r"$D_\mathrm{proj}$", "projector", -1),
        _value(axes, (left + 2.4, y), r"$\hat{z}$"),
    ]
    _arrows(axes, y, boxes)
    text = _network(axes, (left + 0.8, 2.35), facts["text"], "text", width=1.2, frozen=True)
    pooled = _value(axes, (left + 1.72, 2.35), "$c$")
    _arrows(axes, 2.35, [text, pooled])
    _arrow(axes, (left + 1.68, 2.48), (left + 1.34, y - 0.13), LEAD, heads="<|-|>")
    _note(axes, (left + 1.6, 2.63), "align", LEAD, "left")
    _loss(axes, (left + 1.29, 2.02),
          rf"{facts['align']} $(1 - \cos(z_\mathrm{{proj}}, c))$ + {facts['rec']} "
          rf"$\|z - \hat{{z}}\|^2$" "\n"
          rf"+ {facts['var']} KL$(P(z)\,\|\,Q(\hat{{z}}))$")  # fmt: skip


def _generation(axes: Axes, facts: Mapping[str, Any]) -> None:
    left, y = _panel(axes, 0.04, 0.06, 4.18, 1.7, "(d) Generation", ""), 0.98
    noise = _value(axes, (left + 0.24, y), r"$\epsilon$")
    network = _network(axes, (left + 0.86, y), _denoiser_name(facts), "denoiser", frozen=True)
    latent = _value(axes, (left + 1.42, y), "$z_0$")
    boxes = [
        _network(axes, (left + 1.92, y), r"$E_\mathrm{proj}$", "projector", 1, frozen=True),
        _value(axes, (left + 2.48, y), r"$z_\mathrm{proj}$", width=0.4),
        _network(axes, (left + 3.02, y), r"$D_\mathrm{proj}$", "projector", -1, frozen=True),
    ]
    decoder = _network(axes, (left + 3.56, y), r"$\mathcal{D}$", "vae", -1, frozen=True)
    motion = _value(axes, (left + 3.99, y), "$x$")
    _arrows(axes, y, [noise, network, latent, *boxes, decoder, motion])
    steps = f"{facts['steps']} DDIM steps, guidance {facts['guidance']}"
    _note(axes, (left + 0.7, y + 0.31), steps)
    _network(axes, (left + 0.86, 0.4), facts["text"], "text", width=1.2, frozen=True)
    _arrow(axes, (left + 0.86, 0.53), (left + 0.86, y - _SHORT))
    _arrow(axes, (left + 1.62, 0.4), (left + 1.46, 0.4))
    _note(axes, (left + 1.65, 0.4), "“a person walks forward”", _TEXT, "left")
    ends = left + 1.42, left + 3.56
    axes.plot([ends[0], *ends], [y + 0.12, y + 0.33, y + 0.33], "--", lw=1.0, color=MLD)
    _arrow(axes, (ends[1], y + 0.33), (ends[1], y + _SHORT - 0.03), MLD)
    _note(axes, (left + 2.48, y + 0.41), "MLD", MLD)
    _note(axes, (left + 2.48, y - 0.24), "LEAD", LEAD)


def _inversion(axes: Axes, facts: Mapping[str, Any]) -> None:
    left, y = _panel(axes, 4.28, 0.06, 2.58, 1.7, "(e) Inversion of a word", ""), 1.14
    boxes = [
        _value(axes, (left + 0.24, y), "$z_t$"),
        _network(axes, (left + 0.74, y), _denoiser_name(facts), "denoiser", frozen=True),
        _value(axes, (left + 1.22, y), r"$\hat{\epsilon}$"),
        _value(axes, (left + 1.7, y), r"$F(\hat{\epsilon})$", width=0.36),
        _network(axes, (left + 2.26, y), r"$E_\mathrm{proj}$", "projector", 1, frozen=True),
    ]
    _arrows(axes, y, boxes)
    _network(axes, (left + 0.74, 0.64), facts["text"], "text", width=1.2, frozen=True)
    _arrow(axes, (left + 0.74, 0.77), (left + 0.74, y - _SHORT))
    _arrow(axes, (left + 1.5, 0.64), (left + 1.34, 0.64))
    _note(axes, (left + 1.53, 0.64), "“a person $v^*$”", _TEXT, "left")
    _loss(axes, (left + 1.29, 0.26),
          r"$\|E_\mathrm{proj}(F(\epsilon)) - E_\mathrm{proj}(F(\hat{\epsilon}))\|^2$;"
          r" $v^*$ alone learns" "\n" + _NOISE_FREE)  # fmt: skip


def _key(axes: Axes) -> None:
    """What filled and outlined networks mean, below all panels."""
    for x, word, ground in ((2.3, "network that learns", INK), (3.9, "frozen network", "white")):
        axes.add_patch(Rectangle((x, -0.15), 0.18, 0.11, fc=ground, ec=INK, lw=1.0))
        axes.text(x + 0.26, -0.095, word, va="center_baseline", fontsize=_SMALL)


def _denoiser_name(facts: Mapping[str, Any]) -> str:
    return rf"${facts['target']}_\theta$"


def _panel(
    axes: Axes, x: float, y: float, width: float, height: float, title: str, fact: str
) -> float:
    """A rounded ground with its title; returns its left end."""
    axes.add_patch(FancyBboxPatch((x, y), width, height, fc=_GROUND, ec="none",
                                  boxstyle="round,pad=0,rounding_size=0.06", zorder=0))  # fmt: skip
    axes.text(x + 0.08, y + height - 0.13, title, weight="bold", va="center")
    axes.text(x + width - 0.08, y + height - 0.13, fact, color=FAINT, va="center", ha="right")
    return x


def _network(
    axes: Axes, at: Place, label: str, part: str, slope: int = 0, *, width: float = 0.4,
    frozen: bool = False,
) -> Span:  # fmt: skip
    """A network: filled where it learns, an outline where it is frozen.

    ``slope``: 1 narrows to the right, as an encoder does, -1 to the left, 0 not at all.
    """
    x, y = at
    half = _SHORT if label.startswith("$") else 0.13
    left, right = (half - 0.06 * (slope < 0), half - 0.06 * (slope > 0))
    w = width / 2
    corners = [(x - w, y - left), (x - w, y + left), (x + w, y + right), (x + w, y - right)]
    colour = _COLOURS[part]
    axes.add_patch(Polygon(corners, fc="white" if frozen else colour, ec=colour, lw=1.0,
                           ls="-", joinstyle="round"))  # fmt: skip
    axes.text(x, y, label, color=colour if frozen else "white", ha="center", va="center_baseline",
              fontsize=8.5 if label.startswith("$") else _SMALL)  # fmt: skip
    return x - w, x + w


def _value(axes: Axes, at: Place, label: str, width: float = 0.24) -> Span:
    x, y = at
    axes.add_patch(FancyBboxPatch((x - width / 2, y - 0.12), width, 0.24, fc="white", ec=FAINT,
                                  lw=0.6, boxstyle="round,pad=0,rounding_size=0.05"))  # fmt: skip
    axes.text(x, y, label, ha="center", va="center_baseline", fontsize=8)
    return x - width / 2, x + width / 2


def _arrows(axes: Axes, y: float, boxes: Sequence[Span]) -> None:
    """From each box of a row to the next."""
    for box, following in pairwise(boxes):
        _arrow(axes, (box[1], y), (following[0], y))


def _arrow(axes: Axes, start: Place, end: Place, colour: str = INK, heads: str = "-|>") -> None:
    axes.annotate("", end, start, zorder=0.95, arrowprops={
        "arrowstyle": heads, "color": colour, "lw": 0.8, "shrinkA": 0, "shrinkB": 0,
        "mutation_scale": 6})  # fmt: skip


def _note(axes: Axes, at: Place, text: str, colour: str = FAINT, ha: str = "center") -> None:
    axes.text(*at, text, color=colour, ha=ha, va="center", fontsize=_SMALL)


def _loss(axes: Axes, at: Place, text: str) -> None:
    axes.text(*at, text, ha="center", va="center", fontsize=6.8, linespacing=1.3)
