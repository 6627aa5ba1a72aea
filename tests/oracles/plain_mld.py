"""MLD's forward passes, from the published table of layers alone, in NumPy.

Sequences are P x M, one at a time and without padding; weights are those of one network, by their
official names.
"""

from __future__ import annotations

from math import erf

import numpy as np

HEADS = 4
DEPTH = 4
"""Blocks before the middle one, and after it."""


def linear(x: np.ndarray, weights: dict, name: str) -> np.ndarray:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def layer_norm(x: np.ndarray, weights: dict, name: str) -> np.ndarray:
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + np.vectorize(erf)(x / 2**0.5))


def silu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-x))


def attention(x: np.ndarray, memory: np.ndarray, weights: dict, name: str) -> np.ndarray:
    """Query rows first in the joint matrix, then key, then value."""
    in_weight, in_bias = weights[f"{name}.in_proj_weight"], weights[f"{name}.in_proj_bias"]
    width = x.shape[1]
    query = x @ in_weight[:width].T + in_bias[:width]
    key = memory @ in_weight[width : 2 * width].T + in_bias[width : 2 * width]
    value = memory @ in_weight[2 * width :].T + in_bias[2 * width :]
    mixed = np.empty_like(x)
    size = width // HEADS
    for head in range(HEADS):
        part = slice(head * size, (head + 1) * size)
        scores = query[:, part] @ key[:, part].T / size**0.5
        shares = np.exp(scores - scores.max(1, keepdims=True))
        mixed[:, part] = shares / shares.sum(1, keepdims=True) @ value[:, part]
    return linear(mixed, weights, f"{name}.out_proj")


def block(x: np.ndarray, memory: np.ndarray | None, weights: dict, name: str) -> np.ndarray:
    """Normalised after each sum; with a memory it is attended to between the other two."""
    x = layer_norm(x + attention(x, x, weights, f"{name}.self_attn"), weights, f"{name}.norm1")
    last = "norm2"
    if memory is not None:
        across = attention(x, memory, weights, f"{name}.multihead_attn")
        x, last = layer_norm(x + across, weights, f"{name}.norm2"), "norm3"
    hidden = gelu(linear(x, weights, f"{name}.linear1"))
    return layer_norm(x + linear(hidden, weights, f"{name}.linear2"), weights, f"{name}.{last}")


def skip_stack(x: np.ndarray, memory: np.ndarray | None, weights: dict, name: str) -> np.ndarray:
    """The first block's output goes to the last one, the second's to the last but one."""
    kept = []
    for number in range(DEPTH):
        x = block(x, memory, weights, f"{name}.input_blocks.{number}")
        kept.append(x)
    x = block(x, memory, weights, f"{name}.middle_block")
    for number in range(DEPTH):
        both = np.concatenate([x, kept[DEPTH - 1 - number]], axis=1)
        x = linear(both, weights, f"{name}.linear_blocks.{number}")
        x = block(x, memory, weights, f"{name}.output_blocks.{number}")
    return layer_norm(x, weights, f"{name}.norm")


def encode(features: np.ndarray, weights: dict) -> tuple[np.ndarray, np.ndarray]:
    """Mean and logvar, L x 256 each (version 2: L x 32), of a motion of T x D features."""
    frames = linear(features, weights, "skel_embedding")
    x = np.concatenate([weights["global_motion_token"], frames])
    x = x + weights["query_pos_encoder.pe"][: len(x), 0]
    x = skip_stack(x, None, weights, "encoder")
    tokens = len(weights["global_motion_token"]) // 2
    x = narrowed(x[: 2 * tokens], weights, "latent_pre")
    return x[:tokens], x[tokens:]


def narrowed(x: np.ndarray, weights: dict, name: str) -> np.ndarray:
    """Through the linear layer between network and latent, where the weights have one."""
    return linear(x, weights, name) if f"{name}.weight" in weights else x


def decode(latent: np.ndarray, frames: int, weights: dict) -> np.ndarray:
    """The motion, T x D, of one latent."""
    latent = narrowed(latent, weights, "latent_post")
    queries = weights["query_pos_decoder.pe"][:frames, 0]
    return linear(skip_stack(queries, latent, weights, "decoder"), weights, "final_layer")


def step_sinusoid(step: int, width: int = 768) -> np.ndarray:
    """Cosines, then sines, of the step at periods from 2 pi, 10000 times that never reached."""
    angles = step / 10_000 ** (np.arange(width // 2) / (width // 2))
    return np.concatenate([np.cos(angles), np.sin(angles)])


def guidance_embedding(scale: float, width: int = 256) -> np.ndarray:
    """Sines, then cosines, of 1000 times the scale at periods from 2 pi to 10000 times that."""
    angles = 1000 * scale * 10_000.0 ** (-np.arange(width // 2) / (width // 2 - 1))
    return np.concatenate([np.sin(angles), np.cos(angles)])


def denoise(
    latent: np.ndarray,
    sinusoid: np.ndarray,
    text: np.ndarray,
    weights: dict,
    guidance: np.ndarray | None = None,
    activated: bool = True,
) -> np.ndarray:
    """The noise in one latent, given the step's sinusoid and a caption's vector.

    The caption passes a ReLU, but for version 2.
    """
    if guidance is not None:
        sinusoid = sinusoid + weights["time_embedding.cond_proj.weight"] @ guidance
    time = silu(linear(sinusoid, weights, "time_embedding.linear_1"))
    time = linear(time, weights, "time_embedding.linear_2")
    caption = linear(np.maximum(text, 0) if activated else text, weights, "emb_proj.1")
    tokens, latent = len(latent), narrowed(latent, weights, "latent_pre")
    x = np.concatenate([latent, time[None], caption[None]])
    x = x + weights["query_pos.pe"][: len(x), 0]
    return narrowed(skip_stack(x, None, weights, "encoder")[:tokens], weights, "latent_post")
