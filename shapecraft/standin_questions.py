"""Stand-in questions: what the stand-in says as writer and as judge of questions. It sees nothing, and says so.

As writer it asks for parts of the catalogue's object, and for parts that it has not. As judge its answers are fixed by
their number: yes, no, yes, no, ..., and every fifth "cannot tell".
"""

from __future__ import annotations

import json
import re

from easel.chat import ChatRequest
from shapecraft.catalogue import CATALOGUE, find_entry

SEEN = "Nothing: these are the fixed answers of a stand-in, not of a model."
_OBJECT = re.compile(r"^The object that was asked for: (.*)$", re.M)
_COUNT = re.compile(r"^Write \d+ questions about it: (\d+) .* (\d+) whose", re.M)
_QUESTION = re.compile(r"^(\d+)\. ", re.M)


def answer(request: ChatRequest) -> str | None:
    """The reply to a call of the writer or the judge of questions; None for any other call.

    Raises ConfigurationError for questions about an object that is not in the catalogue.
    """
    role = request.site.role.partition("+")[0]
    asked = next(message.text for message in request.messages if message.role == "user")
    if role == "vqa-writer":
        return _written(asked)
    if role == "vqa-judge":
        numbers = [int(number) for number in _QUESTION.findall(asked.partition("## Questions")[2])]
        words = [{"item": number, "answer": _fixed(number)} for number in numbers]
        return json.dumps({"seen": SEEN, "answers": words})
    return None


def _written(asked: str) -> str:
    text, counts = _OBJECT.search(asked), _COUNT.search(asked)
    yes, no = (int(counts[1]), int(counts[2])) if counts else (4, 4)
    entry = find_entry(text[1] if text else "")
    own = [one.name for one in entry.graph().components]
    strange = dict.fromkeys(one.name for other in CATALOGUE for one in other.graph().components if one.name not in own)
    # An object of two parts has fewer than are asked for: then one at a time, and their number.
    true = [*(f"Does it have this part: {name}?" for name in own), *(f"Does it have at least {n} parts?" for n in
            range(1, len(own) + 1)), *(f"Does it have fewer than {n} parts?" for n in range(len(own) + 1, 30))]
    false = [f"Does it have this part: {name}?" for name in strange]
    rows = [{"question": one, "answer": "yes"} for one in true[:yes]]
    rows += [{"question": one, "answer": "no"} for one in false[:no]]
    return json.dumps({"questions": rows})


def _fixed(number: int) -> str:
    return "cannot tell" if number % 5 == 0 else "yes" if number % 2 else "no"
