"""The text form of a sketch: strict and lenient reading, exact round trip, real, damaged and mutated replies."""

from __future__ import annotations

import json
import math
import pickle
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawagent.language import ParsedSketch, SketchLimits, SketchTextError, parse, write
from drawagent.sketch import Sketch, SketchError, Stroke

DATA = Path(__file__).parents[2] / "data"
REAL = json.loads((DATA / "llm_sketches" / "gold.json").read_text())
DAMAGED = json.loads((DATA / "damaged_sketches" / "expected.json").read_text())

A = "[[0, 0, 0], [0, 0, 0.3], [0, 0, 0.6], [0, 0, 1]]"
B = "[[1, 0, 0], [1, 0, 0.3], [1, 0, 0.6], [1, 0, 1]]"
C = "[[0.5, 0, 0], [0.5, 0, 0.3], [0.5, 0, 0.6], [0.5, 0, 1]]"
A_POINTS = ((0, 0, 0), (0, 0, 0.3), (0, 0, 0.6), (0, 0, 1))
AB = f"<curves>[{A}, {B}]</curves>"


def lenient(text: str, **limits) -> ParsedSketch:
    return parse(text, mode="lenient", limits=SketchLimits(**limits))


def refusal(text: str, mode: str = "lenient") -> SketchTextError:
    with pytest.raises(SketchTextError) as caught:
        parse(text, mode=mode)
    return caught.value


# Real and damaged replies -----------------------------------------------------------------------------------------


def test_gold_names_every_real_reply():
    assert len(REAL) == 31
    assert sorted(REAL) == sorted(path.name for path in (DATA / "llm_sketches").glob("*.txt"))


@pytest.mark.parametrize("name", sorted(REAL))
def test_real_reply_has_the_strokes_and_forms_that_a_reader_found(name):
    read = lenient((DATA / "llm_sketches" / name).read_text())
    assert len(read.sketch) == REAL[name]["strokes"]
    assert sorted(read.forgiven) == REAL[name]["forms"]
    assert len(read.thinking) > 40
    assert parse(write(read.sketch)).sketch == read.sketch


def test_strict_takes_the_real_replies_without_a_slip():
    for name, gold in REAL.items():
        text = (DATA / "llm_sketches" / name).read_text()
        if gold["forms"]:
            assert all(form in str(refusal(text, "strict")) for form in gold["forms"])
        else:
            assert len(parse(text).sketch) == gold["strokes"]


def test_twenty_damaged_replies_are_listed():
    assert len(DAMAGED) == 20
    assert sorted(DAMAGED) == sorted(path.name for path in (DATA / "damaged_sketches").glob("*.txt"))


@pytest.mark.parametrize("name", sorted(DAMAGED))
def test_damaged_reply_is_read_or_refused_as_a_careful_reader_would(name):
    text, expected = (DATA / "damaged_sketches" / name).read_text(), DAMAGED[name]
    if "refused" in expected:
        assert refusal(text).where.startswith(expected["refused"])
        return
    sketch = lenient(text).sketch
    assert len(sketch) == expected["strokes"]
    if "names" in expected:
        assert [stroke.name for stroke in sketch.strokes] == expected["names"]


# Strict and lenient -----------------------------------------------------------------------------------------------

FORMS = {
    # name: (text, strokes, what lenient reading forgives; nothing: strict takes it too)
    "plain": (AB, 2, ()),
    "thinking before": (f"<thinking>two posts</thinking>\n{AB}\n", 2, ()),
    "think before": (f"<think>two posts</think>{AB}", 2, ()),
    "comment lines": (f"<curves>[\n# post\n{A},\n# rail\n{B}\n]</curves>", 2, ()),
    "named stroke": (f'<curves>[["post", {A}], {B}]</curves>', 2, ()),
    "single quotes": (f"<curves>[['post', {A}], {B}]</curves>", 2, ()),
    "actions in a list": (f"<curves>[draw_bezier{A}, draw_bezier{B}]</curves>", 2, ("draw_bezier actions",)),
    "actions bare": (
        f"<curves>\ndraw_bezier{A}\ndraw_bezier{B}\n</curves>", 2,
        ("draw_bezier actions", "missing commas", "strokes without one list around them"),
    ),
    "the paper's action": (
        f"<curves>[draw_bezier[{A.replace('[', '(').replace(']', ')')}]]</curves>", 1, ("draw_bezier actions", "tuples"),
    ),
    "actions as calls": (f"<curves>[draw_bezier({A[1:-1]}), Draw_Bezier({B})]</curves>", 2, ("draw_bezier actions",)),
    "actions among words": (
        f"I call draw_bezier{A} first, and then draw_bezier{B}.", 2,
        ("draw_bezier actions", "no <curves> tag", "strokes without one list around them"),
    ),
    "tuples": (AB.replace("[", "(").replace("]", ")"), 2, ("tuples",)),
    "points as tuples": (f"<curves>[{A[0]}(0,0,0),(0,0,.3),(0,0,.6),(0,0,1.)]]</curves>", 1, ("tuples",)),
    "fence around": (f"```python\n{AB}\n```", 2, ("code fences",)),
    "fence inside": (f"<curves>\n```\n[{A}, {B}]\n```\n</curves>", 2, ("code fences",)),
    "fence alone": (f"Here:\n```json\n[{A}, {B}]\n```\nDone.", 2, ("code fences", "no <curves> tag")),
    "trailing commas": (f"<curves>[{A[:-1]},], {B},]</curves>", 2, ("trailing commas",)),
    "doubled commas": (f"<curves>[{A},, {B}]</curves>", 2, ("doubled commas",)),
    "missing commas": (f"<curves>[{A} {B}]</curves>", 2, ("missing commas",)),
    "spaces for commas": ("<curves>[[[0 0 0] [0 0 1] [0 0 2] [0 0 3]]]</curves>", 1, ("missing commas",)),
    "slashed comments": (f"<curves>[ // post\n{A},\n{B}]</curves>", 2, ("comments with //",)),
    "text around": (f"Sure! {AB} I hope you like it.", 2, ("text around the block",)),
    "text inside": (f"<curves>The posts: [{A}, {B}] as asked.</curves>", 2, ("words inside the block",)),
    "an assignment": (f"<curves>\ncurves = [{A}, {B}]\n</curves>", 2, ("words inside the block",)),
    "several blocks": (
        f"<curves>[{A}]</curves> Better: {AB}", 2, ("2 <curves> blocks, the last one taken", "text around the block"),
    ),
    "several lists": (f"[{A}] Better: [{A}, {B}]", 2, ("2 lists, the last one taken", "no <curves> tag")),
    "no closing tag": (f"<curves>[{A}, {B}]", 2, ("no </curves> tag",)),
    "closed by an opening tag": (f"<curves>[{A}, {B}]<curves>", 2, ("no </curves> tag",)),
    "no opening tag": (f"[{A}, {B}]</curves>", 2, ("no <curves> tag",)),
    "loud tags": (AB.replace("curves", "CURVES "), 2, ("tags spelt otherwise",)),
    "tags with spaces and attributes": (f"< curves count=2 >[{A}, {B}]< /curves>", 2, ("tags spelt otherwise",)),
    "closing tag misspelt": (f"<curves>[{A}, {B}]</curve>", 2, ("no </curves> tag", "words inside the block")),
    "numbered strokes": (
        f"<curves>1. {A}\n2. {B}</curves>", 2, ("strokes without one list around them", "words inside the block"),
    ),
    "all in one object": (
        f'{{"thinking": "two [posts]", "curves": [{A}, {B}]}}', 2,
        ("dictionaries", "no <curves> tag", "strokes in nested groups", "strokes without one list around them"),
    ),
    "escaped tags": (f"&lt;curves&gt;[{A}, {B}]&lt;/curves&gt;", 2, ("no <curves> tag",)),
    "odd spaces": (f"<curves>\u2003[{A},\u200b\u2028{B}]\ufeff</curves>", 2, ("odd spaces",)),
    "tag only mentioned": (f"{AB} That was <curves>.", 2, ("text around the block",)),
    "thinking not closed": (f"<thinking>two posts {AB}", 2, ("no </thinking> tag",)),
    "thinking not opened": (f"two posts </thinking> {AB}", 2, ("no <thinking> tag",)),
    "thinking not closed, no tags": (
        f"<thinking>two posts\n```\n[{A}, {B}]\n```", 2, ("code fences", "no </thinking> tag", "no <curves> tag"),
    ),
    "tags in the thinking": (f"<thinking>say <curves>[{C}]</curves></thinking>{AB}", 2, ()),
    "all in the thinking": (f"<thinking>so {AB}</thinking>", 2, (
        "text around the block", "the drawing stood inside the thinking",
    )),
    "thinking behind": (f"{AB}<thinking>good</thinking>", 2, ("thinking behind the drawing",)),
    "name beside points": (f'<curves>[["post", {A[1:-1]}]]</curves>', 1, ("names beside points",)),
    "name behind": (f'<curves>[[{A}, "post"]]</curves>', 1, ("names behind strokes",)),
    "names between": (f'<curves>["post", {A}, "rail", {B}]</curves>', 2, ("names between strokes",)),
    "name with its strokes": (
        f'<curves>[["post", [{A}, {B}]]]</curves>', 2, ("names between strokes", "strokes in nested groups"),
    ),
    "rows of a dictionary": (
        f'<curves>[{{"name": "post", "points": {A}}}, {{"part": "rail", "p0": [0,0,0], "p1": [1,1,1], '
        f'"p2": [1,2,1], "p3": [1,3,1]}}]</curves>', 2, ("dictionaries",),
    ),
    "dictionary of parts": (
        f'<curves>{{"post": [{A}], "rail": [{B}]}}</curves>', 2,
        ("dictionaries", "strokes in nested groups", "strokes without one list around them"),
    ),
    "twelve numbers": ("<curves>[[0,0,0, 0,0,1, 0,0,2, 0,0,3]]</curves>", 1, ("strokes as 12 numbers",)),
    "lists by part": (f"<curves>[[{A}], [{B}]]</curves>", 2, ("strokes in nested groups",)),
    "one stroke bare": (f"<curves>{A}</curves>", 1, ("one stroke without a list around it",)),
    "strokes bare": (f"<curves>{A}, {B}</curves>", 2, ("strokes without one list around them",)),
    "last bracket missing": (f"<curves>[{A}, {B}</curves>", 2, ("a closing bracket missing",)),
    "stroke not closed": (f"<curves>[{A[:-1]}, {B}, {C}]</curves>", 3, ("a closing bracket missing",)),
    "bracket too many": (f"<curves>[{A}, {B}]]</curves>", 2, ("a closing bracket too many",)),
    "two kinds in a pair": (f"<curves>[{A}, {B})</curves>", 2, ("brackets of two kinds in one pair",)),
    "semicolons": (f"<curves>[{A}; {B}]</curves>", 2, ("semicolons",)),
    "typographic minus": (f"<curves>[{A.replace('[0, 0, 1]', '[0, 0, −1]')}]</curves>", 1, ("typographic minus signs",)),
    "long name": (f"<curves>[\n# {'leg ' * 40}\n{A}]</curves>", 1, ("long names cut",)),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(form):
    text, strokes, forgiven = FORMS[form]
    read = lenient(text)
    assert len(read.sketch) == strokes
    assert read.forgiven == tuple(sorted(forgiven))
    if form not in ("typographic minus",):
        first = read.sketch.strokes[0].points
        assert first[0] == (0, 0, 0)
    if forgiven:
        message = str(refusal(text, "strict"))
        assert message.startswith("expected exactly one <curves> block with one list of strokes, got ")
    else:
        assert parse(text).sketch == read.sketch


def test_names_in_all_forms():
    text = f"""<curves>[  # ignored: names start with the next line
    # --- Front legs: ---
    {A},
    {A},  # left
    ["seat", {B}],
    {B},
    #
    {C}, {C}
    ]  # the end
    </curves>"""
    names = [stroke.name for stroke in lenient(text).sketch.strokes]
    assert names == ["Front legs", "left", "seat", "Front legs", None, None]
    assert [s.name for s in lenient(f'<curves>{{"a": [{A}], "b": {B}}}</curves>').sketch.strokes] == ["a", "b"]
    rows = lenient(f'<curves>[{{"label": "x", "control_points": {A}}}, "y", {B}, {C}]</curves>').sketch.strokes
    assert [row.name for row in rows] == ["x", "y", "y"]
    actions = lenient(f'draw_bezier("x", {A})  # y\n# z\ndraw_bezier{B}').sketch.strokes
    assert [row.name for row in actions] == ["y", "z"]


def test_thinking_is_handed_on():
    assert parse(f"<thinking> a\nb </thinking>{AB}").thinking == "a\nb"
    assert lenient(f"a</thinking><thinking>b</thinking>{AB}").thinking == "a\n\nb"
    assert lenient(f"<thinking>plan: {AB}").thinking == "plan:"
    assert parse(AB).thinking == ""


REFUSED = {
    # name: (text, start of the message, part of the message)
    "three points": (f"<curves>[{A}, [[0,0,0],[1,1,1],[2,2,2]]]</curves>",
                     "expected a stroke of 4 points of 3 numbers, got 3 points (at stroke 1)."),
    "five points": (f"<curves>[[{A[1:-1]}, [1, 1, 1]]]</curves>", "expected a stroke of 4 points of 3 numbers, got 5"),
    "point of two": (f"<curves>[{A},{A},{A},[[0,0,0],[1,1,1],[2,2],[3,3,3]]]</curves>",
                     "expected a point of 3 numbers, got 2 values (at stroke 3, point 2)."),
    "all points of two": ("<curves>[[[0,0],[1,1],[2,2],[3,3]]]</curves>",
                          "expected a point of 3 numbers, got 2 values (at stroke 0, point 0)."),
    "numbers in quotes": (f'<curves>[{A}, [[0,0,0],["1","0","0"],[2,2,2],[3,3,3]]]</curves>',
                          "expected a point of 3 numbers, got text in quotes (at stroke 1, point 1)."),
    "a word for a number": (f"<curves>[{A}, [[0,0,0],[1,nan,1],[2,2,2],[3,3,3]]]</curves>",
                            "expected only lists and plain numbers, got 'nan' in "),
    "an expression": ("<curves>[[[0,0,0],[0,1/2,0],[0,0,0],[0,0,1]]]</curves>", "expected plain numbers, got "),
    "a product": ("<curves>[[[0,0,0],[0,0.5*r,0],[0,0,0],[0,0,1]]]</curves>", "expected plain numbers, got "),
    "a difference": ("<curves>[[[0,0,0],[0,1-2,0],[0,0,0],[0,0,1]]]</curves>", "expected plain numbers, got "),
    "a call": (f"<curves>[np.array({A})]</curves>", "expected strokes or draw_bezier actions, got 'np.array' (at stroke 0)"),
    "a call for a point": (f"<curves>[{A}, [pt(0,0,0),pt(0,0,1),pt(0,0,2),pt(0,0,3)]]</curves>",
                           "expected a point of 3 numbers, got 'pt' (at stroke 1, point 0). Write numbers"),
    "a comprehension": ("<curves>[[[0,0,z] for z in range(4)]]</curves>", "expected only lists and plain numbers, got 'z'"),
    "cut in a stroke": (f"<curves>[{A}, [[0,0,0],[1,1", "expected a complete list, got a list cut off inside a stroke (at str"),
    "cut in the last number": (f"<curves>[{A}, [[0,0,0],[1,1,1],[2,2,2],[3,3,0.3", "expected a complete list, got a list cut"),
    "cut after a comma": (f"<curves>[{A},\n{B},\n", "expected a complete list, got a list that is cut off (at stroke 2)."),
    "cut after a comma, no tag": (f"[{A},\n{B},\n", "expected a complete list, got a list that is cut off (at stroke 2)."),
    "the revision is cut": (f"{AB} Better: <curves>[{C}, [[0,", "expected a complete list, got a list cut off"),
    "a list left out": (f"[{A}, {B}, ...]", "expected only lists and plain numbers, got '...' in "),
    "only thinking": ("<thinking>legs at [0.4, 0.4, 0], a seat", "expected <curves> with a list of strokes, got "),
    "a draft in endless thinking": (f"<thinking>say [{A}, {B}] or rather", "expected a drawing after the thinking, got"),
    "empty": ("", "expected <curves> with a list of strokes, got an empty reply."),
    "a refusal": ("I cannot draw this [1].", "expected <curves> with a list of strokes, got I cannot draw this [1]."),
    "an empty list": ("<curves>[]</curves>", "expected at least one stroke, got an empty list."),
    "a loose number": (f"<curves>[{A}, 7, {B}]</curves>", "expected a stroke of 4 points, got the number 7 (at stroke 1)."),
    "far away": (f"<curves>[{A}, [[0,0,0],[0,5000,0],[0,0,0],[0,0,1]]]</curves>",
                 "expected coordinates in [-1, 1] (100 at most), got 5000 (at stroke 1, point 1)."),
    "infinite": ("<curves>[[[0,0,1e999],[0,0,0],[0,0,0],[0,0,1]]]</curves>", "expected finite numbers, got 1e999 (at stroke 0"),
    "too deep": ("<curves>" + "[" * 5000, "expected nesting of at most 12 levels, got deeper nesting"),
    "a name without strokes": ('<curves>{"seat": 3}</curves>', "expected strokes under every name, got 3.0 (at stroke 0, 'seat')."),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    text, start = REFUSED[case]
    error = refusal(text)
    assert str(error).startswith(start)
    assert isinstance(error, SketchError)
    assert isinstance(error, ValueError)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize(("text", "place"), [
    (f"<curves>[{A}, {B}, x]</curves>", "stroke 2"),
    (f"<curves>[{A}, [x", "stroke 1, point 0"),
    (f"<curves>[{A}, [[x", "stroke 1, point 0, number 0"),
    (f"<curves>[{A}, [[1, x", "stroke 1, point 0, number 1"),
    (f"<curves>[{A}, [[1, 1, 1], [2, 2, 2], x", "stroke 1, point 2"),
    (f"<curves>[{A}, [[1, 1, 1], [2, 2, 2], [3, x", "stroke 1, point 2, number 1"),
    ("<curves>[[[x", "stroke 0, point 0, number 0"),
    ("<curves>[x", "stroke 0"),
    # The same without an outer list, and with one list more.
    (f"draw_bezier{A} [at 0.1] draw_bezier[(1, 2, 3), (x", "stroke 0, point 1, number 0"),
    (f"<curves>draw_bezier{A}\ndraw_bezier[(1, 1, 1), (2, x", "stroke 1, point 1, number 1"),
    (f"<curves>draw_bezier{A}\ndraw_bezier[(x", "stroke 1, point 0, number 0"),
    (f"<curves>[draw_bezier{A}, draw_bezier[x", "stroke 1, point 0"),
    (f"<curves>{A}, [[1, 1, x", "stroke 1, point 0, number 2"),
    (f"<curves>[[{A}, {B}], [{C}, [[1, 1, 1], [x", "stroke 3, point 1, number 0"),
    (f'<curves>{{"a": [{A}, {B}], "b": [{C}, [[1, 1, 1], [x', "stroke 3, point 1, number 0"),
    (f'<curves>[["a", {A}], ["b", [[1, 1, 1], [2, x', "stroke 1, point 1, number 1"),
])
def test_places_are_right_with_and_without_an_outer_list(text, place):
    assert refusal(text).where == place


def test_limits():
    assert str(refusal("x" * 200_001)) == "expected a reply of at most 200000 characters, got 200001."
    with pytest.raises(SketchTextError, match="at most 3 strokes, got more"):
        lenient(f"<curves>[{', '.join([A] * 4)}]</curves>", strokes=3)
    assert len(parse(f"<curves>[{', '.join([A] * 256)}]</curves>").sketch) == 256
    name = parse(f'<curves>[["{"x" * 80}", {A}]]</curves>').sketch.strokes[0].name
    assert name == "x" * 80
    assert lenient(f'<curves>[["{"x" * 10_000}", {A}]]</curves>').sketch.strokes[0].name == "x" * 80
    assert "long names cut" in str(refusal(f'<curves>[["{"x" * 81}", {A}]]</curves>', "strict"))


def test_nothing_is_evaluated(tmp_path):
    trap = tmp_path / "trap"
    for code in (f"__import__('pathlib').Path({str(trap)!r}).touch()", f"open({str(trap)!r}, 'w')", "1 if 1 else 2"):
        refusal(f"<curves>[[[0,0,{code}],[0,0,0],[0,0,0],[0,0,1]]]</curves>")
    assert not trap.exists()


# Round trip -------------------------------------------------------------------------------------------------------

ALL = SketchLimits(characters=10**9, coordinate=math.inf, name=10**6)
number = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([-0.0, 1e-300, 5e-324, 1e15, 1e16, 0.1, -1e308]),
)
point = st.tuples(number, number, number)
part = st.one_of(
    st.none(), st.text(max_size=60),
    st.sampled_from(["", " ", "leg", "a  b", "</curves>", "<thinking>", '"', "'", "\\", "\n#x", "```", "کرسی", "\u202eevil",
                     "[[0,0,0]]", "draw_bezier[", "x" * 10_000, "// a", "leg -", "a:", "1"]),
)
sketches = st.lists(st.builds(Stroke, st.tuples(point, point, point, point), part), min_size=1, max_size=6).map(
    lambda strokes: Sketch(tuple(strokes))
)


@given(sketches)
@settings(max_examples=200, deadline=None)
def test_round_trip_is_exact(sketch):
    again = parse(f"<thinking>x</thinking>\n{write(sketch)}\n", limits=ALL)
    assert again.sketch == sketch
    assert again.sketch.key == sketch.key
    assert write(again.sketch) == write(sketch)
    assert [math.copysign(1, c) for s in again.sketch.strokes for p in s.points for c in p] == [
        math.copysign(1, c) for s in sketch.strokes for p in s.points for c in p
    ]


def test_half_a_surrogate_pair_becomes_a_question_mark():
    assert parse(f'<curves>[["a\\ud800", {A}]]</curves>').sketch.strokes[0].name == "a?"


def test_written_text():
    sketch = Sketch((Stroke(A_POINTS, "leg"), Stroke(A_POINTS, "leg"), Stroke(A_POINTS), Stroke(A_POINTS, "<b>")))
    assert write(sketch) == (
        f"<curves>[\n# leg\n{A},\n{A},\n#\n{A},\n[\"\\u003cb>\", {A}]\n]</curves>"
    )


# Mutations --------------------------------------------------------------------------------------------------------

_TOKENS = ("[", "]", "(", ")", "{", "}", ",", ";", ":", "#", "//", "```", "<curves>", "</curves>", "<thinking>",
           "</thinking>", "draw_bezier[", "draw_bezier(", '"', "'", "\\", "\n", "...", "nan", "1e999", "-", "\u2212", "0x1F",
           "None", "seat", '"seat", ', "\x00", "\u202e", "\ud800", "\U0001f600", "\u0663", "1" * 400, "[" * 2000, "]" * 2000,
           "<curves>" * 200, "<thinking>" * 200, "(" * 50, '{"a": ', "1,", " " * 3000, "\\u12", "<" * 500, "\t", "\r")


def mutation(text: str, other: str, rng: random.Random) -> str:
    """One fault: a character, a token, a cut, a splice, a repetition, nesting, replaced marks, wrong decoding."""
    at, to = sorted((rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)))
    near = min(len(text), at + rng.randrange(40))
    kind = rng.randrange(10)
    if kind == 0:
        return text[:at] + chr(rng.choice((rng.randrange(128), rng.randrange(0x3000)))) + text[at + 1:]
    if kind == 1:
        return text[:at] + text[near:]
    if kind == 2:
        return text[:at] + rng.choice(_TOKENS) + text[near if rng.random() < 0.5 else at:]
    if kind == 3:
        return text[:at] + other[rng.randrange(len(other) + 1):]
    if kind in (4, 5):
        return text[:at] if kind == 4 else text[to:]
    if kind == 6:
        return text[:to] + text[at:]
    if kind == 7:
        return text[:at] + "[" * rng.randrange(1, 40) + text[at:to] + "]" * rng.randrange(1, 40) + text[to:]
    if kind == 8:
        return text.replace(rng.choice("[](),.-0<>"), rng.choice(_TOKENS)[:9], rng.choice((1, 1, 50)))
    return text.encode("utf-8", "replace")[:at].decode("utf-16", "replace") + text[at:]


def mutated(text: str, other: str, rng: random.Random) -> str:
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        text = mutation(text, other, rng) or "x"
    return text[:300_000]


def check_mutations(count: int, seed: int) -> None:
    replies = [(DATA / "llm_sketches" / name).read_text() for name in sorted(REAL)]
    replies += [(DATA / "damaged_sketches" / name).read_text() for name in sorted(DAMAGED)]
    rng, read, slowest, longest = random.Random(seed), 0, 0.0, 0
    for _ in range(count):
        text = mutated(rng.choice(replies), rng.choice(replies), rng)
        begun = time.process_time()
        try:
            found = parse(text, mode="lenient")
        except SketchTextError as error:
            longest = max(longest, len(str(error)))
        else:
            read += 1
            assert 1 <= len(found.sketch) <= 256
            assert parse(write(found.sketch)).sketch == found.sketch
        slowest = max(slowest, time.process_time() - begun)
    assert slowest < 1.0
    assert longest < 700
    assert count / 10 < read < count * 9 / 10


def test_mutated_replies_raise_nothing_but_the_documented_error():
    check_mutations(1_500, seed=1)


@pytest.mark.acceptance
@pytest.mark.timeout(1_800)
def test_twenty_thousand_mutated_replies_raise_nothing_but_the_documented_error():
    check_mutations(20_000, seed=2)


@pytest.mark.parametrize("text", [
    "[" * 190_000, "]" * 190_000, "[]" * 95_000, "[1," * 63_000, "[x" * 95_000, "(" * 190_000, "{" * 190_000,
    "<thinking>" * 19_000, "</thinking>" * 17_000, "<curves>" * 23_000, "<curves>[" * 21_000, "<" * 190_000,
    "draw_bezier[" * 15_000, "draw_bezier " * 15_000, "draw_bezier[1," * 13_000, "#" * 190_000, "[#\n" * 60_000, "`" * 190_000,
    '"' * 190_000, "['" * 95_000, '["' + "\\" * 189_000, "[" + "1" * 189_000, "[" + "1e" * 90_000, " " * 190_000,
    "<curves>" + " " * 180_000, ("[" + A[:-1] + ",") * 3_500, "<curves>[" + (A[:-1] + ",") * 3_500,
    "<curves>[" + "[[1,1,1]," * 20_000, ("[" + "1,2,3,4,5,6,7,8,9,10,11,12 x" * 5) * 1_300, "[[1,2,3],[1,2,3] x] " * 9_000,
    ("[" + "1," * 20 + "x") * 4_000, "[\u2212" * 60_000, '{"a":' * 38_000, "<curves>{" + '"a": 1, ' * 20_000,
], ids=lambda text: text[:12])
def test_no_reply_takes_long(text):
    begun = time.process_time()
    for reply in (text, f"<curves>{text}</curves>", f"<thinking>{text}"):
        with pytest.raises(SketchTextError):
            parse(reply, mode="lenient")
    assert time.process_time() - begun < 3.0
