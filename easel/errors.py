"""The one small error family: every fault says what was expected, what came, where, and what to do."""

from __future__ import annotations


class EaselError(Exception):
    """Base of all errors that this project raises on purpose.

    Parameters
    ----------
    expected : what a correct input or state would have been
    came : what was found instead (never a secret; long values are shortened)
    where : the place, in the user's terms ("stroke 3, point 2", "queries.yaml line 7")
    mend : what to do about it, if something can be done
    """

    def __init__(self, expected: str, *, came: str = "", where: str = "", mend: str = "") -> None:
        self.expected, self.came, self.where, self.mend = expected, came, where, mend
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        text = f"expected {self.expected}"
        if self.came:
            text += f", got {shorten(self.came)}"
        if self.where:
            text += f" (at {self.where})"
        return f"{text}. {self.mend}".rstrip() if self.mend else f"{text}."

    def __reduce__(self):
        return _rebuild, (type(self), self.__dict__.copy(), self.args)


def _rebuild(kind: type[EaselError], state: dict, args: tuple) -> EaselError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


class ConfigurationError(EaselError, ValueError):
    """A setting, file or argument is wrong; nothing was started."""


class MissingCapability(EaselError, RuntimeError):
    """A key, weight file, program or package that was asked for is not here."""


def shorten(text: str, limit: int = 160) -> str:
    """The text on one line, at most `limit` characters, with the cut marked."""
    text = " ".join(str(text).split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
