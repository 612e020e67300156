"""Publishing: a bundle holds what belongs to its runs and nothing that gives its publisher away; bytes do not vary."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
import yaml

from drawagent.export import from_json, to_json
from drawagent.publishing import publish
from drawagent.recordings import Recording
from drawagent.replaying import open_replay
from drawagent.reproducing import reproduce
from drawagent.settings import DrawSettings
from easel.archives import SUMS, check_sums, read_zip
from easel.errors import ConfigurationError
from easel.jsonl import canonical, read
from easel.runs import RunStore
from tests.drawagent.bundled import SCORERS, SETTINGS, practised
from tests.drawagent.test_references import KNOWN

KEY = "sk-" + "a1B2c3D4e5F6g7H8i9J0"


@pytest.fixture(scope="module")
def everything(tmp_path_factory) -> tuple[Path, Path, Path]:
    """Two practices of one design that share a record, a third, small one of another design in the same record."""
    root = tmp_path_factory.mktemp("sweep")
    first, second = (practised(root, settings=SETTINGS.model_copy(update={"practice": n})) for n in (0, 1))
    return first, second, practised(root, learn=1, settings=DrawSettings.paper(candidates=2, epochs=1, picture_size=32))


@pytest.fixture(scope="module")
def made(everything) -> tuple[Path, Path]:
    return everything[:2]


@pytest.fixture(scope="module")
def contents(made, tmp_path_factory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("out") / "both.zip"
    publish(made, out, licence="CC-BY-4.0", author="A. Nonymous", notes=["The weather."], scorers=SCORERS)
    return read_zip(out)


@pytest.fixture
def run(everything, tmp_path) -> Path:
    """A copy of the small one to spoil, with the record that it shares."""
    place = everything[2].parent.parent
    shutil.copytree(everything[2], tmp_path / "copy" / "runs" / everything[2].name)
    shutil.copytree(place / "replies", tmp_path / "copy" / "replies")
    shutil.copy(place / "calls.jsonl", tmp_path / "copy")
    return tmp_path / "copy" / "runs" / everything[2].name


def lines(contents: dict[str, bytes], name: str) -> list[dict]:
    return [json.loads(line) for line in contents[name].decode().splitlines()]


def test_the_same_runs_give_the_same_bytes(run, tmp_path):
    one = publish([run], tmp_path / "a" / "bundle.zip", scorers=SCORERS)
    other = publish([run], tmp_path / "b" / "bundle.zip", scorers=SCORERS)
    assert one.read_bytes() == other.read_bytes()
    with zipfile.ZipFile(one) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}


def test_a_bundle_holds_everything_of_its_runs(made, contents):
    check_sums(contents, where="both.zip")
    for folder in made:
        run, begin = RunStore.read(folder), f"runs/{folder.name}/"
        drew = [row for row in run.rows("rollouts") if not row["failure"]]
        sketches = [name for name in contents if name.startswith(f"{begin}sketches/")]
        assert len(sketches) == len(drew) > 0
        assert all(len(from_json(contents[name].decode())) for name in sketches)
        tables = {name.removeprefix(f"{begin}tables/") for name in contents if name.startswith(f"{begin}tables/")}
        assert tables == {f"{name}.csv" for name in (
            "results", "pairs", "judgements", "edits", "gates", "epochs", "libraries", "practice", "metrics",
            "measured", "ledger",
        )}
        assert lines(contents, f"{begin}rollouts.jsonl") == run.rows("rollouts")
        assert contents[f"{begin}prompts/draw.md"].decode().startswith("--- system ---")
        assert yaml.safe_load(contents[f"{begin}queries.yaml"])["report"] == run.info["configuration"]["queries"]["report"]
        assert contents[f"{begin}library/epoch2.json"] == (folder / "library" / "epoch2.json").read_bytes()
        assert contents[f"{begin}pages/contact-sheet.png"].startswith(b"\x89PNG")
        said = json.loads(contents[f"{begin}run.json"])
        assert "home" not in said and said["fingerprint"] == run.info["fingerprint"]
    assert json.loads(contents["cards.json"])[made[0].name]["reward"]["column"] == "tiny"


def test_only_the_replies_and_the_cost_of_its_runs_are_packed(made, contents):
    shared = {stored.key for stored in RunStore.read(made[0]).replies}
    packed = {folder: {row["key"] for row in lines(contents, f"runs/{folder.name}/replies.jsonl")} for folder in made}
    everything = packed[made[0]] | packed[made[1]]
    assert everything < shared, "the third run's replies are nobody's business"
    assert packed[made[0]] & packed[made[1]], "report draws of epoch 0 are shared and packed twice"
    for folder in made:
        ledger = contents[f"runs/{folder.name}/tables/ledger.csv"].decode().splitlines()
        columns, rows = ledger[0].split(","), ledger[1:]
        assert "reason" not in columns
        assert {row.split(",")[columns.index("request")] for row in rows} <= packed[folder]


def test_the_data_card_says_what_a_reader_must_know(run, contents, tmp_path):
    card = contents["README.md"].decode()
    for words in ("STAND-IN, no result", "Model label: stand-in.", "Licence: CC-BY-4.0", "Author: A. Nonymous",
                  "- The weather.", "drawagent reproduce both.zip", "| 1: preset ours | 2 | 2 x 2 x 2 | 1 x 1 | 2 x 2 x 3",
                  'column "tiny"', "practised 2000-01-01"):
        assert words in card
    assert "no claim about the method" not in card
    alone = read_zip(publish([run], tmp_path / "one.zip", scorers=SCORERS))["README.md"].decode()
    assert "Design 1, one library: no claim about the method." in alone
    assert "Licence: NOT STATED (the publisher fills this in with --licence)" in alone
    assert "Author: NOT STATED" in alone


def test_pins_are_names_and_versions(contents):
    pins = contents["pins.txt"].decode().splitlines()
    assert pins[0].startswith("# python 3.")
    assert any(line.startswith("torch==2.") for line in pins)
    assert not [line for line in pins if "://" in line or "+" in line or "@" in line]


@pytest.mark.parametrize(("change", "words"), [
    ({"status": "interrupted"}, "expected a finished run, got interrupted"),
    ({"drifted": 3}, "expected a run that follows from its replies, got 3 replies taken by call site"),
    ({"evidence": "external"}, "expected practices of drawagent, got files of another method"),
])
def test_runs_that_nobody_could_reproduce_are_refused(run, tmp_path, change, words):
    info = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**info, **change}))
    with pytest.raises(ConfigurationError, match=words):
        publish([run], tmp_path / "x.zip", scorers=SCORERS)
    assert not (tmp_path / "x.zip").exists()


def test_a_run_without_a_practice_a_run_twice_and_no_run_are_refused(run, tmp_path):
    with pytest.raises(ConfigurationError, match="expected every run once, under a name of its own, got .* twice"):
        publish([run, run], tmp_path / "x.zip", scorers=SCORERS)
    with pytest.raises(ConfigurationError, match="expected at least one run, got none"):
        publish([], tmp_path / "x.zip")
    with pytest.raises(ConfigurationError, match=r"expected a name that ends with \.zip, got bundle"):
        publish([run], tmp_path / "bundle")
    (run / "practice.jsonl").unlink()
    with pytest.raises(ConfigurationError, match="expected a practice that went to its end"):
        publish([run], tmp_path / "x.zip", scorers=SCORERS)


def notebook(run: Path, *source: str, **papermill: str) -> None:
    cells = [{"cell_type": "code", "source": [line], "outputs": []} for line in source]
    (run / "notebook.ipynb").write_text(json.dumps({"cells": cells, "metadata": {"papermill": papermill}}, indent=1))


@pytest.mark.parametrize("said", [
    f"token = {KEY}", 'client(api_key="abcdefgh1234")', "curl https://me:secret99@host/v1", "Bearer abcdefgh12345",
])
def test_a_key_in_a_notebook_is_refused_by_file_and_line_and_not_shown(run, tmp_path, said):
    notebook(run, "1 + 1", said)
    text = (run / "notebook.ipynb").read_text()
    with pytest.raises(ConfigurationError) as told:
        publish([run], tmp_path / "x.zip", scorers=SCORERS)
    place = str(told.value)
    assert "expected nothing shaped like a key, got one (not shown)" in place
    assert f"runs/{run.name}/notebook.ipynb line " in place
    number = int(place.partition("notebook.ipynb line ")[2].split(")")[0])
    written = json.dumps(json.loads(text), indent=1, sort_keys=True).splitlines()[number - 1]
    assert said.split()[-1][:6] in written.replace("\\", "")
    assert KEY not in place and "abcdefgh" not in place and "secret99" not in place
    assert not (tmp_path / "x.zip").exists()


def test_a_value_of_this_environments_keys_is_refused(run, tmp_path, monkeypatch):
    notebook(run, "print('plain-words-1234')")
    publish([run], tmp_path / "fine.zip", scorers=SCORERS)
    monkeypatch.setenv("SOME_API_KEY", "plain-words-1234")
    with pytest.raises(ConfigurationError, match=r"notebook\.ipynb line \d+"):
        publish([run], tmp_path / "x.zip", scorers=SCORERS)


def plant(run: Path, words: str) -> None:
    """Words into a reply of the run's, and so into its rollout row."""
    rows = read(run / "rollouts.jsonl")
    row = next(one["row"] for one in rows if one["row"]["role"] == "report")
    path = run.parent.parent / "replies" / f"{row['reply_keys'][-1]}.json"
    stored = json.loads(path.read_text())
    row["text"] = stored["reply"]["text"] = f"{words}\n{row['text']}"
    row["forgiven"] = ["text around the block"]
    path.write_text(json.dumps(stored))
    (run / "rollouts.jsonl").write_text("".join(f"{canonical(one)}\n" for one in rows))


def test_a_key_that_a_model_wrote_is_refused_though_json_escapes_it(run, tmp_path):
    plant(run, 'api_key = "abcdefgh1234"')
    with pytest.raises(ConfigurationError, match=r"\(at runs/.*/(replies|rollouts)\.jsonl line \d+\)"):
        publish([run], tmp_path / "x.zip", scorers=SCORERS)


def test_a_home_folder_in_a_record_is_refused_and_in_a_notebook_cut(run, tmp_path):
    notebook(run, "open('/home/jdoe/data.csv')", "open('C:\\\\Users\\\\jdoe\\\\x')",
             output_path="/srv/scratch/of/jdoe/out.ipynb")
    text = read_zip(publish([run], tmp_path / "x.zip", scorers=SCORERS))[f"runs/{run.name}/notebook.ipynb"].decode()
    assert "jdoe" not in text and "~/data.csv" in text
    assert json.loads(text)["metadata"]["papermill"]["output_path"] == "out.ipynb"
    plant(run, "see /home/jdoe/secret plans")
    with pytest.raises(ConfigurationError, match=r"expected no path into somebody's home, got one \(at runs/"):
        publish([run], tmp_path / "y.zip", scorers=SCORERS)
    assert not (tmp_path / "y.zip").exists()


def test_rows_that_were_changed_after_the_run_are_not_published(run, tmp_path):
    (row,) = read(run / "pairs.jsonl")
    row["row"]["gap"] = 0.5
    (run / "pairs.jsonl").write_text(f"{canonical(row)}\n")
    with pytest.raises(ConfigurationError, match=r"got '0.5' in place of '.*' \(at run .*, pairs, learn0/e0/p0, gap\)"):
        publish([run], tmp_path / "x.zip", scorers=SCORERS)


def test_a_run_whose_replies_are_gone_is_not_published(run, tmp_path):
    row = next(one for one in read(run / "rollouts.jsonl") if one["row"]["role"] == "report")
    (run.parent.parent / "replies" / f"{row['row']['reply_keys'][0]}.json").unlink()
    with pytest.raises(ConfigurationError, match="expected a run that can be replayed from its own replies"):
        publish([run], tmp_path / "x.zip", scorers=SCORERS)


def test_code_that_a_run_names_is_not_even_imported_unasked(run, tmp_path, monkeypatch):
    (tmp_path / "evil_publisher.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    info = json.loads((run / "run.json").read_text())
    info["configuration"]["settings"]["renderer"] = "evil_publisher:render"
    (run / "run.json").write_text(json.dumps(info))
    with pytest.raises(ConfigurationError, match="got evil_publisher:render .*renderer.*--trust-plugins"):
        publish([run], tmp_path / "x.zip", scorers=SCORERS)
    with pytest.raises(SystemExit):
        publish([run], tmp_path / "x.zip", scorers=SCORERS, trust_plugins=True)


def test_a_mixed_run_says_so_wherever_it_goes(run, tmp_path):
    info = json.loads((run / "run.json").read_text())
    mixed = {"past": "one", "branch": "another"}
    (run / "run.json").write_text(json.dumps({**info, "mixed": mixed}))
    bundle = publish([run], tmp_path / "x.zip", scorers=SCORERS)
    assert "MIXED: it goes on with another from a recorded past of one." in read_zip(bundle)["README.md"].decode()
    done = reproduce(bundle, tmp_path / "out", scorers=SCORERS)
    assert done.holds
    recording = Recording.read(str(next((tmp_path / "out" / "recordings").iterdir())))
    with open_replay(recording, root=tmp_path, date="2000-01-02", trust_plugins=True).run as again:
        assert again.info["mixed"] == mixed


def test_references_are_packed_as_they_were_shown(tmp_path):
    known = tmp_path / "known"
    known.mkdir()
    (known / "learn0.json").write_text(to_json(KNOWN))
    settings = DrawSettings.paper(candidates=2, epochs=1, picture_size=32, reference=True)
    run = practised(tmp_path, learn=1, settings=settings, references=known)
    with pytest.raises(ConfigurationError, match="expected the folder of the references that the artist was shown"):
        publish([run], tmp_path / "x.zip", scorers=SCORERS)
    packed = read_zip(publish([run], tmp_path / "x.zip", scorers=SCORERS, references=known))
    assert from_json(packed[f"runs/{run.name}/references/learn0.json"].decode()).key == KNOWN.key
    (known / "learn0.json").write_text(to_json(KNOWN.normalised()))
    with pytest.raises(ConfigurationError, match="expected the reference of learn0 that the run was made with"):
        publish([run], tmp_path / "y.zip", scorers=SCORERS, references=known)


def test_sums_are_those_of_sha256sum(contents):
    first = contents[SUMS].decode().splitlines()[0]
    assert first.endswith("  README.md") and len(first.split()[0]) == 64


def test_the_command_says_what_it_wrote_and_what_the_card_lacks(run, tmp_path, monkeypatch, capsys):
    from drawagent.cli import main

    monkeypatch.chdir(tmp_path)
    named = ["--scorer", SCORERS["reward"], "--reporter", SCORERS["report"]]
    monkeypatch.setattr("sys.argv", ["drawagent", "publish", str(run), "-o", "mine.zip", *named, "--note", "Rain."])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    told = capsys.readouterr()
    assert "bundle: mine.zip (" in told.out and "check it: drawagent reproduce mine.zip" in told.out
    assert "states no licence or no author" in told.err
    assert "- Rain." in read_zip(tmp_path / "mine.zip")["README.md"].decode()
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "expected a new file, got mine.zip, which is there (at --out)" in capsys.readouterr().err
    notebook(run, f"k = '{KEY}'")
    monkeypatch.setattr("sys.argv", ["drawagent", "publish", str(run), "-o", "mine.zip", *named, "--force"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "drawagent: expected nothing shaped like a key, got one (not shown)" in capsys.readouterr().err
