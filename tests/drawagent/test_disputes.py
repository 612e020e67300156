"""Disputes: the rule and its signs; recorded numbers for the rewarding scorer, new ones for the others."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from drawagent.contrasts import contrasts
from drawagent.disputes import Dispute, Opinion, agreement, dispute_table, disputes, weigh
from drawagent.studio import open_scorer
from easel.errors import ConfigurationError
from easel.snapshots import Snapshot
from tests.fakes import CARD, TinyScorer
from tests.replayed import scripted_run, tour_folder


class Less(TinyScorer):
    """Finds the drawing with less ink better: cosine falls with ink in the first part of the picture."""

    def embed_images(self, images):
        ink = (1.0 - np.asarray(images, dtype=np.float64)).reshape(len(images), -1).sum(axis=1)
        self.embedded += len(ink)
        return np.stack([1 / (1 + ink), 1 - 1 / (1 + ink)], axis=1).astype(np.float32)

    def embed_texts(self, texts):
        return np.tile(np.array([[1.0, 0.0]], dtype=np.float32), (len(texts), 1))


def other(kind=TinyScorer, column: str = "other"):
    return kind(dataclasses.replace(CARD, column=column, name=column))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return scripted_run(tmp_path_factory.mktemp("runs"))


def said(plus, minus, **changes) -> Opinion:
    return Opinion(**{"column": "c", "scorer": "c", "plus": plus, "minus": minus, **changes})


@pytest.mark.parametrize(("plus", "minus", "verdict"), [
    ((0.5, 0.6), (0.1, 0.2), "agrees"),
    ((0.1, 0.2), (0.5, 0.6), "disputes"),
    ((0.5, 0.1), (0.1, 0.4), "inside noise"),
    ((0.5, 0.5), (0.5, 0.5), "inside noise"),
    ((0.4,), (0.5,), "disputes"),
])
def test_a_gap_counts_beyond_its_noise_over_views(plus, minus, verdict):
    assert said(plus, minus).verdict == verdict


def test_noise_is_the_standard_error_of_the_differences():
    one = said((0.5, 0.6, 0.9), (0.1, 0.4, 0.3))
    differences = np.array([0.4, 0.2, 0.6])
    assert one.gap == pytest.approx(0.4)
    assert one.noise == pytest.approx(differences.std(ddof=1) / 3**0.5, abs=1e-6)


def test_scorers_and_facts_can_dispute():
    pair = Dispute("p", "q", 0, (said((0.5,), (0.1,), rewarding=True, column="r"), said((0.1,), (0.5,))), (0.03, 0.01))
    assert pair.by == ("c", "geometry facts")
    assert pair.words() == "\u25b2 DISPUTED by c, geometry facts"
    agreed = dataclasses.replace(pair, opinions=pair.opinions[:1], penalties=(0.01, 0.029))
    assert agreed.facts_verdict == "inside noise"
    assert agreed.words() == "\u25cb not disputed (no other scorer asked, geometry facts)"


def test_the_rewarding_scorer_is_taken_from_the_record(folder):
    for one, row in zip(disputes(folder), Snapshot.of(folder).rows("pairs"), strict=True):
        assert one.opinions[0].gap == pytest.approx(row["gap"], abs=2e-6), "rewards are rounded before their difference"
        assert one.opinions[0].noise == row["noise"]
        assert one.opinions[0].rewarding


def test_another_scorer_sees_the_cameras_of_the_reward(folder):
    again = other()
    for one in disputes(folder, [again]):
        assert one.opinions[1].plus == pytest.approx(one.opinions[0].plus, abs=2e-6), "the same scorer, another column"
    assert again.embedded == 2 * 2 * 6, "two drawings, two views, six pairs"


def test_a_scorer_that_wants_the_opposite_disputes(folder):
    found = disputes(folder, [other(Less)])
    table = dispute_table(found)
    own = table[table["voice"] == "other"]
    assert len(table) == 3 * len(found)
    assert set(own["verdict"]) & {"disputes", "agrees"}
    shares = agreement(found).set_index("voice")
    assert shares.loc["other", "agree"] == int((own["gap"] > 0).sum())
    assert shares.loc["tiny", "share"] == 1.0
    assert shares.loc["tiny", "low"] == pytest.approx(0.609666, abs=1e-5), "Wilson of 6 in 6"
    assert all(one.disputed == ("disputes" in set(table[table["pair"] == one.pair]["verdict"])) for one in found)


def test_the_rewarding_scorer_is_no_other_one(folder):
    with pytest.raises(ConfigurationError, match=r"other scorers than the one that rewarded.*got tiny twice"):
        disputes(folder, [TinyScorer()])
    with pytest.raises(ConfigurationError, match="got other twice"):
        disputes(folder, [other(), other(Less)])


def test_words_that_a_scorer_does_not_know_are_refused(folder):
    with pytest.raises(ConfigurationError, match="words that the embedded-report model knows"):
        disputes(folder, [open_scorer("embedded:report")])


def test_pairs_are_read_when_looked_at(folder):
    pair = contrasts(folder)[0]
    assert "plus" not in vars(pair)
    assert len(pair.plus) == 2
    assert "plus" in vars(pair)
    assert pair.order == "S+ S-"
    assert pair.words.startswith("Because <script>")


def test_a_run_without_pairs_says_so(folder, tmp_path):
    (tmp_path / "run.json").write_text((folder / "run.json").read_text())
    with pytest.raises(ConfigurationError, match=r"a run with contrastive pairs, got none"):
        contrasts(tmp_path)


def test_the_pairs_of_the_tour_are_weighed_by_the_reporting_clip():
    kept = Snapshot.of(tour_folder())
    pairs = [one for one in contrasts(kept) if one.query == "castle"]
    first, second = weigh(pairs, kept, [open_scorer("embedded:report")])
    assert [one.column for one in second.opinions] == ["toy CLIP (reward)", "toy CLIP (report)"]
    assert second.opinions[1].gap == pytest.approx(0.0921, abs=1e-3)
    assert second.opinions[1].verdict == "agrees"
    assert not first.disputed
