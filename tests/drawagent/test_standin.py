"""The stand-in: answers in the forms that are asked for, repeats itself, knows nothing, shares nothing with data/make."""

from __future__ import annotations

import ast
import json
import math
import time
from pathlib import Path

import numpy as np
import pytest

from drawagent.artist import Artist
from drawagent.experience import Library, read_edits
from drawagent.language import SketchTextError, parse
from drawagent.queries import Query
from drawagent.settings import DrawSettings
from drawagent.standin import StandIn
from easel.chat import CallSite, ChatModel, ChatRequest, Message
from easel.errors import ConfigurationError
from easel.stand_ins import is_stand_in

ROOT = Path(__file__).parents[2]
GENERATORS = sorted((ROOT / "data" / "make" / "sketches").glob("*.py"))


def request(text: str, role: str = "artist", replica: int = 0) -> ChatRequest:
    return ChatRequest("stand-in", (Message("user", (text,)),), site=CallSite(role), replica=replica)


def drawn(text: str, replica: int = 0, **settings_) -> np.ndarray:
    reply = StandIn(bad=0.0, **settings_).reply(request(text, replica=replica))
    return parse(reply.text).sketch.array()


def test_it_is_a_chat_model_and_says_what_it_is():
    assert isinstance(StandIn(), ChatModel)
    reply = StandIn().reply(request("Query: a boat"))
    assert reply.evidence == StandIn().evidence == "stand-in"
    assert reply.model == "stand-in"
    assert (reply.usage.estimated, reply.usage.dollars) == (True, 0.0)


def test_drawings_are_strict_and_repeat_by_request():
    for n in range(40):
        points = drawn(f"Query: thing {n}")
        assert 8 <= len(points) <= 48
        assert np.abs(points).max() <= 1.0
    assert (drawn("Query: a boat") == drawn("Query: a boat")).all()
    one, other = drawn("Query: a boat", 0), drawn("Query: a boat", 1)
    assert one.shape == other.shape, "one query, one kind of body"
    assert (one != other).any(), "replicas differ"


def test_some_drawings_are_unreadable_and_a_repair_mends_them():
    model, broken = StandIn(bad=0.25), 0
    for n in range(200):
        try:
            parse(model.reply(request("Query: a boat", replica=n)).text)
        except SketchTextError:
            broken += 1
    assert 30 < broken < 70
    mended = StandIn(bad=1.0).reply(request("Query: a boat\nThe reply could not be used: it was cut off."))
    assert parse(mended.text).sketch


LESSONS = "Principles learned from comparing earlier drawings.\n- Close gaps.\n- Use depth.\n\nQuery: a boat"


def wobble(text: str, **settings_) -> float:
    points = np.stack([drawn(text, n, **settings_) for n in range(24)])
    return float(points.std(axis=0).mean())


def test_lessons_are_ignored_unless_an_effect_is_set():
    plain = "Query: a boat"
    assert wobble(LESSONS) == pytest.approx(wobble(plain), rel=0.15)
    assert wobble(LESSONS, effect=0.5) < 0.5 * wobble(plain, effect=0.5)
    assert wobble("- a list\n" + plain, effect=0.5) == pytest.approx(wobble(plain, effect=0.5), rel=0.15)


def test_single_lessons_have_effects_of_either_sign_by_their_words():
    plain = wobble("Query: a boat")
    steady, shaky = {"Close  gaps. ": 1.0}, {"Use depth.": -0.7}
    assert wobble(LESSONS, effect=steady) == pytest.approx(plain * math.exp(-1.0), rel=0.15)
    assert wobble(LESSONS, effect=shaky) == pytest.approx(plain * math.exp(0.7), rel=0.15)
    assert wobble(LESSONS, effect={**steady, **shaky}) == pytest.approx(plain * math.exp(-0.3), rel=0.15)
    others = {"Close gaps": 1.0, "use depth.": 1.0, "a boat": 1.0}
    assert (drawn(LESSONS, effect=others) == drawn(LESSONS)).all(), "other words, no effect"
    assert hash(StandIn(effect=steady)) == hash(StandIn(effect=(("Close gaps.", 1.0),)))
    assert np.abs(drawn(LESSONS, effect=-1e9)).max() <= 1.0
    assert wobble(LESSONS, wobble=0.02) == pytest.approx(plain / 4, rel=0.15)


@pytest.mark.parametrize("effect", [math.nan, {"Use depth.": math.inf}, {"Use depth.": "much"}])
def test_an_effect_is_a_finite_number(effect):
    with pytest.raises(ConfigurationError, match="effects that are finite numbers"):
        StandIn(effect=effect)


def test_a_lesson_has_one_effect():
    with pytest.raises(ConfigurationError, match="one effect a lesson"):
        StandIn(effect={"Use depth.": 1.0, "Use  depth.": 0.5})


def test_a_name_describes_a_stand_in():
    assert StandIn.named("stand-in") == StandIn()
    assert StandIn.named("stand-in:effect=-0.4, bad=0.1,seconds=1") == StandIn(
        "stand-in:effect=-0.4, bad=0.1,seconds=1", effect=-0.4, bad=0.1, seconds=1.0)
    assert StandIn.named("stand-in:effect=0.5", label="m").name == "m"
    assert is_stand_in("stand-in:effect=1") and is_stand_in("stand-in") and not is_stand_in("gemini/stand-in")


@pytest.mark.parametrize("name", [
    "stand-in:", "stand-in:effect", "stand-in:effect=much", "stand-in:effects=1", "stand-in:effect=1,effect=2",
    "stand-in:effect=nan", "stand-in:bad=2", "stand-in:seconds=-1", "stand-in:seconds=inf", "stand-ins",
])
def test_a_name_that_describes_nothing_is_refused(name):
    with pytest.raises(ConfigurationError, match="stand-in"):
        StandIn.named(name)


def test_judge_and_curator_answer_in_their_forms():
    words = StandIn().reply(request("The object: a boat", "judge")).text
    assert words.startswith("Because ")
    assert len(words.split()) >= 5
    library = Library.of_tips(["Close gaps.", "Use depth."])
    text = f"{library.text(with_ids=True)}\n### Pair stool/e0/p0, query \"a stool\"\nBecause."
    seen = set()
    for n in range(30):
        edits = read_edits(StandIn().reply(request(text, "update", n)).text, library, pairs=("stool/e0/p0",))
        assert edits[0].because == ("stool/e0/p0",)
        seen |= {edit.op for edit in edits}
    assert seen == {"add", "delete"}
    assert json.loads(StandIn().reply(request("nothing", "update+repair")).text)[0]["because"] == []


def test_it_understands_the_projects_own_prompts():
    settings_ = DrawSettings.paper()
    artist = Artist(StandIn(bad=0.0, effect=0.5), settings_)
    query = Query(id="boat", text="a boat", category="boat")

    def spread(library: Library) -> float:
        drawings = [artist.draw(query, library, epoch=0, index=k, temperature=0.7) for k in range(12)]
        assert all(not drawing.failure and not drawing.forgiven for drawing in drawings)
        return float(np.stack([drawing.sketch.array() for drawing in drawings]).std(axis=0).mean())

    assert spread(Library.of_tips(["Close gaps.", "Use depth."])) < 0.5 * spread(Library())


def test_a_call_takes_the_seconds_that_are_set():
    begun = time.monotonic()
    StandIn(seconds=0.05).reply(request("Query: a boat"))
    assert time.monotonic() - begun >= 0.05


# The generators of data/make/sketches and the stand-in share no code -----------------------------------------------


def project_imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in {"data", "drawagent", "easel", "shapecraft", "widgets"}}


def code_lines(path: Path) -> set[str]:
    """Statements of some length, without imports, docstrings and layout."""
    lines = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return | ast.Expr):
            text = ast.unparse(node)
            if len(text) >= 30:
                lines.add(text)
    return lines


def functions(path: Path) -> tuple[set[str], set[str]]:
    """Names of module-level functions, and the bodies of all functions without their names and docstrings."""
    tree = ast.parse(path.read_text())
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    bodies = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = [n for n in node.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
            bodies.add("\n".join(ast.unparse(statement) for statement in body))
    return names, {body for body in bodies if len(body) >= 30}


def test_stand_in_and_generators_share_no_code():
    standin = ROOT / "drawagent" / "standin.py"
    assert len(GENERATORS) >= 10
    ground = {"easel.errors.ConfigurationError"}  # how everything here refuses
    own_names, own_bodies = functions(standin)
    for path in GENERATORS:
        assert project_imports(standin) & project_imports(path) <= ground, path.name
        assert not {name for name in project_imports(path) if "standin" in name}, path.name
        assert not code_lines(standin) & code_lines(path), path.name
        names, bodies = functions(path)
        assert not own_names & names, path.name
        assert not own_bodies & bodies, path.name
    assert not {name for name in project_imports(standin) if name.startswith("data")}
