"""kimodo's and MBench's metrics frame by frame, as they are defined."""

import math

from scipy.signal import find_peaks

EPSILON = 1e-6


def minus(a, b):
    return [float(x) - float(y) for x, y in zip(a, b, strict=True)]


def length(vector):
    return math.sqrt(sum(value * value for value in vector))


def kimodo(feet, contacts, fps):
    """``feet`` T x 4 x 3 (ankle and toe, left then right), ``contacts`` T x 4 of 0 and 1."""
    near, near_speed, both, skating = 0, 0.0, 0, 0
    held, held_speed, most, wrong = 0, 0.0, 0.0, 0
    frames = len(feet)
    for t in range(frames - 1):
        for foot in range(4):
            speed = length(minus(feet[t + 1][foot], feet[t][foot])) * fps
            height, after = feet[t][foot][1], feet[t + 1][foot][1]
            if foot in (1, 3) and height < 0.05:
                near, near_speed = near + 1, near_speed + speed
                if after < 0.05:
                    both, skating = both + 1, skating + (speed > 0.2)
            if contacts[t][foot]:
                held, held_speed, most = held + 1, held_speed + speed, max(most, speed)
            wrong += (speed < 0.15 and height < 0.10) != bool(contacts[t][foot])
    return {
        "kimodo_skate_height": near_speed / (near + EPSILON),
        "kimodo_skate_ratio": skating / (both + EPSILON),
        "kimodo_skate_contacts": held_speed / (held + EPSILON),
        "kimodo_skate_max": most,
        "kimodo_consistency": 1 - wrong / (4 * (frames - 1)),
    }


def mbench(joints, toes):
    """``joints`` T x J x 3, root first; ``toes`` the places of the left and the right toe."""
    frames = len(joints)
    slide = [0.0, 0.0]
    held = [[touches(joints, toe, t) for toe in toes] for t in range(frames)]
    for foot, toe in enumerate(toes):
        ways = [
            math.hypot(step(joints, toe, t)[0], step(joints, toe, t)[2])
            for t in range(frames)
            if held[t][foot]
        ]
        slide[foot] = sum(ways) / (len(ways) + EPSILON)
    depths = [
        -joints[t][toe][1] for t in range(frames) for toe in toes if joints[t][toe][1] < -0.005
    ]
    return {
        "mbench_slide": sum(slide) / 2,
        "mbench_jitter": jitter(joints),
        "mbench_penetration": sum(depths) / len(depths) if depths else 0.0,
        "mbench_float": floating(joints, toes, held) / frames,
    }


def step(joints, joint, t, beside_root=False):
    """The way to the next frame; that of the frame before in the last one."""
    t = min(t, len(joints) - 2)
    way = minus(joints[t + 1][joint], joints[t][joint])
    return minus(way, step(joints, 0, t)) if beside_root else way


def touches(joints, toe, t):
    return length(step(joints, toe, t)) < 0.01 or joints[t][toe][1] < 0.02


def jitter(joints):
    total, count = 0.0, 0
    for t in range(1, len(joints) - 1):
        for joint in range(len(joints[0])):
            for beside_root in (False, True):
                now, before = (step(joints, joint, at, beside_root) for at in (t, t - 1))
                total += length(minus(now, before))
            count += 1
    return total / count


def floating(joints, toes, held):
    frames = len(joints)
    root = [length(step(joints, 0, t)) for t in range(frames)]
    rate = [
        [length(step(joints, toe, t, True)) / (root[t] + EPSILON) for toe in toes]
        for t in range(frames)
    ]
    total = 0.0
    for t in range(frames):
        if root[t] < 0.001:
            continue
        odd = [
            (rate[t][foot] < 0.6 or rate[t][foot] > 1.75) and length(step(joints, toe, t)) > 1.2e-4
            for foot, toe in enumerate(toes)
        ]
        if all(held[t]):
            total += all(odd)
        elif held[t][0]:
            total += odd[0]
        elif held[t][1]:
            total += odd[1]
    free = [stretches([not held[t][foot] for t in range(frames)]) for foot in (0, 1)]
    for foot in (0, 1):
        for stretch in free[foot]:
            still = sum(root[t] < 0.001 for t in stretch)
            if len(stretch) >= 4 and still / len(stretch) <= 0.5:
                total += sum(rate[t][foot] < 0.6 - 0.2 for t in stretch) / 2
    for one in free[0]:
        for other in free[1]:
            common = [t for t in one if t in other]
            if len(common) >= 4 and turns_back(joints, toes[0], common) > 2:
                total += len(common)
    return total


def stretches(flags):
    found, now = [], []
    for t, flag in enumerate([*flags, False]):
        if flag:
            now.append(t)
        elif now:
            found.append(now)
            now = []
    return found


def turns_back(joints, toe, frames):
    start = joints[frames[0]][toe]
    whole = minus(joints[frames[-1]][toe], start)
    angles = []
    for t in frames[1:]:
        so_far = minus(joints[t][toe], start)
        product = sum(a * b for a, b in zip(so_far, whole, strict=True))
        cosine = product / ((length(so_far) + EPSILON) * (length(whole) + EPSILON))
        angles.append(math.degrees(math.acos(max(-1.0, min(1.0, cosine)))))
    return len(find_peaks(angles)[0])
