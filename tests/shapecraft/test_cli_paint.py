"""The verb paint and the demo's last chapter: prompts, files, resumption, what is said where a model is missing."""

from __future__ import annotations

import io
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from easel.embedded_clip import Words
from easel.errors import ConfigurationError, MissingCapability
from easel.runs import RunStore
from shapecraft import cli_paint, live, replaying, run_painting
from shapecraft.appearance import Appearance, PartPrompt
from shapecraft.charts import UnfoldingFailed
from shapecraft.paint_arguments import read_paint_settings, read_prompts
from shapecraft.paint_settings import PaintSettings
from shapecraft.run_painting import FLAT, PaintOrder, paint_run, painting_lines, paintings
from shapecraft.seams import levelled as run_levelled
from shapecraft.seams import seam_steps
from shapecraft.shading import screen
from tests.shapecraft.khronos_validator import needs_chromium
from tests.shapecraft.test_cli import BlendWall, make, run
from tests.shapecraft.toy_painting import TINY, ToyGuidance

QUICK = ("--settings", "small", "--size", "64", "--set", "views.whole=2", "--set", "views.close=1", "--set",
         "checkpoint_every=2", "--set", "environments=[overcast]", "--set", "views.details=0", "--set",
         "whole_every=1", "--no-blend")
PARTS = ("--prompt", "a red bench", "--part", "supports=blue concrete supports", "--part", "seat=red oak seat")


class Toy(ToyGuidance):
    vocabulary: Words | None = None


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of a finished run of a garden bench: supports and a seat."""
    root = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "open_wall", lambda **_: BlendWall())
        make(root)
    return next(path for path in root.iterdir() if path.is_dir())


@pytest.fixture
def toy(monkeypatch):
    model = Toy()
    monkeypatch.setattr(cli_paint, "open_guidance", lambda name, **_: model)
    return model


def refused(*arguments) -> str:
    with pytest.raises(ConfigurationError) as raised:
        run("paint", *map(str, arguments))
    return str(raised.value)


def test_without_a_model_it_says_which_there_are(made):
    assert refused(made) == (
        "expected a diffusion model, got none named (at --guidance). Name one in diffusers' format (--guidance "
        "stable-diffusion-v1-5/stable-diffusion-v1-5, or a folder), or --guidance embedded for the small one that "
        "ships, or --guidance flat for flat colours from words.")
    assert "none of these options with flat painting, got --steps" in refused(made, "--guidance", "flat", "--steps", 3)


def test_flat_painting_writes_every_file_and_show_finds_it(made, monkeypatch):
    monkeypatch.setattr(run_painting, "textured_blend", lambda atlas, maps: b"BLENDER")
    done = run("paint", str(made), "--guidance", "flat", "--size", "64", "--part", "seat=polished brass seat")
    assert done.exit_code == 0
    assert '  seat: "polished brass seat"' in done.stdout
    folder = made / "paintings" / "1"
    told = dict(re.findall(r"^painted (.*): (.*)$", done.stdout, re.MULTILINE))
    assert {Path(path).relative_to(folder).as_posix() for path in told.values()} == {
        "object.glb", "object.html", "object.blend", "albedo.png", "metallic_roughness.png", "maps.png", "turntable.png",
        "prompts.json"}
    assert sorted(path.name for path in (folder / "parts").iterdir()) == [
        "seat_albedo.png", "seat_metallic_roughness.png", "supports_albedo.png", "supports_metallic_roughness.png"]
    scene = trimesh.load(folder / "object.glb")
    assert set(scene.graph.nodes_geometry) == {"seat", "supports"}
    picture = next(iter(scene.geometry.values())).visual.material.metallicRoughnessTexture
    assert picture.size == (64, 64)
    blues = {value for _, (_, _, value) in picture.convert("RGB").getcolors()}
    assert blues == {0, 255}, "brass is a metal, concrete is none"
    kept = json.loads((folder / "prompts.json").read_text())
    assert (kept["guidance"], kept["settings"], kept["size"]) == (FLAT, None, 64)
    assert kept["prompts"]["parts"]["seat"] == {"prompt": "polished brass seat", "source": "user"}
    shown = run("show", str(made)).stdout
    assert (folder / "object.blend").read_bytes() == b"BLENDER"
    assert f"painting 1, version 0, {FLAT}: {folder / 'object.glb'}" in shown


def test_an_interrupt_keeps_the_checkpoint_and_the_same_command_goes_on(made, toy, monkeypatch):
    order = ("paint", str(made), "--guidance", "some/model", *QUICK, *PARTS, "--steps", "6")
    distil, stop = toy.distil, [9]

    def stopped(*arguments, **settings):
        if len(toy.calls) >= stop[0]:
            raise KeyboardInterrupt
        return distil(*arguments, **settings)

    monkeypatch.setattr(toy, "distil", stopped)
    done = run(*order)
    assert done.exit_code == 130
    assert "Stopped; the checkpoint of step 4 is kept. The same command goes on." in done.stderr
    number = RunStore.read(made).rows("paintings")[-1]["number"]
    assert f"painting {number}, version 0, {toy.source}: not finished; the same command goes on" in painting_lines(
        RunStore.read(made))
    assert run(*order).exit_code == 130
    done = run(*order)
    assert done.exit_code == 130
    assert "Stopped; the checkpoint of step 4 is kept." in done.stderr, "of the time before, too"
    stop[0] = 10_000
    done = run(*order)
    assert done.exit_code == 0
    told = " ".join(done.stderr.split())
    assert f"painting {number}, begun before: " in told
    assert "6 steps, goes on after step 4, 4 cameras, 3 prompts" in told
    assert paintings(RunStore.read(made))[-1]["glb"] == f"paintings/{number}/object.glb"
    first = (made / f"paintings/{number}/albedo.png").read_bytes()
    assert run(*order).exit_code == 0
    assert (made / f"paintings/{number}/albedo.png").read_bytes() == first
    assert len(toy.calls) == 9 + 4, "two steps of two terms after the checkpoint, and none once it was done"


def test_a_painting_is_finished_once_all_its_files_are_there(made, monkeypatch):
    order = ("paint", str(made), "--guidance", "flat", "--size", "64", "--part", "seat=blue plastic seat")
    monkeypatch.setattr(run_painting, "textured_blend", lambda atlas, maps: b"BLENDER")
    assert run(*order).exit_code == 0
    row = paintings(RunStore.read(made))[-1]
    folder = made / "paintings" / str(row["number"])
    glb = (folder / "object.glb").read_bytes()
    assert (folder / "object.blend").is_file()

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run_painting, "turntable_sheet", killed)
        assert run(*order, "--no-blend").exit_code == 130
    assert "not finished; the same command goes on" in painting_lines(RunStore.read(made))[-1]
    (folder / "parts" / "drawer_albedo.png").write_bytes(b"of another time")
    assert run(*order, "--no-blend").exit_code == 0
    assert (folder / "object.glb").read_bytes() == glb
    assert not (folder / "object.blend").exists(), "nothing of an earlier time stands beside what was asked for"
    assert len(list((folder / "parts").iterdir())) == 4


def test_over_uv_charts_are_levelled_at_their_borders(made):
    """A step of psi over uv would be seen as a line on the surface."""
    chosen = replace(TINY, over="uv", steps=4, terms="components")
    asked = Appearance("a bench", (PartPrompt("supports", "blue supports"), PartPrompt("seat", "red seat")))
    levelled = []
    with RunStore.amend(made) as store, pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_painting, "levelled", lambda *given: levelled.append(given) or run_levelled(*given))
        kept = list(paint_run(store, PaintOrder(asked, ToyGuidance(), chosen, size=128), blend=False))[-1]
    ((_, before),) = levelled
    assert seam_steps(kept.atlas, before).ratio > 1.5
    assert seam_steps(kept.atlas, kept.maps).ratio < 1.2
    with Image.open(kept.files["albedo"]) as written:
        np.testing.assert_array_equal(np.asarray(written)[..., :3], np.round(screen(kept.maps.albedo) * 255))


def test_other_prompts_are_another_painting(made, toy):
    before = len(RunStore.read(made).rows("paintings"))
    assert run("paint", str(made), "--guidance", "x", *QUICK, *PARTS, "--steps", "1").exit_code == 0
    assert run("paint", str(made), "--guidance", "x", *QUICK, *PARTS[:-1], "seat=green oak", "--steps", "1").exit_code == 0
    assert [row["number"] for row in RunStore.read(made).rows("paintings")][before:] == [before + 1, before + 2]


def test_a_closed_vocabulary_is_heard(made, toy):
    toy.vocabulary = Words("toy", "fixed", ("a", "bench", "red", "seat", "blue", "concrete", "supports"),
                           instead="a real diffusion model")
    assert "expected words that the toy model knows, got 'oak' (at the prompt of seat, 'red oak seat')" in refused(
        made, "--guidance", "x", *QUICK, *PARTS)
    done = run("paint", str(made), "--guidance", "x", *QUICK, *PARTS, "--steps", "1", "--unknown-words", "drop")
    assert '  seat: "red seat" (left out, not known to the model: oak)' in done.stdout


@pytest.mark.parametrize(("said", "message"), [
    (("--settings", "theirs"), "expected a preset: ours, paper, small, got theirs"),
    (("--set", "stepps=3"), "expected a setting of a painting, got 'stepps' (at --set). Did you mean steps or terms?"),
    (("--set", "steps=3", "--steps", "4"), "expected the setting 'steps' once, got 4 and steps=3"),
    (("--set", "steps=many"), f"expected a value like {PaintSettings.small().steps}, got 'many' (at --set steps)."),
    (("--set", "part=3"), "expected one of part.guidance_scale, "),
    (("--size", "63"), "expected maps of 32 to 4096 texels, a multiple of 2, got 63 (at --size)."),
    (("--part", "seat"), 'expected a part and its words as NAME="red leather seat", got seat (at --part).'),
    (("--part", "arm=red"), "expected a part: supports, seat, got arm"),
    (("--version", "7"), "version"),
    (("--size", "0"), "expected maps of 32 to 4096 texels, a multiple of 2, got 0 (at --size)."),
    (("--unknown-words", "guess"), "expected refuse or drop, got guess (at --unknown-words)."),
    (("--set", "own.arm.clip=1"), "expected parts among supports, seat, got arm (at --set own.arm)."),
    (("--set", "own.seat.clips=1"), "expected a setting of a painting, got 'clips' (at --set). Did you mean clip?"),
    (("--set", "own=[[seat, 3]]"), "expected a part and one of its settings, as own.seat.guidance_scale=20, got 'own'"),
    (("--set", "own.seat=3"), "expected a part and one of its settings, as own.seat.guidance_scale=20, got 'own.seat'"),
    (("--set", "smooth_metalness=.inf"), "expected finite numbers, weights not below 0, megabytes above, got "),
])
def test_wrong_orders_are_one_sentence_before_any_model_is_opened(made, monkeypatch, said, message):
    def opened(name, **_):
        raise AssertionError("a model was opened")

    monkeypatch.setattr(cli_paint, "open_guidance", opened)
    assert message in refused(made, "--guidance", "x", *(() if said[0] == "--settings" else QUICK[:2]), *said)


@pytest.mark.parametrize(("guidance", "said", "message"), [
    ("flat", ("--device", "cuda", "--steps", "3"), "none of these options with flat painting, got --steps, --device"),
    ("flat", ("--download",), "none of these options with flat painting, got --download"),
    ("flat", ("--unknown-words", "guess"), "none of these options with flat painting, got --unknown-words"),
    ("flat", ("--size", "0"), "expected maps of 32 to 4096 texels, a multiple of 2, got 0"),
    ("embedded", ("--revision", "main", "--download"),
     "none of these options with the embedded model, got --revision, --download (at --revision)"),
])
def test_no_option_is_swallowed(made, guidance, said, message):
    assert message in refused(made, "--guidance", guidance, *said)


def test_settings_as_typed():
    found = read_paint_settings("small", ["guidance.guidance_scale=20", "views.close=6", "environments=studio",
                                          "part.clip=1"], steps=7, seed=None)
    assert (found.steps, found.views.close, found.environments) == (7, 6, ("studio",))
    assert (found.whole.guidance_scale, found.part.guidance_scale, found.near.guidance_scale) == (20.0, 20.0, 20.0)
    assert (found.whole.clip, found.part.clip) == (PaintSettings.small().whole.clip, 1)
    own = read_paint_settings("small", ["own.seat.guidance_scale=20", "own.arm_2.clip=3", "own.seat.view_words=false",
                                        "part.clip=1"])
    assert [name for name, _ in own.own] == ["arm_2", "seat"]
    assert own.of("seat") == replace(own.part, guidance_scale=20.0, view_words=False)
    assert (own.of("arm_2").clip, own.of("seat").clip, own.whole) == (3, 1, PaintSettings.small().whole)
    assert read_paint_settings("paper") == PaintSettings.paper()
    late = read_paint_settings("ours", ["near.guidance_scale=7", "near_from=0.5", "views.details=8"])
    assert late.near == replace(late.part, guidance_scale=7.0)
    assert read_prompts(['seat="red leather"', "legs = oak "]) == {"seat": "red leather", "legs": "oak"}


def test_an_order_must_fit_its_object(made):
    asked = Appearance("a bench", (PartPrompt("seat", "red"),))
    with RunStore.amend(made) as store, pytest.raises(ConfigurationError, match="prompts for supports, seat, got seat"):
        list(paint_run(store, PaintOrder(asked, size=64)))
    with pytest.raises(ConfigurationError, match="guidance and settings, or neither, got guidance alone"):
        PaintOrder(asked, Toy())


def test_the_demo_ends_with_painting(made, tmp_path, monkeypatch, toy):
    from shapecraft.recordings import keep

    def no_blender(atlas, maps):
        raise MissingCapability("Blender as a Python module", came="none", mend="Type: make blender")

    monkeypatch.setattr(run_painting, "textured_blend", no_blender)
    kept = keep(RunStore.read(made), tmp_path / "kept" / "mine", label="a stand-in", date="2000-01-01", notes=[])
    monkeypatch.setattr(replaying, "find_blender", lambda: None)
    monkeypatch.setattr(replaying, "open_wall", lambda **_: BlendWall(level="jail"))
    monkeypatch.setattr(PaintSettings, "small", staticmethod(lambda: replace(TINY, steps=2, policy="one")))
    monkeypatch.setattr(cli_paint, "CHAPTER_SIZE", 64)
    toy.check = lambda prompt: None
    monkeypatch.setattr("tests.shapecraft.toy_painting.COLOURS", {"oak": (0.5, 0.3, 0.1), "concrete": (0.5, 0.5, 0.5),
                                                                  "bench": (0.4, 0.4, 0.4)})
    done = run("demo", "--recording", str(kept), "--root", str(tmp_path / "a"))
    assert done.exit_code == 0
    assert "Painting it, every part by its own words: the embedded model, 2 steps, about a minute on one core." in (
        done.stdout)
    assert Path(re.search(r"^painted object: (.*)$", done.stdout, re.MULTILINE)[1]).is_file()
    assert len(toy.calls) == 4, "the whole and one part a step"
    assert "no Blender file: expected Blender as a Python module, got none. Type: make blender" in done.stderr

    def none(name, **_):
        raise MissingCapability("the weights of the embedded painter", came="none", mend="Train them.")

    monkeypatch.setattr(cli_paint, "open_guidance", none)
    done = run("demo", "--recording", str(kept), "--root", str(tmp_path / "b"))
    assert done.exit_code == 0
    assert ("Painting it in flat colours from words, since there is no diffusion model: expected the weights of the "
            "embedded painter, got none. Train them.") in done.stderr
    assert Path(re.search(r"^painted object: (.*)$", done.stdout, re.MULTILINE)[1]).is_file()

    def stopped(*_, **__):
        raise KeyboardInterrupt
        yield

    def torn(*_, **__):
        raise UnfoldingFailed("charts of a mesh", came="a crash", mend="Take a coarser mesh.")
        yield

    for fault, code, told in ((stopped, 130, "Stopped; nothing was to keep yet. The same command goes on."), (
            torn, 0, "The object stands, but it was not painted: expected charts of a mesh, got a crash. Take a coarser")):
        monkeypatch.setattr(run_painting, "paint_run", fault)
        done = run("demo", "--recording", str(kept), "--root", str(tmp_path / "b"))
        assert done.exit_code == code
        assert told in done.stderr
        (folder,) = (path for path in (tmp_path / "b").iterdir() if path.is_dir())
        assert RunStore.read(folder).info["status"] == "finished"


@needs_chromium
def test_the_painted_page_shows_its_textures_offline(made, tmp_path):
    """The page's own policy must let the viewer read the pictures in the model."""
    from playwright.sync_api import sync_playwright

    assert run("paint", str(made), "--guidance", "flat", "--size", "64", "--no-blend", "--part", "seat=red paint", "--part",
               "supports=red plastic").exit_code == 0
    row = paintings(RunStore.read(made))[-1]
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"),
                                             args=["--no-sandbox", "--disable-quic"])
        page = browser.new_page(viewport={"width": 900, "height": 560})
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto((made / row["page"]).as_uri())
        page.wait_for_selector("html[data-ready=yes]")
        shown = np.asarray(Image.open(io.BytesIO(page.locator("#stage").screenshot())).convert("RGB"), dtype=int)
        browser.close()
    assert problems == []
    assert ((shown[..., 0] > 90) & (shown[..., 1] < 0.5 * shown[..., 0])).sum() > 4_000, "red is really seen"
