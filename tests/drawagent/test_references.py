"""References: for learn queries alone, shown as text and picture, and said in every row."""

from __future__ import annotations

import pytest

from drawagent.epochs import Practice, practise
from drawagent.export import to_json
from drawagent.keeping import Keeper
from drawagent.language import write
from drawagent.references import read_references
from drawagent.settings import DrawSettings
from drawagent.sketch import Sketch
from easel.errors import ConfigurationError
from easel.runs import RunStore
from tests.drawagent.test_epochs import scripted
from tests.fakes import Scripted, lists, tiny_reward

SETTINGS = DrawSettings.paper(candidates=2, epochs=1, reference=True, picture_size=32)
KNOWN = Sketch.from_array([[[0, 0, 0], [0, 0.5, 0], [0.5, 0.5, 0], [0.5, 0, 0.25]]])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "learn0.json").write_text(to_json(KNOWN))
    (tmp_path / "learn1.txt").write_text("Here it is: " + write(KNOWN))
    return tmp_path


def test_references_reach_the_artist_and_the_rows(folder, tmp_path):
    references = read_references(folder, lists(2), SETTINGS)
    model = Scripted(scripted, sees_images=True)
    with RunStore.open(tmp_path / "runs", "r", fingerprint="f" * 64, configuration={}, evidence="stand-in", facts={},
                       date="2000-01-01") as run:
        list(practise(Practice(model, tiny_reward(), SETTINGS, lists(2), references=references, keeper=Keeper(run))))
        assert all(row["reference"] for row in run.rows("rollouts"))
    drawn = [call for call in model.calls if call.site.role == "artist"]
    assert all(write(KNOWN) in call.messages[-1].text and len(call.messages[-1].images) == 1 for call in drawn)


def test_a_missing_reference_is_named(folder):
    (folder / "learn1.txt").unlink()
    with pytest.raises(ConfigurationError, match=r"expected a file learn1\.json or learn1\.txt"):
        read_references(folder, lists(2), SETTINGS)
    with pytest.raises(ConfigurationError, match="none for learn0, learn1"):
        Practice(Scripted(scripted), tiny_reward(), SETTINGS, lists(2))


def test_what_is_measured_is_never_shown(folder):
    (folder / "report0.json").write_text(to_json(KNOWN))
    with pytest.raises(ConfigurationError, match="expected references of learn queries alone"):
        read_references(folder, lists(2, report=1), SETTINGS)


def test_a_broken_reference_or_folder_is_named(folder):
    (folder / "learn0.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"references, learn0\.json"):
        read_references(folder, lists(2), SETTINGS)
    with pytest.raises(ConfigurationError, match="expected a folder of references, got no folder"):
        read_references(folder / "nope", lists(2), SETTINGS)
