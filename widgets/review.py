"""Review desk: where a person accepts, vetoes or rewords a lesson before it enters (ours; the paper has none).

The loop asks from its own thread and waits there; the person decides from another one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from pydantic import ValidationError

from drawagent.edits import Add, Delete, Edit, Keep, Modify, is_format_advice
from drawagent.experience import Caps
from easel.chat import Cancelled
from easel.errors import ConfigurationError


class ReviewDesk:
    """A `drawagent.keeping.Review` that waits for a person.

    caps : limits that reworded lessons must keep, so that the library takes them (`drawagent.curator.caps_of`)
    asking : False lets every edit pass as the model proposed it; may be changed at any time, and counts from the next
        edit on

    An edit that only keeps a lesson changes nothing, and passes unasked.
    """

    def __init__(self, caps: Caps | None = None, *, asking: bool = True) -> None:
        self.caps, self.asking = caps or Caps(), asking
        self._change = threading.Condition()
        self._pending: Edit | None = None
        self._decided: tuple[Edit | None] | None = None
        self._cancelled = False
        self._listeners: list[Callable[[], None]] = []

    def __call__(self, edit: Edit) -> Edit | None:
        """Wait for the decision on one edit. Raises Cancelled when the loop is stopped first: nothing is decided."""
        if not self.asking or isinstance(edit, Keep):
            return edit
        with self._change:
            self._pending, self._decided = edit, None
        try:
            self._tell()
            with self._change:
                self._change.wait_for(lambda: self._decided is not None or self._cancelled)
                if self._decided is None:
                    raise Cancelled("a decision on an edit", came="a request to stop", where="review", sent=False,
                                    mend="Nothing was decided; the question comes again when the run goes on.")
                return self._decided[0]
        finally:
            with self._change:
                self._pending = self._decided = None
            self._tell()

    @property
    def pending(self) -> Edit | None:
        """The edit that waits for a decision."""
        with self._change:
            return self._pending if self._decided is None and not self._cancelled else None

    def accept(self) -> None:
        """It enters as proposed. This and the other decisions raise ConfigurationError when no edit waits."""
        with self._change:
            self._decide(self._waiting())

    def veto(self) -> None:
        """It does not enter."""
        with self._change:
            self._waiting()
            self._decide(None)

    def edit(self, text: str) -> None:
        """It enters in these words. Raises ConfigurationError for words that no lesson can have; it still waits."""
        with self._change:
            self._decide(self._reworded(self._waiting(), text))

    def listen(self, listener: Callable[[], None]) -> None:
        """Call this whenever an edit begins or ceases to wait, from the thread in which that happens."""
        self._listeners.append(listener)

    def cancel(self) -> None:
        """Let the waiting loop go with Cancelled, and every later question until `reopen`."""
        with self._change:
            self._cancelled = True
            self._change.notify_all()

    def reopen(self) -> None:
        """Take questions again."""
        with self._change:
            self._cancelled = False

    def _waiting(self) -> Edit:
        if self._pending is None or self._decided is not None or self._cancelled:
            raise ConfigurationError("an edit that waits for a decision", came="none", where="review")
        return self._pending

    def _decide(self, edit: Edit | None) -> None:
        self._decided = (edit,)
        self._change.notify_all()

    def _reworded(self, edit: Edit, text: str) -> Edit:
        if not isinstance(edit, Add | Modify):
            raise ConfigurationError("an edit with words", came=f"a proposal to {edit.op} a lesson", where="review",
                                     mend="Accept it or veto it.")
        try:
            changed = type(edit).model_validate({**edit.model_dump(), "text": text})
        except ValidationError as error:
            raise ConfigurationError("words that a lesson can have", where="review",
                                     came=error.errors()[0]["msg"].removeprefix("Value error, ")) from error
        words = len(changed.text.split())
        if self.caps.words and words > self.caps.words:
            raise ConfigurationError(f"a lesson of at most {self.caps.words} words", came=f"{words} words",
                                     where="review")
        if self.caps.refuse_format and is_format_advice(changed.text):
            raise ConfigurationError("a lesson about the drawing", came="format advice", where="review",
                                     mend="The reader of the reply handles format.")
        return changed

    def _tell(self) -> None:
        for listener in list(self._listeners):
            listener()


def question(edit: Edit) -> str:
    """What a person is asked, in one line; the words themselves stand apart."""
    if isinstance(edit, Add):
        return f"A new lesson is proposed (topic: {edit.topic})."
    if isinstance(edit, Modify):
        return f"New words are proposed for lesson {edit.id}."
    if isinstance(edit, Delete):
        return f"Lesson {edit.id} is proposed for deletion."
    return "Nothing is proposed."
