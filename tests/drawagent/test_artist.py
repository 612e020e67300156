"""The artist's, the judge's and the curator's messages: sections, order, what each preset shows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from drawagent.artist import Artist, Reference
from drawagent.curator import Curator
from drawagent.experience import Library
from drawagent.judge import Judge, Judgement, ScalarJudge
from drawagent.language import parse
from drawagent.queries import SPENT_CATEGORIES, Query
from drawagent.rollout import Candidate, Pair, Scored
from drawagent.settings import DrawSettings
from drawagent.sketch import Sketch
from easel.asking import load_prompt
from easel.chat import Image
from easel.errors import ConfigurationError
from tests.fakes import Scripted

QUERY = Query(id="stool", text="a stool with {braces} and <tags>", category="stool")


def sketch(seed: int) -> Sketch:
    return Sketch.from_array(np.random.default_rng(seed).uniform(-1, 1, (3, 4, 3)).round(2), ["leg", "leg", "seat"])


def scored(index: int, scores: tuple[float, ...], failed: bool = False) -> Scored:
    return Scored(Candidate("stool", 0, index, None if failed else sketch(index), "", "invalid" if failed else ""), scores)


PAIR = Pair("stool", 0, scored(0, (0.5, 0.4)), scored(1, (0.2, 0.3)))
GROUP = (PAIR.better, PAIR.worse, scored(2, (0.1, 0.1), failed=True))


def text(messages) -> str:
    return "\n".join(message.text for message in messages)


def test_the_base_prompt_has_the_papers_sections_in_order():
    system, user = Artist(Scripted(str), DrawSettings.paper()).messages(QUERY, Library())
    sections = ["# Role", "# Output format", "# Data types", "# Coordinates", "# Example", "# Boundaries"]
    assert [line for line in system.text.splitlines() if line.startswith("# ") and line in sections] == sections
    assert "Use 8 to 48 strokes" in system.text
    assert user.text == "Query: a stool with {braces} and <tags>", "no experience segment while there are no lessons"


def test_the_experience_segment_stands_before_the_query():
    messages = Artist(Scripted(str), DrawSettings.paper()).messages(QUERY, Library.of_tips(["Mind {depth}.", "Meet."]))
    user = messages[-1].text
    assert user.index("- Mind {depth}.") < user.index("- Meet.") < user.index("Query:")


def test_the_worked_example_is_a_drawing_and_its_category_is_spent():
    system = load_prompt("drawagent", "draw").text
    example = parse(system[system.index("<thinking>A"):system.index("# Boundaries")])
    assert len(example.sketch) == 14
    assert {stroke.name for stroke in example.sketch.strokes} == {"head", "bottom", "sides", "sticks"}
    assert "drum" in SPENT_CATEGORIES


def test_references_are_shown_as_text_and_as_a_picture_only_to_models_that_see():
    reference = Reference(sketch(5), Image(b"png", "reference"))
    blind = Artist(Scripted(str), DrawSettings.paper()).messages(QUERY, Library(), reference=reference)
    seeing = Artist(Scripted(str, sees_images=True), DrawSettings.paper()).messages(QUERY, Library(), reference=reference)
    assert "A known good drawing" in text(blind)
    assert not blind[-1].images
    assert seeing[-1].images == (reference.picture,)


def test_an_overlay_takes_the_place_of_a_prompt(tmp_path: Path):
    (tmp_path / "draw.md").write_text("--- user ---\nDraw {query}, please.")
    messages = Artist(Scripted(str), DrawSettings.paper(prompt_overlay=tmp_path)).messages(QUERY, Library())
    assert text(messages) == "Draw a stool with {braces} and <tags>, please."
    (tmp_path / "draw.md").write_text("--- user ---\n{subject}")
    with pytest.raises(ConfigurationError, match="also \\['subject'\\]"):
        Artist(Scripted(str), DrawSettings.paper(prompt_overlay=tmp_path)).messages(QUERY, Library())


def test_the_judge_is_told_which_is_preferred_in_either_order():
    orders = set()
    for seed in range(12):
        judge = Judge(Scripted(str), DrawSettings.ours(seed=seed))
        messages, order = judge.messages(PAIR, GROUP, QUERY, Library())
        said = text(messages)
        preferred = "A" if order == "S+ S-" else "B"
        assert f"drawing {preferred} is recognised better" in said
        first = said[said.index("## Drawing A"):said.index("## Drawing B")]
        shown = parse(first, mode="lenient").sketch
        assert shown == (PAIR.better if preferred == "A" else PAIR.worse).candidate.sketch
        orders.add(order)
    assert orders == {"S+ S-", "S- S+"}
    again = [Judge(Scripted(str), DrawSettings.ours(seed=3)).messages(PAIR, GROUP, QUERY, Library()) for _ in range(2)]
    assert again[0] == again[1]


def test_facts_are_ours_and_order_is_fixed_in_paper():
    ours, _ = Judge(Scripted(str), DrawSettings.ours()).messages(PAIR, GROUP, QUERY, Library())
    paper, order = Judge(Scripted(str), DrawSettings.paper()).messages(PAIR, GROUP, QUERY, Library())
    assert "Measured:" in text(ours)
    assert "Measured:" not in text(paper)
    assert order == "S+ S-"


def test_a_judge_that_sees_is_shown_contact_sheets_named_by_their_source():
    judge = Judge(Scripted(str, sees_images=True), DrawSettings.ours(picture_size=32, views=4))
    messages, _ = judge.messages(PAIR, GROUP, QUERY, Library())
    images = messages[-1].images
    assert len(images) == 2
    assert all(image.png.startswith(b"\x89PNG") for image in images)
    assert {PAIR.better.candidate.sketch.key in images[0].source, PAIR.better.candidate.sketch.key in images[1].source} == {
        True, False
    }


def test_the_scalar_judge_sees_every_reward_and_no_contrast():
    said = text(ScalarJudge(Scripted(str), DrawSettings.paper()).messages(PAIR, GROUP, QUERY, Library())[0])
    assert "### Drawing 0, score 0.4500" in said
    assert "(failed: invalid)" in said
    assert "recognised better" not in said


def test_a_judge_without_words_is_asked_once_more_and_then_a_value():
    model = Scripted(lambda request: "A." if request.site.role == "judge" else "no")
    judgement = Judge(model, DrawSettings.paper())(PAIR, GROUP, QUERY, Library())
    assert judgement.failure == "invalid"
    assert len(model.calls) == 2
    assert "expected at least one sentence" in model.calls[1].messages[-1].text


def test_the_curator_sees_ids_words_and_only_the_rules_that_hold():
    judgement = Judgement(PAIR, "Because parts meet.", "S+ S-")
    library = Library.of_tips(["Mind the depth."])
    asked = text(Curator(Scripted(str), DrawSettings.ours()).messages([judgement], {"stool": QUERY}, library))
    assert "[L1] Mind the depth." in asked
    assert "### Pair stool/e0/p0" in asked
    assert "At most 16 lessons" in asked
    plain = text(Curator(Scripted(str), DrawSettings.paper()).messages([judgement], {"stool": QUERY}, library))
    assert "At most 16 lessons" not in plain
    assert "format of the reply" not in plain


def test_edits_that_name_unknown_pairs_are_sent_back():
    replies = iter(['[{"op": "add", "text": "Mind it.", "because": ["made/up"]}]',
                    '[{"op": "add", "text": "Mind it.", "because": ["stool/e0/p0"]}]'])
    model = Scripted(lambda request: next(replies))
    judgement = Judgement(PAIR, "Because parts meet.", "S+ S-")
    proposal = Curator(model, DrawSettings.ours())([judgement], {"stool": QUERY}, Library(), epoch=0)
    assert [edit.op for edit in proposal.edits] == ["add"]
    assert len(proposal.reply_keys) == 2
    assert "made/up" in model.calls[1].messages[-1].text


def test_every_prompt_file_renders_with_what_the_code_gives():
    for name in ("draw", "judge", "judge_scalar", "update"):
        prompt = load_prompt("drawagent", name)
        messages = prompt.render(**dict.fromkeys(prompt.placeholders, "x"))
        assert [message.role for message in messages] == ["system", "user"]
        assert json.dumps(text(messages))
