"""Pictures of other methods: theirs as they are, their 3D files as geometry says."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from drawagent.export import to_glb, to_obj, to_svg
from drawagent.foreign import match_files
from drawagent.foreign_obj import read_obj
from drawagent.foreign_pictures import png_picture, shape_pictures, show, svg_picture
from drawagent.reward import ViewReward
from drawagent.sketch import Sketch
from easel.cameras import ring
from easel.errors import ConfigurationError, MissingCapability
from tests.fakes import TinyScorer, tiny_reward
from tests.foreign_files import VASE, curve, png, put, queries


def test_a_png_is_taken_as_it_is_over_white(tmp_path):
    image = Image.new("RGBA", (4, 2), (255, 0, 0, 255))
    image.putpixel((0, 0), (0, 0, 0, 0))
    image.putpixel((1, 0), (0, 0, 255, 51))
    png(tmp_path, "a.png", image)
    picture, said = png_picture(tmp_path / "a.png")
    assert (picture.shape, picture.dtype, said) == ((3, 4, 4), np.float32, ("set on a white square",))
    assert picture[:, 0].tolist() == [[1.0] * 4] * 3
    np.testing.assert_allclose(picture[:, 1].T, [[1, 1, 1], [0.8, 0.8, 1], [1, 0, 0], [1, 0, 0]], atol=1e-7)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "LA", "I;16"])
def test_every_kind_of_png_is_read(tmp_path, mode):
    grey = 60000 if mode == "I;16" else 255
    png(tmp_path, "a.png", Image.new("RGB", (3, 3), "white").convert(mode) if mode != "I;16"
        else Image.fromarray(np.full((3, 3), grey, np.uint16)))
    picture, said = png_picture(tmp_path / "a.png")
    assert said == ()
    assert picture == pytest.approx(60000 / 65535 if mode == "I;16" else 1.0)


def test_what_is_no_png_is_refused(tmp_path):
    Image.new("L", (3, 3)).save(tmp_path / "a.png", "JPEG")
    with pytest.raises(ConfigurationError, match=r"a PNG picture, got cannot identify.*a.png"):
        png_picture(tmp_path / "a.png")
    png(tmp_path, "b.png", Image.new("L", (300, 300), 7))
    (tmp_path / "b.png").write_bytes((tmp_path / "b.png").read_bytes()[:60])
    with pytest.raises(ConfigurationError, match="a PNG picture"):
        png_picture(tmp_path / "b.png")


def test_an_svg_is_drawn_on_white_with_fills_and_curves():
    picture, said = svg_picture(VASE, 140, where="vase.svg")
    assert (picture.shape, said) == ((3, 140, 140), ("set on a white square",))
    assert picture[:, 70, 70] * 255 == pytest.approx(np.array([0x4a, 0x90, 0xd9]), abs=0.01)
    assert (picture[:, :, :25] == 1).all()
    sides = Sketch.from_array([
        [[30, 10, 0], [10, 60, 0], [10, 100, 0], [35, 130, 0]], [[65, 130, 0], [90, 100, 0], [90, 60, 0], [70, 10, 0]],
    ]).curve_points(200).reshape(-1, 3)
    x, y = sides[:, 0], sides[:, 1]
    area = abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2
    filled, _ = svg_picture(VASE.replace('stroke="#123"', 'stroke="none"'), 140, where="vase.svg")
    assert ((1 - filled[0]) / (1 - 0x4a / 255)).sum() == pytest.approx(area, rel=0.002)


@pytest.mark.parametrize(("text", "words"), [
    ("", "an SVG that can be drawn"),
    ("<svg", r"an SVG that can be drawn, got unclosed token: line 1, column 0 \(at a.svg\)"),
    ('<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/x.png"/></svg>', "an SVG that carries its pictures"),
    ("<svg xmlns:x='http://www.w3.org/1999/xlink'><image width='3'\n x:href='a.png'/></svg>", "one that names other files"),
])
def test_what_is_no_svg_of_its_own_is_refused(text, words):
    with pytest.raises(ConfigurationError, match=words):
        svg_picture(text, 16, where="a.svg")


SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" viewBox="0 0 8 8"{}>{}</svg>'
BOTH = ' xmlns:a-b="http://www.w3.org/2000/svg" xmlns:x.y="http://www.w3.org/2000/svg"'
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"


@pytest.mark.parametrize("inside", [
    '<a-b:image width="8" height="8" href="{}"/>', '<x.y:image width="8" height="8" href="{}"/>',
    '<image data-a=">" width="8" height="8" href="{}"/>', '<image width="8" height="8" x:href=" {}"/>',
    '<filter id="f"><feImage href="{}"/></filter><rect width="8" height="8" filter="url(#f)"/>',
    '<rect width="8" height="8" fill="url({})"/>', '<style><![CDATA[rect {{fill: url("{}")}}]]></style>',
    '<style>@import "{}";<g/></style>', "<rect style='fill: u\\72l({})'/>",
    '<image width="8" height="8" href="data:image/svg+xml;utf8,&lt;svg href=\'{}\'/>"/>',
])
def test_no_picture_of_this_machine_is_drawn_however_it_is_named(tmp_path, inside):
    Image.new("RGB", (8, 8), "red").save(tmp_path / "x.png")
    with pytest.raises(ConfigurationError, match="an SVG that carries its pictures, got one that names other files"):
        svg_picture(SVG.format(BOTH, inside.format(tmp_path / "x.png")), 8, where="a.svg")


@pytest.mark.parametrize(("text", "words"), [
    ('<!DOCTYPE svg [<!ENTITY a "/x.png">]>' + SVG.format("", '<image href="&a;"/>'), "an SVG without declarations"),
    ('<!DOCTYPE svg [<!ATTLIST image href CDATA "/x.png">]>' + SVG.format("", "<image/>"), "without declarations"),
    ('<?xml-stylesheet href="/x.css"?>' + SVG.format("", ""), "without processing instructions, got xml-stylesheet"),
    (SVG.format("", "") + "<svg/>", "an SVG that can be drawn, got junk after document element"),
])
def test_an_svg_declares_nothing(text, words):
    with pytest.raises(ConfigurationError, match=words):
        svg_picture(text, 8, where="a.svg")


def test_a_picture_that_an_svg_carries_and_a_named_document_type_are_taken():
    head = ('<?xml version="1.0" encoding="utf-16"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
            '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n')
    carried = f'<image x="4" width="4" height="8" preserveAspectRatio="none" x:href="data:image/png;base64,{PIXEL}"/>'
    style = '<style>rect {fill: url(#g)}</style><metadata about="C:\\a @import"/>'
    picture, said = svg_picture(head + SVG.format("", style + carried), 8, where="a.svg")
    assert said == () and (picture[:, :, :3] == 1).all()
    assert (picture[:, 1:7, 5:7] < 1).any(axis=0).all()


def test_words_in_an_svg_tell_the_scorer_nothing():
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    picture, said = svg_picture(f'{head}<text y="9" font-size="9">vase</text></svg>', 16, where="a.svg")
    assert (picture == 1).all()
    assert said == ("words in SVG left out",)
    linked = f'{head}<rect id="r" width="5" height="10"/><use href="#r" x="2"/></svg>'
    assert svg_picture(linked, 16, where="a.svg")[0][0, 8].tolist() == [0] * 7 + [1] * 9


def test_without_resvg_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingCapability, match=r"the package resvg_py, which draws SVG.*Install the extra 'lab'"):
        svg_picture(VASE, 16, where="a.svg")


def test_our_own_svg_looks_like_our_own_renderer():
    sketch, camera = curve(3), ring(1)[0]
    picture, _ = svg_picture(to_svg(sketch, camera, size=128, width=2.0), 128, where="a.svg")
    reward = ViewReward(TinyScorer(), (camera,), tiny_reward().renderer, size=128, width=2.0)
    ours = np.asarray(reward.pictures([sketch]))[0, 0]
    assert np.abs(picture[0] - ours).mean() < 0.004
    assert (1 - ours).mean() > 0.02


def test_our_own_obj_is_our_sketch_in_straight_pieces(tmp_path):
    sketch = curve(4)
    put(tmp_path, knot_obj=to_obj(sketch))
    reward = tiny_reward(size=64)
    (drawing,) = match_files(tmp_path, queries("knot"))
    shown = show(drawing, reward)
    assert (shown.strokes, len(shown.views), shown.own) == (5, 2, False)
    apart = np.abs(np.stack(shown.views) - np.asarray(reward.pictures([sketch]))[0])
    assert apart.mean() < 0.004
    smooth = np.abs(np.stack(show(drawing, reward, curves="smooth").views) - np.asarray(reward.pictures([sketch]))[0])
    assert smooth.mean() < apart.mean()


def test_our_own_glb_stands_upright_where_our_sketch_does(tmp_path):
    sketch = curve(5)
    put(tmp_path, knot_glb=to_glb(sketch, radius=0.03))
    reward = ViewReward(TinyScorer(), ring(3), tiny_reward().renderer, size=96, width=2.0)
    shown = show(match_files(tmp_path, queries("knot"))[0], reward)
    ours = np.asarray(reward.pictures([sketch]))[0]
    ink = np.stack(shown.views)[:, 0] < 0.9
    assert shown.said == ()
    for view in range(3):
        assert ink[view][ours[view] < 0.1].mean() > 0.9
        assert ink[view].sum() < 3 * (ours[view] < 0.9).sum()


def test_lines_lie_on_faces_in_one_frame(tmp_path):
    # A black quad and its outline in one file: the outline must run along the quad's edge in every view.
    put(tmp_path, a_obj="v -1 0 -1 0 1 0\nv 1 0 -1 0 1 0\nv 1 0 1 0 1 0\nv -1 0 1 0 1 0\nf 1 2 3 4\nl 1 2 3 4 1\n")
    reward = ViewReward(TinyScorer(), ring(2, elevation_deg=0), tiny_reward().renderer, size=64, width=2.0)
    picture = shape_pictures(read_obj(tmp_path / "a.obj"), reward)[0]
    assert picture.shape == (3, 64, 64)
    column = picture[:, 32]
    left = int(np.flatnonzero(column[0] < 0.5)[0])
    assert (column[:, left] < 0.3).all()
    assert column[1, left + 4] > 0.9 and column[0, left + 4] == 0
    assert (column[:, left - 2] == 1).all()
