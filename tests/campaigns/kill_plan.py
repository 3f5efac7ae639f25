"""Where the kills of a campaign are to fall, drawn from its seed."""

import random
from dataclasses import dataclass
from typing import Literal

from campaigns.kill_points import POINTS

Who = Literal["server", "whole", "frozen"]
COUNTS = {
    "torn": 60,
    "recorded": 60,
    "answer": 120,
    "heartbeat": 5,
    "heartbeat-answer": 5,
    "complete": 3,
    "complete-answer": 3,
    "timer-answer": 20,
    "begin": 30,
    "end": 30,
    "reported": 15,
    "noted": 30,
    "timer": 60,
    "rebuild": 150,
    "resume": 2,
    "compact": 3,
}
"""The highest count that is drawn for a point."""
BLIND_S = 5.0


@dataclass
class Kill:
    """One kill. `point` "" falls from outside, `delay_s` after the start. `fell`: where it really fell."""

    number: int
    point: str
    count: int
    who: Who
    share: float
    delay_s: float
    stands_while_down: bool
    down_s: float
    fell: str = ""

    @property
    def where(self) -> str:
        return POINTS.get(self.fell, "from outside, at any moment")


def kills_of(count: int, rng: random.Random) -> list[Kill]:
    """Every point about as often as any other, and one in five from outside."""
    points = [*POINTS, *[""] * (len(POINTS) // 4)]
    drawn: list[str] = []
    while len(drawn) < count:
        drawn += rng.sample(points, len(points))
    who: tuple[Who, ...] = ("server", "whole", "frozen")
    return [
        Kill(
            number,
            point,
            rng.randint(1, COUNTS.get(point, 1)),
            rng.choice(who),
            rng.random(),
            BLIND_S * rng.random(),
            rng.random() < 0.5,
            rng.choice((0.0, 0.0, 0.5)),
        )
        for number, point in enumerate(drawn[:count], 1)
    ]
