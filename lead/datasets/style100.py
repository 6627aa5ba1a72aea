"""100STYLE (Mason et al. 2022): BVH takes named by style and content, such as ``Angry_FW.bvh``."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from lead.clip import Found, Rejected, Words, Work
from lead.config.style100 import Style100Dataset
from lead.datasets.dataset import RawSource
from lead.errors import LeadError
from lead.formats.archive import SUFFIXES, find_source, members
from lead.mocap.conventions import STYLE100
from lead.mocap.cut import Label, Limits, bad, cut_parts
from lead.mocap.read import take_from_bvh

SOURCES = (
    RawSource(
        name="100style",
        title="100STYLE (BVH, 810 takes, and Frame_Cuts.csv)",
        places=("100style",),
        is_folder=True,
        url="https://www.ianxmason.com/100style",
        licence="CC BY 4.0",
        studies=("style100",),
    ),
)
"""Where 100STYLE is to be had."""

CUTS = "Frame_Cuts.csv"
"""100STYLE's own list of the frames that show the style: a row a style, ``STYLE_NAME`` and
``<code>_START``, ``<code>_STOP`` for each content. What lies outside leads in or out."""

_NAME = re.compile(r"(?:.*/)?([A-Za-z0-9]+)_([A-Z]{2}[1-9]?)\.bvh")
Cuts = Mapping[tuple[str, str], tuple[int, int]]
"""First frame and the frame after the last, by style and content code."""


def read_style100(settings: Style100Dataset, data_root: Path) -> Iterator[Work]:
    """One call a take, each of which gives the take's parts on HumanML3D's 22 joints in metres.

    Raises:
        LeadError: the source is missing or holds no take, the archive is damaged, a held-out
            style does not exist, the frame cuts cannot be read. A broken take is ``bad``.
    """
    _check_styles(settings)
    path = _locate(settings, data_root)
    cuts = _find_cuts(path)
    limits = Limits(settings.fps, settings.min_positions, settings.max_positions)
    first: dict[str, str] = {}
    for name, content in members(path, _is_take):
        identity, source = PurePosixPath(name).stem, f"{settings.folder}/{name}"
        if identity in first:
            detail = f"the same take as {first[identity]}"
            yield partial(list, (Rejected(identity, source, "duplicate", detail),))
            continue
        first[identity] = source
        yield partial(read_take, content, source, cuts, limits)
    if not first:
        raise _nothing_to_read(path)


def read_take(content: bytes, source: str, cuts: Cuts, limits: Limits) -> list[Found]:
    """The parts of one take; its name says style and content."""
    identity = PurePosixPath(source).stem
    try:
        style, code = style_and_code(source)
        take = take_from_bvh(content, identity, source, [STYLE100])
        start, stop = cuts.get((style, code), (0, len(take.joints)))
        if not 0 <= start < min(stop, len(take.joints)):
            raise LeadError(
                "The frame cuts leave nothing of the take.",
                found=f"frames {start} to {stop} of {len(take.joints)}",
                expected="a start before the stop, within the take",
            )
    except LeadError as error:
        return [bad(identity, source, error)]
    captions = style_captions(code, style)
    label = Label(CONTENTS[code].name if captions else code, style, lambda *_: captions)
    return list(cut_parts(replace(take, joints=take.joints[start:stop]), label, limits))


def style_and_code(name: str) -> tuple[str, str]:
    """``Angry`` and ``FW`` from ``…/Angry_FW.bvh``.

    Raises:
        LeadError: the name is not made like this.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise LeadError(
            "The take's name does not say what it shows.",
            file=name,
            found=repr(PurePosixPath(name).name),
            expected=f"<style>_<content>.bvh with content one of {', '.join(CONTENTS)}",
            fix="Keep the names that the dataset came with.",
        )
    return match[1], match[2]


def read_cuts(content: bytes, file: str) -> Cuts:
    """The frame cuts of a CSV; a cell that is empty or ``N/A`` is none.

    Args:
        content: of the file.
        file: for messages.

    Raises:
        LeadError: it is no such table, or a cell is no whole number.
    """
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        columns = [name or "" for name in rows.fieldnames or ()]
        codes = [name.removesuffix("_START") for name in columns if name.endswith("_START")]
        pairs = [code for code in codes if f"{code}_STOP" in columns]
        if "STYLE_NAME" not in columns or not pairs:
            raise ValueError(f"columns {', '.join(columns)}")
        return {
            ((row["STYLE_NAME"] or "").strip(), code): (int(start), int(stop))
            for row in rows
            for code in pairs
            for start, stop in [(row[f"{code}_START"], row[f"{code}_STOP"])]
            if not {"", "N/A"} & {(start or "").strip(), (stop or "").strip()}
        }
    except (ValueError, csv.Error) as error:  # UnicodeDecodeError is a ValueError
        raise LeadError(
            "The frame cuts cannot be read.",
            file=file,
            found=error,
            expected="CSV with STYLE_NAME, <code>_START, <code>_STOP, … and whole numbers",
            fix=f"Get {CUTS} again, or delete it to use takes whole.",
        ) from error


def is_held_out(recording: Words, settings: Style100Dataset) -> bool:
    """Whether the recording's style is one that no stage may see."""
    return recording.style in settings.held_out_styles


def _is_take(name: str) -> bool:
    """Whether it is a BVH file; macOS puts a ``._`` twin beside each file of a zip."""
    return name.endswith(".bvh") and not PurePosixPath(name).name.startswith("._")


def _find_cuts(path: Path) -> Cuts:
    for name, content in members(path, lambda name: PurePosixPath(name).name == CUTS):
        return read_cuts(content, f"{path}/{name}")
    return {}


def _check_styles(settings: Style100Dataset) -> None:
    unknown = [style for style in settings.held_out_styles if style not in STYLES]
    if unknown:
        raise LeadError(
            "A held-out style does not exist.",
            found=", ".join(unknown),
            expected=f"some of {', '.join(STYLES)}",
            fix="Correct dataset.held_out_styles in the study's configuration.",
        )


def _locate(settings: Style100Dataset, data_root: Path) -> Path:
    path = find_source(data_root, [settings.folder])
    if path is None:
        raise _nothing_to_read(data_root / settings.folder)
    return path


def _nothing_to_read(path: Path) -> LeadError:
    [source] = SOURCES
    return LeadError(
        "100STYLE is missing.",
        file=path,
        found="no folder or archive" if not path.exists() else "no BVH file in it",
        expected=f"{source.title}: a folder, or {', '.join(SUFFIXES)}",
        fix=f"Get it from {source.url} ({source.licence}), or set dataset.folder.",
    )


@dataclass(frozen=True)
class Content:
    """What is done: a name, and four sentences that a phrase for the style can follow."""

    name: str
    sentences: tuple[str, str, str, str]


_TRANSITION = Content(
    "transition",
    (
        "a person moves around at changing speeds",
        "someone is changing from one gait to another",
        "a human goes between standing and walking and running",
        "the person keeps changing pace and direction",
    ),
)

CONTENTS = {
    "BR": Content(
        "run-backwards",
        (
            "a person runs backwards",
            "someone is running backwards",
            "a human jogs backwards",
            "the person moves back at a run",
        ),
    ),
    "BW": Content(
        "walk-backwards",
        (
            "a person walks backwards",
            "someone is walking backwards",
            "a human takes steps back",
            "the person moves back at a walk",
        ),
    ),
    "FR": Content(
        "run-forward",
        (
            "a person runs forward",
            "someone is running ahead",
            "a human jogs forward",
            "the person moves forward at a run",
        ),
    ),
    "FW": Content(
        "walk-forward",
        (
            "a person walks forward",
            "someone is walking ahead",
            "a human takes steps forward",
            "the person moves forward at a walk",
        ),
    ),
    "ID": Content(
        "idle",
        (
            "a person stands in place",
            "someone is standing around",
            "a human stays on the spot",
            "the person remains in one place",
        ),
    ),
    "SR": Content(
        "run-sideways",
        (
            "a person runs sideways",
            "someone is running to the side",
            "a human sidesteps at a run",
            "the person moves sideways at a run",
        ),
    ),
    "SW": Content(
        "walk-sideways",
        (
            "a person walks sideways",
            "someone is stepping to the side",
            "a human takes sidesteps",
            "the person moves sideways at a walk",
        ),
    ),
    "TR1": _TRANSITION,
    "TR2": _TRANSITION,
    "TR3": _TRANSITION,
}
"""By the code at the end of a file's name."""

STYLES = {
    "Aeroplane": "with the arms spread like the wings of an aeroplane",
    "Akimbo": "with the hands on the hips",
    "Angry": "angrily",
    "ArmsAboveHead": "with the arms above the head",
    "ArmsBehindBack": "with the arms behind the back",
    "ArmsBySide": "with the arms held by the sides",
    "ArmsFolded": "with folded arms",
    "Balance": "as if trying to keep balance",
    "BeatChest": "while beating the chest",
    "BentForward": "with the upper body bent forward",
    "BentKnees": "with bent knees",
    "BigSteps": "with big steps",
    "BouncyLeft": "with a bounce on the left leg",
    "BouncyRight": "with a bounce on the right leg",
    "Cat": "like a cat",
    "Chicken": "like a chicken",
    "CrossOver": "with the feet crossing over",
    "Crouched": "in a crouch",
    "CrowdAvoidance": "as if avoiding people in a crowd",
    "Depressed": "in a depressed mood",
    "Dinosaur": "like a dinosaur",
    "DragLeftLeg": "while dragging the left leg",
    "DragRightLeg": "while dragging the right leg",
    "Drunk": "as if drunk",
    "DuckFoot": "with the feet turned outwards",
    "Elated": "in an elated mood",
    "FairySteps": "with tiny fairy steps",
    "Flapping": "while flapping the arms",
    "FlickLegs": "while flicking the legs",
    "Followed": "as if being followed",
    "GracefulArms": "with graceful arms",
    "HandsBetweenLegs": "with the hands between the legs",
    "HandsInPockets": "with the hands in the pockets",
    "Heavyset": "like a heavyset person",
    "HighKnees": "with the knees lifted high",
    "InTheDark": "as if in the dark",
    "KarateChop": "with karate chops",
    "Kick": "with kicks of the legs",
    "LawnMower": "as if using a lawn mower",
    "LeanBack": "while leaning back",
    "LeanLeft": "while leaning to the left",
    "LeanRight": "while leaning to the right",
    "LeftHop": "while hopping on the left leg",
    "LegsApart": "with the legs apart",
    "LimpLeft": "with a limp in the left leg",
    "LimpRight": "with a limp in the right leg",
    "LookUp": "while looking up",
    "Lunge": "with lunges",
    "March": "as if on a march",
    "Monk": "like a monk",
    "Morris": "like a morris dancer",
    "Neutral": "",
    "Old": "like an old person",
    "OnHeels": "on the heels",
    "OnPhoneLeft": "with a phone at the left ear",
    "OnPhoneRight": "with a phone at the right ear",
    "OnToesBentForward": "on the toes with the upper body bent forward",
    "OnToesCrouched": "on the toes in a crouch",
    "PendulumHands": "with the hands swinging like a pendulum",
    "Penguin": "like a penguin",
    "PigeonToed": "with the toes turned inwards",
    "Proud": "proudly",
    "Punch": "while throwing punches",
    "Quail": "like a quail",
    "RaisedLeftArm": "with the left arm raised",
    "RaisedRightArm": "with the right arm raised",
    "RightHop": "while hopping on the right leg",
    "Roadrunner": "like a roadrunner",
    "Robot": "like a robot",
    "Rocket": "like a rocket",
    "Rushed": "in a rush",
    "ShieldedLeft": "as if shielding the left side",
    "ShieldedRight": "as if shielding the right side",
    "Skip": "with a skip",
    "SlideFeet": "with the feet sliding over the floor",
    "SpinAntiClock": "while spinning counterclockwise",
    "SpinClock": "while spinning clockwise",
    "Star": "with arms and legs spread like a star",
    "StartStop": "in starts and stops",
    "Stiff": "stiffly",
    "Strutting": "with a strut",
    "Superman": "like superman",
    "Swat": "as if on a swat team",
    "Sweep": "as if sweeping the floor",
    "Swimming": "as if swimming",
    "SwingArmsRound": "while swinging the arms round",
    "SwingShoulders": "with swinging shoulders",
    "Teapot": "in the shape of a teapot",
    "Tiptoe": "on tiptoe",
    "TogetherStep": "with the feet together after every step",
    "TwoFootJump": "with jumps off both feet",
    "WalkingStickLeft": "with a walking stick in the left hand",
    "WalkingStickRight": "with a walking stick in the right hand",
    "Waving": "while waving",
    "WhirlArms": "while whirling the arms",
    "WideLegs": "with the legs wide apart",
    "WiggleHips": "while wiggling the hips",
    "WildArms": "with wild arms",
    "WildLegs": "with wild legs",
    "Zombie": "like a zombie",
}
"""By the style in a file's name. Written from the names: only Angry and Rushed were seen."""


def style_captions(code: str, style: str) -> tuple[str, ...]:
    """Four lower-case sentences for a content in a style; none where either is not known."""
    if code not in CONTENTS or style not in STYLES:
        return ()
    return tuple(f"{line} {STYLES[style]}".rstrip() for line in CONTENTS[code].sentences)
