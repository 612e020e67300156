"""Inference, metrics and the report: best of N, ranks, anchors, failures in every denominator."""

from __future__ import annotations

import numpy as np
import pytest

from drawagent.artist import Artist
from drawagent.experience import Library
from drawagent.inference import infer
from drawagent.keeping import Keeper
from drawagent.metrics import anchors, measure
from drawagent.queries import Query
from drawagent.reporting import AnchorReport, EpochReport, report
from drawagent.reward import ViewReward
from drawagent.settings import DrawSettings
from drawagent.sketch import Sketch
from easel.cameras import ring
from easel.runs import RunStore
from tests.fakes import CARD, Scripted, lists, tiny_reward


def stroke(k: int) -> str:
    return f"<curves>[[[0,0,0],[0.1,0,{k / 10}],[0.2,{k / 10},0],[{k / 10},0,0.3]]]</curves>"


class KnownScorer:
    """Embeds picture i of a batch as the unit vector `plan[i]`, and text j as unit vector j."""

    card = CARD

    def __init__(self, plan: list[list[float]], texts: int) -> None:
        self.plan, self.texts = np.array(plan, dtype=np.float32), texts

    def embed_images(self, images):
        views = len(images) // len(self.plan)
        return np.repeat(self.plan / np.linalg.norm(self.plan, axis=1, keepdims=True), views, axis=0)

    def embed_texts(self, texts):
        return np.eye(self.plan.shape[1], dtype=np.float32)[: len(texts)]

    def check_text(self, text): ...


def blank_renderer(sketches, cameras, *, size, width):
    return np.ones((len(sketches), len(cameras), size, size))


def known(plan: list[list[float]]) -> ViewReward:
    return ViewReward(KnownScorer(plan, len(plan)), ring(2), blank_renderer, size=16)


QUERIES = lists(1, report=3).report


def test_metrics_of_known_embeddings():
    sketch = Sketch.from_array(np.random.default_rng(0).normal(size=(2, 4, 3)))
    found = measure(QUERIES, [sketch, sketch, None], known([[1, 0, 0], [0.8, 0.6, 0], [0, 0, 1]]))
    assert found.similarity == pytest.approx((1 + 0.6 + 1) / 3, abs=1e-6)
    assert found.similarity_valid == pytest.approx((1 + 0.6) / 2, abs=1e-6)
    assert [d.rank for d in found.drawings] == [1, 2, 1]
    assert found.r_at_1 == pytest.approx(1 / 3), "a failed drawing never counts as found"
    assert found.r_at_5 == pytest.approx(2 / 3)
    assert found.validity == pytest.approx(2 / 3)
    assert found.diversity == pytest.approx(1 - 0.8, abs=1e-6)


def test_prompts_rank_among_those_of_their_length():
    """Text 1 is nearest to every drawing, and of another length than texts 0 and 2: it takes no rank from them."""
    queries = [query.model_copy(update={"length": "descriptive" if n == 1 else "short"}) for n, query in enumerate(QUERIES)]
    sketch = Sketch.from_array(np.random.default_rng(0).normal(size=(2, 4, 3)))
    plan = [[0.5, 0.8, 0.2], [0.1, 0.8, 0.2], [0.4, 0.8, 0.1]]
    assert [d.rank for d in measure(QUERIES, [sketch] * 3, known(plan)).drawings] == [2, 1, 3]
    found = measure(queries, [sketch] * 3, known(plan))
    assert [d.rank for d in found.drawings] == [1, 1, 2]
    assert found.r_at_1 == pytest.approx(2 / 3)
    assert found.n == 3


def test_anchors_say_what_the_figures_mean():
    sketch = Sketch.from_array(np.random.default_rng(0).normal(size=(2, 4, 3)))
    rows = anchors(QUERIES, [sketch] * 3, known([[1, 0, 0], [0, 1, 0], [0, 0, 1]]))
    assert set(rows) == {"blank canvas", "random strokes", "wrong text"}
    assert rows["blank canvas"].validity == 1.0


def test_wrong_text_never_keeps_a_drawings_own():
    class Spy(KnownScorer):
        def embed_texts(self, texts):
            self.seen = list(texts)
            return super().embed_texts(texts)

    reward = known([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    spy = Spy([[1, 0, 0], [0, 1, 0], [0, 0, 1]], 3)
    object.__setattr__(reward, "scorer", spy)
    anchors(QUERIES, [Sketch(())] * 3, reward)
    assert all(a != b.text for a, b in zip(spy.seen, QUERIES, strict=True))


def test_inference_draws_n_at_the_papers_temperature_and_takes_the_best():
    model = Scripted(lambda request: stroke(request.site.candidate + 1))
    settings = DrawSettings.paper(inference_draws=3)
    query = Query(id="q", text="a thing", category="thing")
    (drawing,) = infer([query], Library(), artist=Artist(model, settings), reward=tiny_reward())
    assert len(drawing.draws) == 3
    assert drawing.chosen.reward == max(s.reward for s in drawing.draws)
    assert {call.sampling.temperature for call in model.calls} == {0.3}
    assert {call.replica for call in model.calls} == {0, 1, 2}


def test_a_failure_is_chosen_only_when_all_failed():
    query = Query(id="q", text="a thing", category="thing")
    settings = DrawSettings.paper(inference_draws=2)
    mixed = Scripted(lambda request: "no" if request.site.candidate == 0 else stroke(3))
    (drawing,) = infer([query], Library(), artist=Artist(mixed, settings), reward=tiny_reward())
    assert drawing.chosen.candidate.index == 1
    (drawing,) = infer([query], Library(), artist=Artist(Scripted(lambda r: "no"), settings), reward=tiny_reward())
    assert drawing.chosen.candidate.failure == "invalid"


def test_one_repair_tells_the_model_what_was_wrong():
    def answer(request):
        return stroke(4) if request.site.role.endswith("+repair") else "<curves>[[[0,0,0],[1,1]]]</curves>"

    model = Scripted(answer)
    artist = Artist(model, DrawSettings.paper(repairs=1))
    candidate = artist.draw(Query(id="q", text="a thing", category="thing"), Library(), epoch=0, temperature=0.3)
    assert candidate.repaired
    assert len(candidate.reply_keys) == 2
    assert "at stroke 0" in model.calls[1].messages[-1].text
    assert model.calls[1].messages[-2].text.startswith("<curves>")


def test_the_report_draws_every_query_with_every_library():
    model = Scripted(lambda request: stroke(1 + len(request.messages[-1].text) % 7))
    libraries = [Library(), Library.of_tips(["Mind the depth."])]
    seen = list(report(
        libraries, QUERIES, artist=Artist(model, DrawSettings.paper()), reward=tiny_reward(), measured_by=tiny_reward(3)
    ))
    assert [type(event) for event in seen] == [EpochReport, EpochReport, AnchorReport]
    assert [event.metrics.n for event in seen[:2]] == [3, 3]
    assert sum("Mind the depth." in call.messages[-1].text for call in model.calls) == 3


def test_a_report_where_every_drawing_failed_is_kept(tmp_path):
    with RunStore.open(tmp_path, "failed", fingerprint="f" * 64, configuration={}, evidence="stand-in",
                       date="2000-01-01") as run:
        seen = list(report(
            [Library()], QUERIES, artist=Artist(Scripted(lambda request: "no"), DrawSettings.paper()),
            reward=tiny_reward(), measured_by=tiny_reward(3), keeper=Keeper(run),
        ))
        first = run.rows("metrics")[0]
    assert seen[0].metrics.validity == 0.0
    assert first["similarity"] == round(seen[0].metrics.similarity, 6)
    assert first["similarity_valid"] is None


def test_no_queries_no_report():
    assert list(report([Library()], (), artist=Artist(Scripted(str), DrawSettings.paper()), reward=tiny_reward(),
                       measured_by=tiny_reward())) == []


def test_aes_is_rated_on_the_same_pictures_and_absent_when_not_asked_for():
    class Rater:
        card = CARD

        def scores(self, images):
            return np.arange(len(images), dtype=float)

    sketch = Sketch.from_array(np.random.default_rng(0).normal(size=(2, 4, 3)))
    reward = known([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    found = measure(QUERIES, [sketch, None, sketch], reward, aesthetic=Rater())
    assert [d.aesthetic for d in found.drawings] == [0.5, 2.5, 4.5], "mean over the two views of each"
    assert found.row()["aesthetic"] == 2.5
    assert measure(QUERIES, [sketch] * 3, reward).row()["aesthetic"] is None
