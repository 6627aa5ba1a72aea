"""The evaluator of Guo et al. 2022: text and motion meet in one embedding space.

Attributes are named as in the published checkpoints.
"""

from __future__ import annotations

from typing import Literal, assert_never

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from lead.config.models import MatcherModel
from lead.errors import LeadError

CONTACT_COLUMNS = 4
"""The last features, foot contacts, which the movement encoder does not look at."""

FRAMES_PER_SNIPPET = 4
"""Frames that each output of the movement encoder stands for: two convolutions of stride 2."""

STATISTICS = "statistics"
"""Key under which a matcher's file names the statistics that it was trained on."""

PADDED_FRAMES = 196
"""Frames that the published evaluator pads every motion to."""

Boundary = Literal["unpadded", "zero196"]
"""What the movement encoder sees after the last frame of a motion: nothing, as if it were
alone in its batch (MLD, MotionLCM, LEAD), or zeros up to 196 frames (Guo et al. 2022)."""

_ROOT_COLUMNS = 4

_SLOPE = 0.2
_DROPOUT = 0.2


class Matcher(nn.Module):
    """Embeds motions and texts; rows come back in the caller's order."""

    def __init__(self, model: MatcherModel, feature_width: int) -> None:
        super().__init__()
        self.columns = seen_columns(model, feature_width)
        self.movement_encoder = MovementEncoder(self.columns, model.movement_width)
        self.motion_encoder = SequenceEncoder(
            model.movement_width, model.motion_hidden, model.embedding
        )
        self.text_encoder = SequenceEncoder(
            model.token_width, model.text_hidden, model.embedding, model.pos_classes
        )

    def embed_motion(
        self,
        motion: Float[Tensor, "B T D"],
        mask: Bool[Tensor, "B T"],
        boundary: Boundary = "unpadded",
    ) -> Float[Tensor, "B E"]:
        """Embed features that are normalised by the matcher's own statistics.

        Raises:
            LeadError: a motion has fewer than 4 frames, or more than 196 with ``zero196``.
        """
        # Zeros belong here, after normalisation: a zero of raw features is far off the mean.
        motion = motion.masked_fill(~mask[..., None], 0)[..., : self.columns]
        lengths = mask.sum(dim=1)
        _check_lengths(lengths, boundary)
        match boundary:
            case "unpadded":
                snippets = self.movement_encoder(motion, lengths)
            case "zero196":
                missing = PADDED_FRAMES - motion.shape[1]
                # A negative number cuts padding off: no motion is longer, that was checked.
                snippets = self.movement_encoder(F.pad(motion, (0, 0, 0, missing)))
            case _:
                assert_never(boundary)
        return self.motion_encoder(snippets, lengths // FRAMES_PER_SNIPPET)

    def embed_text(
        self,
        tokens: Float[Tensor, "B S W"],
        lengths: Int[Tensor, " B"],
        pos: Float[Tensor, "B S P"] | None = None,
    ) -> Float[Tensor, "B E"]:
        """Embed token vectors; ``pos`` holds one-hot part-of-speech classes.

        Raises:
            LeadError: part-of-speech classes are missing, or given to a matcher without them.
        """
        return self.text_encoder(tokens, lengths, pos)


def seen_columns(model: MatcherModel, feature_width: int) -> int:
    """How many of a motion's features the movement encoder looks at: the first ones."""
    if model.features == "all":
        return feature_width - CONTACT_COLUMNS
    joints = (feature_width + 1) // 12  # 12 J - 1 features: root, positions, rotations, velocities
    return _ROOT_COLUMNS + 3 * (joints - 1)


class MovementEncoder(nn.Module):
    """Every four frames become one snippet."""

    def __init__(self, input_width: int, width: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv1d(input_width, width, kernel_size=4, stride=2, padding=1),
            nn.Dropout(_DROPOUT),
            nn.LeakyReLU(_SLOPE),
            nn.Conv1d(width, width, kernel_size=4, stride=2, padding=1),
            nn.Dropout(_DROPOUT),
            nn.LeakyReLU(_SLOPE),
        )
        self.out_net = nn.Linear(width, width)
        self.apply(_initialise)

    def forward(
        self, frames: Float[Tensor, "B T W"], lengths: Int[Tensor, " B"] | None = None
    ) -> Float[Tensor, "B P V"]:
        """The snippets of frames without contacts.

        With ``lengths`` each motion's snippets are those it has alone in its batch. Frames
        beyond a length must be zero.
        """
        halved = self.main[:3](frames.transpose(1, 2))
        if lengths is not None:
            # Zero frames are not enough: the first convolution's bias makes them non-zero,
            # where the second one's own padding of a motion that ends here is zero.
            steps = torch.arange(halved.shape[-1], device=halved.device)
            beyond = steps >= (lengths // 2)[:, None]
            halved = halved.masked_fill(beyond[:, None], 0)
        return self.out_net(self.main[3:](halved).transpose(1, 2))


class MovementDecoder(nn.Module):
    """Snippets become frames again; only the movement encoder's pre-training needs it."""

    def __init__(self, model: MatcherModel, feature_width: int) -> None:
        width = model.movement_width
        if model.features != "all":
            feature_width = seen_columns(model, feature_width)
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose1d(width, width, kernel_size=4, stride=2, padding=1),
            nn.LeakyReLU(_SLOPE),
            nn.ConvTranspose1d(width, feature_width, kernel_size=4, stride=2, padding=1),
            nn.LeakyReLU(_SLOPE),
        )
        self.out_net = nn.Linear(feature_width, feature_width)
        self.apply(_initialise)

    def forward(self, snippets: Float[Tensor, "B P V"]) -> Float[Tensor, "B T D"]:
        """Four frames a snippet, contacts included where all features are seen."""
        return self.out_net(self.main(snippets.transpose(1, 2)).transpose(1, 2))


class SequenceEncoder(nn.Module):
    """Movement snippets, or token vectors with their part-of-speech classes, to one embedding."""

    def __init__(self, width_in: int, width: int, embedding: int, pos_classes: int = 0) -> None:
        """With ``pos_classes`` the sequences come with one-hot part-of-speech classes."""
        super().__init__()
        self.pos_emb = nn.Linear(pos_classes, width_in) if pos_classes else None
        self.input_emb = nn.Linear(width_in, width)
        self.gru = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.output_net = nn.Sequential(
            nn.Linear(2 * width, width),
            nn.LayerNorm(width),
            nn.LeakyReLU(_SLOPE),
            nn.Linear(width, embedding),
        )
        self.apply(_initialise)
        self.hidden = nn.Parameter(torch.randn(2, 1, width))

    def forward(
        self,
        sequence: Float[Tensor, "B S W"],
        lengths: Int[Tensor, " B"],
        pos: Float[Tensor, "B S P"] | None = None,
    ) -> Float[Tensor, "B E"]:
        """Embed the first ``lengths`` vectors of each sequence.

        Raises:
            LeadError: part-of-speech classes are missing, or given to a matcher without them.
        """
        if (pos is None) != (self.pos_emb is None):
            raise LeadError(
                "Part-of-speech classes do not fit the matcher.",
                found="none" if pos is None else f"{pos.shape[-1]} classes",
                expected="none" if self.pos_emb is None else self.pos_emb.in_features,
                fix="Set the matcher's `pos_classes` to what the study's word features have.",
            )
        if pos is not None and self.pos_emb is not None:
            sequence = sequence + self.pos_emb(pos)
        packed = pack_padded_sequence(
            self.input_emb(sequence), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        # The forward pass's state at each sequence's end, and the backward one's at its start.
        _, last = self.gru(packed, self.hidden.expand(-1, len(sequence), -1).contiguous())
        return self.output_net(torch.cat([last[0], last[1]], dim=-1))


def _check_lengths(lengths: Tensor, boundary: Boundary) -> None:
    shortest, longest = int(lengths.min()), int(lengths.max())
    if shortest < FRAMES_PER_SNIPPET:
        raise LeadError(
            "A motion is too short for the matcher.",
            found=f"{shortest} frames",
            expected=f"at least {FRAMES_PER_SNIPPET}",
            fix="Leave it out, or generate a longer one.",
        )
    if boundary == "zero196" and longest > PADDED_FRAMES:
        raise LeadError(
            "A motion is too long for `boundary: zero196`.",
            found=f"{longest} frames",
            expected=f"at most {PADDED_FRAMES}",
            fix="Set `boundary: unpadded`, or cut the motion.",
        )


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Conv1d | nn.ConvTranspose1d):
        nn.init.xavier_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
