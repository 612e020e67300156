"""The two shipped models: size, loading, closed vocabulary, and that they tell drawings apart at all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from easel.cameras import ring
from easel.clip_scorer import ClipScorer
from easel.embedded_clip import NAMES, Words, embedded_folder, read_card
from easel.errors import ConfigurationError
from easel.scoring import cosine, view_scores
from easel.torchvision_door import import_through_torchvision


@pytest.fixture(scope="module", params=NAMES)
def scorer(request):
    return ClipScorer.embedded(request.param)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_small_and_in_half_precision(name):
    from safetensors import safe_open

    folder = embedded_folder(name)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 5_000_000
    with safe_open(folder / "open_clip_model.safetensors", "pt") as weights:
        kinds = {str(weights.get_slice(key).get_dtype()) for key in weights.keys()}  # noqa: SIM118
    assert kinds <= {"F16", "I64"}


@pytest.mark.parametrize("name", NAMES)
def test_open_clip_alone_loads_it(name):
    import torch

    open_clip = import_through_torchvision("open_clip")
    place = f"local-dir:{embedded_folder(name)}"
    model, _, transform = open_clip.create_model_and_transforms(place)
    tokens = open_clip.get_tokenizer(place)(["a sketch of a chair", "a sketch of a round table with four legs"])
    assert tokens.shape == (2, 24)
    with torch.no_grad():
        mine = model.eval().encode_text(tokens, normalize=True).numpy()
    theirs = ClipScorer.embedded(name).embed_texts(["a chair", "a round table with four legs"])
    np.testing.assert_allclose(mine, theirs, atol=1e-6)
    assert transform is not None


def test_cards_say_what_they_are(scorer):
    card = scorer.card
    assert card.stand_in
    assert card.column in ("toy CLIP (reward)", "toy CLIP (report)")
    assert 100 < card.words <= 2000
    assert card.weights.startswith("sha256:")


def test_the_two_models_differ():
    reward, report = (read_card(embedded_folder(name) / "card.json") for name in NAMES)
    configs = [json.loads((embedded_folder(name) / "open_clip_config.json").read_text())["model_cfg"] for name in NAMES]
    assert reward["training"]["seed"] != report["training"]["seed"]
    assert reward["training"]["styles"] != report["training"]["styles"]
    assert configs[0]["vision_cfg"] != configs[1]["vision_cfg"]
    assert ClipScorer.embedded("reward").card.key != ClipScorer.embedded("report").card.key


@pytest.mark.parametrize("name", NAMES)
def test_the_card_file_is_complete(name):
    card = read_card(embedded_folder(name) / "card.json")
    assert len(card["categories"]) == 80
    assert {"steps", "seed", "batch", "styles", "replies", "command"} <= set(card["training"])
    assert card["training"]["finished"]
    assert not set(card["held_out_styles"]) & set(card["training"]["styles"])
    assert all(word in card["words"] for category in card["categories"] for word in category.split())


def test_unknown_words_are_refused_with_their_nearest(scorer):
    with pytest.raises(ConfigurationError) as raised:
        scorer.embed_texts(["a chairs with four legz"])
    text = str(raised.value)
    assert "'chairs'" in text
    assert "'legz'" in text
    assert "chairs: chair" in text
    assert "allow_unknown_words=True" in text
    assert "'with'" not in text


@pytest.mark.parametrize("text", ["", "   ", "...", "стул", "a café"])
def test_texts_without_known_words_are_refused(scorer, text):
    with pytest.raises(ConfigurationError):
        scorer.check_text(text)


def test_unknown_words_pass_when_allowed():
    scorer = ClipScorer.embedded("reward", allow_unknown_words=True)
    assert scorer.embed_texts(["a zyzzyva chair"]).shape[0] == 1
    with pytest.raises(ConfigurationError, match="words"):
        scorer.embed_texts(["a chair " * 20])


def test_case_and_punctuation_do_not_matter(scorer):
    one, two = scorer.embed_texts(["A Chair, with four legs!", "a chair with four legs"])
    np.testing.assert_allclose(one, two, atol=1e-6)


def test_all_query_words_are_known(scorer):
    from drawagent.queries import read_queries

    lists = read_queries(Path(__file__).parents[2] / "data" / "queries" / "standard.yaml")
    for query in (*lists.learn, *lists.gate, *lists.report):
        scorer.check_text(query.text)


def test_words_by_hand():
    words = Words("toy", "toy CLIP", ("a", "chair", "cup"))
    assert words.unknown("A chair, a CUP and cups and") == ("and", "cups")
    words.check("a chair")
    with pytest.raises(ConfigurationError, match="cups: cup"):
        words.check("a cups")
    Words("toy", "toy CLIP", ("a",), allow_unknown=True).check("a cups")


def test_no_such_model():
    with pytest.raises(ConfigurationError, match="reward or report"):
        ClipScorer.embedded("other")


def test_drawings_are_told_apart(scorer):
    """Twelve plain categories in a style never trained on: nearly all are named right among all eighty."""
    from data.make.evaluate_clip import figures, held_out, rank

    few = {"chair", "airplane", "guitar", "tree", "umbrella", "bicycle", "snowman", "laptop", "ladder", "piano", "bed",
           "fish"}
    drawings = [drawing for drawing in held_out(1)[0] if drawing[0] in few]
    table = figures(rank(scorer, drawings))
    assert table["n"] == 24
    assert table["top1"]["hits"] >= 18
    assert table["top5"]["hits"] >= 22


def test_a_drawing_beats_the_blank_page_and_other_words(scorer):
    from data.make.sketches import draw
    from drawagent.raster import render
    from drawagent.sketch import Sketch

    sketch = Sketch.from_array(draw("chair", np.random.default_rng(5), style="clean").strokes).normalised()
    pictures = render([sketch, Sketch(())], ring(8))
    chair, other = (view_scores(scorer, pictures, text).mean(axis=1) for text in ("a chair", "a fish"))
    assert chair[0] > chair[1] + 0.1
    assert chair[0] > other[0] + 0.1


@pytest.fixture(scope="module")
def two_hundred():
    """(200, 96, 96): line drawings of fifty categories from four sides."""
    from data.make.sketches import CATEGORIES, draw
    from drawagent.raster import render
    from drawagent.sketch import Sketch

    sketches = [
        Sketch.from_array(draw(category, np.random.default_rng(7), style="clean").strokes).normalised()
        for category in sorted(CATEGORIES)[:50]
    ]
    return np.asarray(render(sketches, ring(4), size=96)).reshape(200, 96, 96)


def test_a_rounded_score_does_not_depend_on_its_company(scorer, two_hundred):
    """Any batch, any cache state, any order: the same 200 numbers to the last bit."""
    which = scorer.card.column[10:-1]
    text = scorer.embed_texts(["a chair"])
    reference = cosine(ClipScorer.embedded(which, cache=False).embed_images(two_hundred), text)[:, 0]
    for batch in (1, 7, 64):
        other = ClipScorer.embedded(which, batch=batch, cache=False)
        scores = np.concatenate([
            cosine(other.embed_images(two_hundred[start:start + batch]), text) for start in range(0, 200, batch)
        ])[:, 0]
        np.testing.assert_array_equal(scores, reference)
    warm = ClipScorer.embedded(which, batch=64)
    warm.embed_images(two_hundred[::3])  # two thirds of what follows are misses in other company
    np.testing.assert_array_equal(cosine(warm.embed_images(two_hundred[::-1].copy()), text)[::-1, 0], reference)


def test_a_text_does_not_depend_on_its_company(scorer):
    texts = ["a chair", "a cup", "a round table with four legs"] * 5
    which = scorer.card.column[10:-1]
    alone = np.concatenate([ClipScorer.embedded(which, cache=False).embed_texts([text]) for text in texts[:3]])
    np.testing.assert_array_equal(ClipScorer.embedded(which).embed_texts(texts)[:3], alone)
