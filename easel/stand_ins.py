"""Stand-ins: how a model's name says that it is none, and with which numbers: "stand-in:bad=0.1,seconds=1"."""

from __future__ import annotations

from collections.abc import Mapping

from easel.errors import ConfigurationError

STAND_IN = "stand-in"


def is_stand_in(model: str) -> bool:
    """Whether a model's name names a stand-in."""
    return model.partition(":")[0] == STAND_IN


def read_stand_in(model: str, takes: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """The numbers that a stand-in's name gives.

    takes : name -> smallest and largest value that it may have; both must be finite numbers
    Raises ConfigurationError for another name, another number, one given twice, and a model that is no stand-in.
    """
    kind, colon, described = model.partition(":")
    if kind != STAND_IN:
        raise ConfigurationError("a stand-in", came=model, where="model")
    values: dict[str, float] = {}
    for part in described.split(",") if colon else ():
        name, _, number = part.strip().partition("=")
        try:
            low, high = takes[name]
            if name in values:
                raise ValueError
            values[name] = float(number)
            if not low <= values[name] <= high or abs(values[name]) == float("inf"):
                raise ValueError
        except (KeyError, ValueError):
            taken = ",".join(f"{one}={_kind(*span)}" for one, span in takes.items())
            raise ConfigurationError(f"stand-in, or stand-in:{taken}, each at most once", came=part or model,
                                     where="model") from None
    return values


def _kind(low: float, high: float) -> str:
    return "SHARE" if (low, high) == (0, 1) else "NUMBER" if low < 0 else "SECONDS"
