"""What every motion can do, whether it was generated, imported or read from a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

    from lead.motion.skeleton import Motion


class Viewable:
    """A motion that can be saved, played and drawn, and says in a line what it is."""

    def save(self: Motion, path: Path | str, *, positions: bool = False) -> Path:
        """Write the motion as the file's ending says, and return the path.

        Args:
            path: .mp4, .gif, .html or .png to look at; .bvh, .glb, .npz, .csv or .npy.
            positions: of .bvh and .glb: joints that move in their parents, exactly where they
                are, instead of bones of constant length.

        Raises:
            LeadError: another ending, a file that cannot be written, no ffmpeg for an .mp4.
        """
        from lead.mocap.look import write_output

        write_output([(self, "")], Path(path), positions)
        return Path(path)

    def play(self: Motion, *, browser: bool = True) -> Path:
        """Open a page that plays the motion, where there is a screen, and return its path."""
        from lead.mocap.look import open_page, temporary_page, write_output

        page = temporary_page("motion")
        write_output([(self, "")], page)
        if browser:
            open_page(page)
        return page

    def plot(self: Motion) -> Image:
        """Draw poses over time and the path from above, as a Pillow image that notebooks show."""
        from lead.mocap.look import draw_motion

        return draw_motion(self)

    def __repr__(self: Motion) -> str:
        count = len(self.joints)
        return (
            f"{type(self).__name__}({self.text!r}, {count} frames at {self.fps:g} fps "
            f"({count / self.fps:.1f} s), {self.skeleton.name})"
        )
