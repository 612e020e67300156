"""Live runs: stand-ins by name through the whole chain, one ledger and budget for two models, resuming, refusals."""

from __future__ import annotations

import pytest

from easel.budget import Budget, BudgetExceeded
from easel.errors import ConfigurationError, MissingCapability
from shapecraft import live
from shapecraft.events import AttemptFinished
from shapecraft.live import open_live
from shapecraft.model_names import KEPT, identity_of
from shapecraft.settings import CraftSettings
from tests.servers import openai_reply, serving
from tests.shapecraft.crafting import BoxWall

SMALL = CraftSettings.ours(paths=1, steps=1, rounds=1, sheet_size=32, box_sheet_size=32)


def opened(root, model="stand-in:bad=0,broken=0", settings=SMALL, **more):
    return open_live("a stool", settings, model=model, root=root, name="stool", date="2000-01-01",
                     **{"wall": BoxWall(), **more})


def drained(studio):
    with studio:
        events = list(studio.explore())
        studio.run.status("finished")
    return events


def test_a_stand_in_goes_through_record_ledger_and_budget(tmp_path):
    with opened(tmp_path) as studio:
        events = list(studio.explore())
        assert (studio.run.info["evidence"], studio.gallery.watermark[:9]) == ("stand-in", "Stand-in:")
        calls = sum(dict(events[-1].tally.calls).values())
        assert len(list(studio.run.replies)) == calls
        assert studio.remarks()[0].startswith(f"spent: {calls} calls, ")
        assert (studio.run.folder / "calls.jsonl").is_file()


def test_the_same_configuration_goes_on_and_pays_nothing_again(tmp_path):
    first = opened(tmp_path)
    events = []
    with first:
        for event in first.explore():
            events.append(event)
            if isinstance(event, AttemptFinished):
                break
    assert first.run.info["status"] == "running", "left in the middle without an error"
    paid = len(list(first.run.replies))
    second = opened(tmp_path)
    whole = drained(second)
    assert second.run.folder == first.run.folder
    assert second.run.info["resumes"] == 1
    rows = (second.run.folder / "calls.jsonl").read_text().splitlines()
    assert len(rows) == len(list(second.run.replies)) >= paid, "one HTTP try a reply, none twice"
    assert [type(one) for one in whole[: len(events)]] == [type(one) for one in events]
    assert opened(tmp_path, settings=SMALL.model_copy(update={"steps": 2})).run.folder != first.run.folder


def test_two_models_share_ledger_and_budget(tmp_path):
    studio = opened(tmp_path, vision_model="stand-in:bad=0,broken=0,off=0.3")
    drained(studio)
    asked = {stored.site.role.partition("-")[0]: stored.model for stored in studio.run.replies}
    assert asked == {"parser": "stand-in:bad=0,broken=0", "coder": "stand-in:bad=0,broken=0",
                     "evaluator": "stand-in:bad=0,broken=0,off=0.3"}
    assert studio.run.info["configuration"]["vision_model"] == "stand-in:bad=0,broken=0,off=0.3"
    total = len(list(studio.run.replies))
    assert studio.remarks()[0].startswith(f"spent: {total} calls, ")
    again = opened(tmp_path / "other", vision_model="stand-in:bad=0,broken=0,off=0.3", budget=Budget(calls=total - 1))
    with pytest.raises(BudgetExceeded), again:
        list(again.explore())
    assert again.run.info["status"] == "failed"


def test_labels_stand_in_records_instead_of_names(tmp_path):
    studio = opened(tmp_path, label="writer", vision_model="stand-in:bad=0", vision_label="judge")
    drained(studio)
    assert {stored.model for stored in studio.run.replies} == {"writer", "judge"}
    assert studio.run.info["configuration"]["model"] == "writer"
    assert studio.run.info[KEPT] == {"writer": [identity_of("stand-in:bad=0,broken=0")],
                                     "judge": [identity_of("stand-in:bad=0")]}
    again = opened(tmp_path, label="writer", vision_model="stand-in:bad=0.5", vision_label="judge")
    again.close()
    assert again.run.info[KEPT]["judge"] == sorted([identity_of("stand-in:bad=0"), identity_of("stand-in:bad=0.5")])
    with pytest.raises(ConfigurationError, match="two names for two models"):
        opened(tmp_path, label="one", vision_model="stand-in:bad=0", vision_label="one")


def test_the_same_vision_model_is_no_other_model(tmp_path):
    studio = opened(tmp_path, vision_model="stand-in:bad=0,broken=0")
    studio.close()
    assert "vision_model" not in studio.run.info["configuration"]


def test_one_run_has_one_grade_of_evidence(tmp_path):
    with pytest.raises(ConfigurationError, match="expected two stand-ins, or two models"):
        opened(tmp_path, vision_model="gemini/gemini-2.5-pro")
    assert not tmp_path.exists() or list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("model", "more", "kind", "words"), [
    ("gemini/gemini-2.5-pro", {}, MissingCapability, "a key for 'gemini/gemini-2.5-pro'"),
    ("no-such-provider/model", {}, ConfigurationError, "expected a model as litellm names it"),
    ("stand-in:foo=1", {}, ConfigurationError, "expected stand-in, or stand-in:bad=SHARE"),
    ("openai/any", {"api_base": "http://localhost:9/v1", "budget": Budget(dollars=1)}, ConfigurationError,
     "expected a price for 'openai/"),
])
@pytest.mark.parametrize("role", ["model", "vision_model"])
def test_a_model_that_cannot_be_had_is_refused_before_anything_is_written(tmp_path, model, more, kind, words, role,
                                                                        monkeypatch):
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setattr(live, "open_wall", lambda **_: pytest.fail("a wall was opened"))
    other = "stand-in:off=0.1" if model.startswith("stand-in") else "openai/other"
    named = {"model": model} if role == "model" else {"model": other, "vision_model": model}
    with pytest.raises(kind, match=words):
        opened(tmp_path, wall=None, **named, **more)
    assert list(tmp_path.iterdir()) == []


def test_without_a_wall_nothing_is_written_and_a_fault_closes_the_opened_one(tmp_path, monkeypatch):
    def none(**_):
        raise MissingCapability("a wall for programs that a model wrote", came="none", mend="Type: x")

    monkeypatch.setattr(live, "open_wall", none)
    with pytest.raises(MissingCapability, match="Type: x"):
        opened(tmp_path, wall=None)
    assert list(tmp_path.iterdir()) == []

    class Closing(BoxWall):
        closed = asked = False

        def close(self):
            self.closed = True

    standing = Closing()

    def there(*, disposable_machine):
        standing.asked = disposable_machine
        return standing

    monkeypatch.setattr(live, "open_wall", there)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="a folder that runs can be kept in"):
        opened(tmp_path / "file", wall=None, disposable_machine=True)
    assert standing.closed and standing.asked


def test_a_model_behind_a_server_is_live_and_named_by_its_label(tmp_path):
    with serving(lambda body, number: openai_reply("I would rather not.")) as server:
        studio = opened(tmp_path, model="openai/any", api_base=server.api_base, label="large", sees_images=True,
                        settings=SMALL.model_copy(update={"reply_repairs": 0}))
        events = drained(studio)
    assert type(events[0]).__name__ == "ParseFailed"
    assert studio.run.info["evidence"] == "live"
    assert studio.run.info["configuration"]["sees_images"] is True
    assert {stored.model for stored in studio.run.replies} == {"large"}
