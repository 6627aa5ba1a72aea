"""Moving pictures as files: GIF by Pillow, MP4 by the ffmpeg of imageio-ffmpeg."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from lead.errors import LeadError, check_ending
from lead.files.artefact import atomic_path
from lead.progress import track
from lead.render.body import Scene
from lead.render.film import MOST, video_frames, video_size

ENDINGS = (".gif", ".mp4")
"""What `write_video` writes."""

_MOST_FPS, _LONGEST_GIF = 30, 60.0
_TONES = 160  # colours of a GIF


def write_video(scenes: Sequence[Scene], path: Path) -> str:
    """Write a GIF or an MP4, atomically; returns what was written, in a line.

    Motions run in step, and one that is over stands still. A motion of more than 30 frames a
    second is shown in every second, third … frame. The same motions give the same pixels.

    Raises:
        LeadError: another ending, no motion or too many, a GIF of more than a minute, no ffmpeg.
    """
    check_ending(path, *ENDINGS)
    fps, times = _times(scenes, path)
    width, height = video_size(len(scenes))
    with atomic_path(path) as temporary:
        if path.suffix.lower() == ".gif":
            _write_gif(scenes, times, fps, temporary)
        else:
            frames = _watched(video_frames(scenes, times), len(times))
            _write_mp4(frames, fps, (width, height), scenes[0].text, temporary)
    return f"{len(times)} frames at {fps:g} fps, {width} x {height} pixels"


def _times(scenes: Sequence[Scene], path: Path) -> tuple[float, list[float]]:
    """Frames per second, and the moment of each."""
    if not 1 <= len(scenes) <= MOST:
        raise LeadError(
            "A video shows one motion, or a few beside one another.",
            file=path, found=f"{len(scenes)} motions", expected=f"1 to {MOST}",
            fix="Write several videos.",
        )  # fmt: skip
    fastest = max(scene.fps for scene in scenes)
    fps = fastest / np.ceil(fastest / _MOST_FPS)
    seconds = max(scene.seconds for scene in scenes)
    if path.suffix.lower() == ".gif" and seconds > _LONGEST_GIF:
        raise LeadError(
            "A GIF of this length would be too large to be shown.",
            file=path, found=f"{seconds:.0f} s", expected=f"{_LONGEST_GIF:g} s at most",
            fix="Write an .mp4 or an .html.",
        )  # fmt: skip
    return float(fps), [frame / fps for frame in range(max(1, round(seconds * fps)))]


def _watched(frames: Iterator[Image.Image], count: int) -> Iterator[Image.Image]:
    """The frames with a bar where somebody waits for them: on a terminal."""
    return iter(track(frames, "frames", count)) if sys.stderr.isatty() else frames


def _write_gif(scenes: Sequence[Scene], times: Sequence[float], fps: float, path: Path) -> None:
    """Write a GIF that begins again; times in it are hundredths of a second, right on average."""
    few = list(video_frames(scenes, times[:: max(1, len(times) // 4)]))
    sample = Image.fromarray(np.concatenate([np.asarray(frame) for frame in few]))
    palette = sample.quantize(_TONES, method=Image.Quantize.MEDIANCUT)
    reduced = [
        frame.quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in _watched(video_frames(scenes, times), len(times))
    ]
    ends = [round(100 * number / fps) for number in range(len(reduced) + 1)]
    durations = [10 * (b - a) for a, b in pairwise(ends)]
    reduced[0].save(
        path, "GIF", save_all=True, append_images=reduced[1:], duration=durations, loop=0,
        comment="; ".join(scene.text for scene in scenes if scene.text).encode()[:255],
    )  # fmt: skip


def _write_mp4(
    frames: Iterator[Image.Image], fps: float, size: tuple[int, int], title: str, path: Path
) -> None:
    command = [
        ffmpeg(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24",
        "-s", f"{size[0]}x{size[1]}", "-r", f"{fps:.6f}", "-i", "-", "-an",
        "-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p",
        "-threads", "1", "-movflags", "+faststart", "-fflags", "+bitexact", "-flags:v", "+bitexact",
        "-metadata", "title=" + title.replace("\0", " "), str(path),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stderr is not None
        try:
            for frame in frames:
                process.stdin.write(frame.tobytes())
            process.stdin.close()
        except BrokenPipeError:
            pass  # it says why below
        said = process.stderr.read().decode(errors="replace").strip()
    if process.returncode:
        raise LeadError(
            "ffmpeg could not write the video.", file=path, found=said[-300:],
            fix="Free some space, or write a .gif.",
        )  # fmt: skip


def ffmpeg() -> str:
    """Path of the ffmpeg that comes with imageio-ffmpeg.

    Raises:
        LeadError: there is none.
    """
    try:
        import imageio_ffmpeg

        return imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        raise LeadError(
            "An MP4 needs ffmpeg, which is not there.",
            found=str(error),
            fix="pip install imageio-ffmpeg; or write a .gif or an .html, which need nothing.",
        ) from error
