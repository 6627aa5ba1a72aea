"""Sentences for 100STYLE's labels: ten contents, each in a hundred styles."""

from __future__ import annotations

from dataclasses import dataclass


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
