"""The published evaluator's forward pass, from its table of layers alone, in NumPy."""

from __future__ import annotations

import numpy as np


def leaky(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.2 * x)


def linear(x: np.ndarray, weights: dict, name: str) -> np.ndarray:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def convolution(x: np.ndarray, weights: dict, name: str) -> np.ndarray:
    """Kernel 4, stride 2, one zero at either end; frames in rows."""
    kernel, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    padded = np.concatenate([np.zeros_like(x[:1]), x, np.zeros_like(x[:1])])
    windows = [padded[start : start + 4] for start in range(0, len(padded) - 3, 2)]
    return np.stack([np.einsum("kc,ock->o", window, kernel) + bias for window in windows])


def normalised(x: np.ndarray, weights: dict, name: str) -> np.ndarray:
    centred = x - x.mean()
    scaled = centred / np.sqrt((centred**2).mean() + 1e-5)
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def last_state(sequence: np.ndarray, state: np.ndarray, weights: dict, way: str) -> np.ndarray:
    """A gated recurrent unit: gates in the order reset, update, new."""
    for x in sequence:
        of_input = x @ weights[f"gru.weight_ih_l0{way}"].T + weights[f"gru.bias_ih_l0{way}"]
        of_state = state @ weights[f"gru.weight_hh_l0{way}"].T + weights[f"gru.bias_hh_l0{way}"]
        (ri, zi, ni), (rh, zh, nh) = np.split(of_input, 3), np.split(of_state, 3)
        update = sigmoid(zi + zh)
        new = np.tanh(ni + sigmoid(ri + rh) * nh)
        state = (1 - update) * new + update * state
    return state


def encode(sequence: np.ndarray, weights: dict) -> np.ndarray:
    """Linear, both ways of the recurrent unit from learned states, and the head."""
    read = linear(sequence, weights, "input_emb")
    hidden = weights["hidden"][:, 0]
    both = np.concatenate(
        [
            last_state(read, hidden[0], weights, ""),
            last_state(read[::-1], hidden[1], weights, "_reverse"),
        ]
    )
    x = linear(both, weights, "output_net.0")
    return linear(leaky(normalised(x, weights, "output_net.1")), weights, "output_net.3")


def embed_motion(features: np.ndarray, networks: dict, padded_to: int | None = None) -> np.ndarray:
    """One motion, T x D normalised features; the last four columns are not read."""
    movement = networks["movement_encoder"]
    frames = features[:, :-4]
    if padded_to is not None:
        frames = np.concatenate([frames, np.zeros((padded_to - len(frames), frames.shape[1]))])
    halved = leaky(convolution(frames, movement, "main.0"))
    snippets = linear(leaky(convolution(halved, movement, "main.3")), movement, "out_net")
    return encode(snippets[: len(features) // 4], networks["motion_encoder"])


def embed_text(vectors: np.ndarray, classes: np.ndarray, networks: dict) -> np.ndarray:
    """One caption: S x 300 word vectors, S x 15 one-hot parts of speech."""
    weights = networks["text_encoder"]
    return encode(vectors + linear(classes, weights, "pos_emb"), weights)
