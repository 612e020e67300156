"""Paint events: what `paint` tells, in order, as it happens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from easel.errors import EaselError
from shapecraft.paint_views import PaintView
from shapecraft.painted_field import PaintedField


class PaintingStopped(EaselError, RuntimeError):
    """A step that cannot be taken; what was painted before it is kept in the folder and goes on from there."""


@dataclass(frozen=True)
class PaintStarted:
    """done : steps taken before, in this folder; steps : in all; terms : names, "" is the whole

    views : cameras; megabytes : granted to them while they are kept; fitting : about how many of them fit in
    """

    done: int
    steps: int
    terms: tuple[str, ...]
    views: int
    megabytes: float
    fitting: int


@dataclass(frozen=True)
class PartSkipped:
    """A part without a term of its own, and why: "no prompt" or "no visible surface"."""

    part: str
    reason: str


@dataclass(frozen=True)
class TermStep:
    """part : name, "" is the whole; loss : whose gradient was taken; norm : of it at the picture, before clipping

    seconds : of this term by the clock, guided : thereof in the guidance
    """

    part: str
    view: PaintView
    loss: float
    timestep: int
    weight: float
    norm: float
    seconds: float
    guided: float


@dataclass(frozen=True)
class TermLeftOut:
    """A term whose gradient was not finite: nothing of it reached the field.

    step : from 0; part : name, "" is the whole
    came : what the guidance gave; where : timestep and prompt; mend : what the guidance says to do about it
    """

    step: int
    part: str
    came: str
    where: str
    mend: str


@dataclass(frozen=True)
class PaintStepped:
    """step : from 0; terms : that were taken; those that were left out come before, as `TermLeftOut`"""

    step: int
    terms: tuple[TermStep, ...]
    seconds: float


@dataclass(frozen=True, eq=False)
class Previewed:
    """One view of the whole after so many steps. shaded, albedo : (S, S, 3) uint8, sRGB; roughness, metalness : (S, S)
    uint8, 255 is 1"""

    done: int
    shaded: np.ndarray
    albedo: np.ndarray
    roughness: np.ndarray
    metalness: np.ndarray


@dataclass(frozen=True)
class CheckpointWritten:
    """done : steps that stand in it"""

    done: int
    path: Path


@dataclass(frozen=True, eq=False)
class PaintFinished:
    painted: PaintedField


PaintEvent = (PaintStarted | PartSkipped | TermLeftOut | PaintStepped | Previewed | CheckpointWritten
              | PaintFinished)
