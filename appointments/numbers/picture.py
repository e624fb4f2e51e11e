"""Pictures of figures, as places and sizes in a drawing of 480 units. Templates turn them into SVG.

Every number in a picture also stands in the table under it: the pictures are for the eye, the tables for everybody.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from appointments.numbers.table import time_words
from appointments.numbers.waits import NO_ANSWER

WIDTH = 480.0
LEFT, RIGHT = 44.0, 476.0  # of a plot with numbers at its side
TOP, BOTTOM = 14.0, 200.0
GAP = 1.5  # between two parts of a bar
ROW = 52.0  # the height of a row with its label above its bar
STEPS = (1, 2, 5)  # times a power of ten: where lines of a scale may stand
HOURS = (1, 2, 4, 8, 12, 16, 24, 36, 48, 72, 96, 120, 168, 240, 336, 480, 672, 960, 1440, 2160, 4320, 8760, 17520)
LABEL_WIDTH = 88.0  # that a label under a column needs


@dataclass(frozen=True)
class Part:
    """A part of a bar, or a cell: what it looks like, and where it lies."""

    tone: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Text:
    """A word in the picture. `anchor` is start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str = "start"


@dataclass(frozen=True)
class Line:
    """A line of the scale."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class Mark:
    """A time of a row: a dot for a percentile, or an arrow for what never came."""

    kind: str
    x: float
    y: float


@dataclass
class Picture:
    """What is drawn, from back to front. `legend` names each tone or kind of mark that it uses."""

    height: float
    legend: list[tuple[str, str]]
    lines: list[Line] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    spans: list[Line] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    curve: str = ""  # the points of a line over columns
    texts: list[Text] = field(default_factory=list)


def columns(
    labels: Sequence[str],
    stacks: Sequence[Sequence[tuple[str, int]]],
    legend: list[tuple[str, str]],
    curve: Sequence[int] = (),
) -> Picture:
    """A column for each label, made of parts (tone, number) from the bottom, and a line over them."""
    most = max([1, *curve, *(sum(number for _, number in stack) for stack in stacks)])
    top, lines = _scale(most)
    picture = Picture(BOTTOM + 26, legend)
    for value in lines:
        y = BOTTOM - (BOTTOM - TOP) * value / top
        picture.lines.append(Line(LEFT, _r(y), RIGHT, _r(y)))
        picture.texts.append(Text(LEFT - 6, _r(y + 5), str(value), "end"))
    pitch = (RIGHT - LEFT) / max(len(stacks), 1)
    width = min(pitch * 0.8, 36.0)
    for place, stack in enumerate(stacks):
        y, x = BOTTOM, LEFT + pitch * (place + 0.5) - width / 2
        for tone, number in stack:
            height = (BOTTOM - TOP) * number / top
            y -= height
            if number:
                picture.parts.append(Part(tone, _r(x), _r(y), _r(width), _r(height)))
    points = [
        f"{_r(LEFT + pitch * (place + 0.5))},{_r(BOTTOM - (BOTTOM - TOP) * n / top)}"
        for place, n in enumerate(curve)
    ]
    picture.curve = " ".join(points)
    picture.texts += _labels_below(labels, pitch)
    return picture


def _labels_below(labels: Sequence[str], pitch: float) -> list[Text]:
    """As many of them as there is room for, evenly, the first one always."""
    every = math.ceil(LABEL_WIDTH / pitch)
    chosen = range(0, len(labels), every)
    return [Text(_r(LEFT + pitch * (place + 0.5)), BOTTOM + 20, labels[place], "middle") for place in chosen]


def bars(rows: Sequence[tuple[str, Sequence[tuple[str, int]]]], legend: list[tuple[str, str]]) -> Picture:
    """A bar for each label, made of parts (tone, number) from the left, each with the number of them all."""
    most = max([1, *(sum(number for _, number in stack) for _, stack in rows)])
    picture = Picture(ROW * len(rows) + 2, legend)
    for place, (label, stack) in enumerate(rows):
        y, x = ROW * place, 2.0
        room = WIDTH - 4 - GAP * (len(stack) - 1)
        picture.texts.append(Text(0, _r(y + 17), label))
        picture.texts.append(Text(WIDTH, _r(y + 17), str(sum(number for _, number in stack)), "end"))
        for tone, number in stack:
            width = max(room * number / most, 2.0) if number else 0
            if number:
                picture.parts.append(Part(tone, _r(x), _r(y + 24), _r(width), 18.0))
                x += width + GAP
        picture.lines.append(Line(0, _r(y + 46), WIDTH, _r(y + 46)))
    return picture


@dataclass(frozen=True)
class Times:
    """A row of times: its label, what happened, and, where there is one, what was promised; the shortest first."""

    label: str
    times: Sequence[timedelta | None]
    promised: Sequence[timedelta | None] = ()


def times(rows: Sequence[Times], legend: list[tuple[str, str]]) -> Picture:
    """A line for each row with a dot for each time, over the band that was promised. What never came is an arrow at
    the end of the scale."""
    finite = [time for row in rows for time in (*row.times, *row.promised) if time is not None and time < NO_ANSWER]
    ticks = _ticks(max([timedelta(hours=1), *finite]))
    end = ticks[-1]
    left, right = 12.0, WIDTH - 30

    def place_of(time: timedelta) -> float:
        return _r(left + (right - left) * (time / end))

    bottom = ROW * len(rows) + 4
    picture = Picture(bottom + 24, legend)
    for tick in ticks:
        picture.lines.append(Line(place_of(tick), 0, place_of(tick), bottom))
    for tick in ticks:
        picture.texts.append(Text(place_of(tick), bottom + 20, time_words(tick) if tick else "0", "middle"))
    for place, row in enumerate(rows):
        y = ROW * place + 36
        known = [WIDTH - 10 if time >= NO_ANSWER else place_of(time) for time in row.times if time is not None]
        picture.texts.append(Text(0, ROW * place + 17, row.label))
        if promised := [place_of(time) for time in row.promised if time is not None]:
            width = max(promised[-1] - promised[0], 4.0)
            picture.parts.append(Part("promise", _r(promised[0] - 1), _r(y - 12), _r(width + 2), 24.0))
        if known:
            picture.spans.append(Line(known[0], y, known[-1], y))
        for number, x in enumerate(known):
            picture.marks.append(Mark("never" if x > right + 1 else f"cut-{number}", x, y))
    return picture


def grid(cells: dict[tuple[int, int], int], rows: Sequence[str], top: dict[int, str], width: int) -> Picture:
    """A cell for each row and column, the darker the more; `top` names some of the columns."""
    left, height, pitch = 48.0, 24.0, (WIDTH - 50) / width
    most = max([1, *cells.values()])
    picture = Picture(26 + height * len(rows), [])
    for row, label in enumerate(rows):
        y = 24 + height * row
        picture.texts.append(Text(0, _r(y + 17), label))
        for column in range(width):
            shade = -(-cells.get((row, column), 0) * 5 // most)
            picture.parts.append(
                Part(f"shade-{shade}", _r(left + pitch * column), y, _r(pitch - GAP), height - GAP)
            )
    picture.texts += [Text(_r(left + pitch * column), 16, label) for column, label in top.items()]
    return picture


def _scale(most: int) -> tuple[int, list[int]]:
    """The end of a scale from 0 that has room for `most`, and where its lines stand."""
    power = 1
    while True:
        for step in STEPS:
            if step * power * 4 >= most:
                lines = -(-most // (step * power))
                return lines * step * power, [step * power * line for line in range(lines + 1)]
        power *= 10


def _ticks(longest: timedelta) -> list[timedelta]:
    """Where the lines of a scale of times stand, the last one at `longest` or after it."""
    step = next((hours for hours in HOURS if timedelta(hours=hours) * 5 >= longest), HOURS[-1])
    lines = -(-longest // timedelta(hours=step))
    return [timedelta(hours=step) * line for line in range(lines + 1)]


def _r(number: float) -> float:
    return round(number, 1)
