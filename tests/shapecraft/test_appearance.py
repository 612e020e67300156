"""Prompts to paint by: materials without measures, names as nouns, closed vocabularies."""

import pytest

from easel.embedded_clip import Words
from easel.errors import ConfigurationError
from shapecraft.appearance import Appearance, Kept, PartPrompt, appearance_of, known_words, noun_of, part_prompt
from shapecraft.catalogue import find_entry

KNOWN = ("a", "an", "and", "with", "of", "red", "leather", "seat", "oak", "legs", "varnished", "satin", "stool", "warm",
         "paint", "glossy", "slabs", "wooden", "rusty", "grey")
WORDS = Words("toy", "fixed", KNOWN, instead="a real diffusion model")


@pytest.mark.parametrize(("name", "material", "prompt"), [
    ("seat", "red leather", "red leather seat"),
    ("legs", "warm honey-brown oak, grain along the leg, satin varnish",
     "warm honey-brown oak legs, grain along the leg, satin varnish"),
    ("front_legs", "oak 4 x 4 cm, oiled", "oak front legs, oiled"),
    ("drawer_2", "cream painted wood", "cream painted wood drawer"),
    ("base", "heavy cast iron, about 2.5 cm thick, matte black powder coat",
     "heavy cast iron base, matte black powder coat"),
    ("shell", "1.5-2 mm thick steel with brass inlay", "steel shell with brass inlay"),
    ("glass", "clear glass", "clear glass"),
    ("knob_1", "", "knob"),
    ("legs", "painted oak. In places worn", "painted oak. In places worn legs"),
    ("body", "steel 304 in brushed finish", "steel 304 in brushed finish body"),
    ("seat", "2 in 1 fabric", "2 in 1 fabric seat"),
    ("seat", "2-in-1 fabric", "2-in-1 fabric seat"),
    ("rail", "1/2 inch pipe", "pipe rail"),
    ("rail", "1 1/2 in thick pipe, 2.5 in", "pipe rail"),
    ("rail", "steel, 3 in. in diameter, oiled", "steel rail, oiled"),
    ("rail", "oak 2 in x 4 in, oiled", "oak rail, oiled"),
    ("rail", "2 cm x 4 cm oak", "oak rail"),
    ("rail", "2-cm-thick oak", "oak rail"),
    ("lid", "3 cm", "lid"),
])
def test_a_part_is_asked_for_by_its_material_and_its_name(name, material, prompt):
    assert part_prompt(name, material) == prompt


def test_a_name_becomes_a_noun():
    assert [noun_of(name) for name in ("left_plates", "knob_12", "top_rail", "p2")] == [
        "left plates", "knob", "top rail", "p"]


@pytest.mark.parametrize(("prompt", "kept"), [
    ("red leather seat", Kept("red leather seat")),
    ("warm honey-brown oak legs, grain along the leg, satin varnish",
     Kept("warm oak legs, satin varnished", ("honey", "brown", "grain", "along", "the", "leg"),
          (("varnish", "varnished"),))),
    ("a rust-red wood slab", Kept("a rusty-red wooden slabs", (),
                                  (("rust", "rusty"), ("wood", "wooden"), ("slab", "slabs")))),
    ("a toadstool with a red leather seat", Kept("a red leather seat", ("toadstool",))),
    ("an oak seat of Grün", Kept("an oak seat", ("grün",))),
    ("a rocket with a", Kept("", ("a", "rocket", "with"))),
])
def test_known_words_stay_and_the_rest_is_told(prompt, kept):
    assert known_words(prompt, KNOWN) == kept


def stool() -> Appearance:
    return appearance_of(find_entry("stool").graph())


def test_an_object_is_painted_by_its_text_and_its_parts_materials():
    made = stool()
    assert (made.whole, made.texts) == ("a stool", ("satin oak legs", "glossy red paint seat"))
    assert [one.source for one in made.parts] == ["material", "material"]
    turned = appearance_of(find_entry("stool").graph(), ["seat", "legs"], prompt=" a red  stool ",
                           prompts={"legs": "rusty iron legs"})
    assert (turned.whole, turned.texts) == ("a red stool", ("glossy red paint seat", "rusty iron legs"))
    assert turned.parts[1].source == "user"


def test_a_closed_vocabulary_refuses_and_says_where_and_what_to_do():
    with pytest.raises(ConfigurationError) as raised:
        stool().replacing({"legs": "oaken legs"}).within(WORDS)
    assert str(raised.value) == (
        "expected words that the toy model knows, got 'oaken' (at the prompt of legs, 'oaken legs'). Nearest known "
        "words: oaken: oak, an, wooden. Rephrase (--prompt, --part), use a real diffusion model, or leave unknown words out "
        "(--unknown-words drop).")
    with pytest.raises(ConfigurationError, match=r"Nor does it know 'velvety' \(at the prompt of seat, 'velvety seat'\)"):
        stool().replacing({"legs": "oaken legs", "seat": "velvety seat"}).within(WORDS)
    assert stool().within(WORDS) == stool()
    assert stool().within(None) == stool()
    with pytest.raises(ConfigurationError, match='"refuse" or "drop", got \'guess\''):
        stool().within(WORDS, unknown="guess")


def test_dropped_words_are_told_for_each_part():
    made = Appearance("a laptop", (PartPrompt("lid", "anodised grey lid", "material"),
                                   PartPrompt("hinge", "hinge", "name")))
    kept = made.within(WORDS, unknown="drop")
    assert kept.words() == [
        'the whole: "grey", after its parts (left out, not known to the model: a, laptop)',
        'lid: "grey" (left out, not known to the model: anodised, lid)',
        "hinge: no prompt of its own, painted with the whole alone, no material in words: its name alone (left out, "
        "not known to the model: hinge)"]
    assert kept.row()["parts"]["hinge"] == {"prompt": "", "source": "name", "dropped": ["hinge"], "replaced": {}}
    with pytest.raises(ConfigurationError, match="expected words of the whole that the toy model knows, got a laptop"):
        Appearance("a laptop", (PartPrompt("hinge", "hinge"),)).within(WORDS, unknown="drop")


def test_wrong_prompts_are_refused():
    with pytest.raises(ConfigurationError, match=r"expected a part: legs, seat, got arm \(at a part's prompt\)"):
        stool().replacing({"arm": "oak"})
    with pytest.raises(ConfigurationError, match=r"expected words, got ' ' \(at the prompt of seat\)"):
        stool().replacing({"seat": " "})
    with pytest.raises(ConfigurationError, match="expected a prompt for the whole object, got ''"):
        appearance_of(find_entry("stool").graph(), prompt="")
    with pytest.raises(ConfigurationError, match=r"a part of the graph \(legs, seat\), got arm"):
        appearance_of(find_entry("stool").graph(), ["arm"])
