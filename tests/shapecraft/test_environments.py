"""Environments: where light comes from, what blurring keeps, and .hdr files whole and broken."""

from __future__ import annotations

import numpy as np
import pytest

from easel.errors import ConfigurationError
from shapecraft.environments import (
    HEIGHT,
    OURS,
    WIDTHS,
    Environment,
    directions,
    environment,
    look_up,
    of_panorama,
)
from shapecraft.hdr_file import decode_hdr, read_hdr

AT = directions(HEIGHT)


def packed(pixels: np.ndarray, kind: str, header: bytes = b"") -> bytes:
    """An .hdr file of (H, W, 4) bytes: plain, repeats (the old packing), or planes (the new one)."""
    height, width = pixels.shape[:2]
    out = bytearray(b"#?RADIANCE\n# made by hand\nFORMAT=32-bit_rle_rgbe\n" + header + b"\n" + f"-Y {height} +X {width}\n".encode())
    for row in pixels:
        if kind == "plain":
            out += row.tobytes()
        elif kind == "repeats":
            column = 0
            while column < width:
                same = 1
                while column + same < width and (row[column + same] == row[column]).all():
                    same += 1
                out += row[column].tobytes()
                more = same - 1
                while more:
                    out += bytes((1, 1, 1, more & 255))
                    more >>= 8
                column += same
        else:
            out += bytes((2, 2, width >> 8, width & 255))
            for channel in row.T:
                column = 0
                while column < width:
                    same = 1
                    while same < 127 and column + same < width and channel[column + same] == channel[column]:
                        same += 1
                    out += bytes((128 + same, channel[column])) if same > 2 else bytes((same, *channel[column:column + same]))
                    column += same
    return bytes(out)


def some_pixels(height: int = 8, width: int = 16) -> np.ndarray:
    pixels = np.random.default_rng(0).integers(2, 256, (height, width, 4)).astype(np.uint8)
    pixels[..., 3] = np.random.default_rng(1).integers(120, 140, (height, width))
    pixels[2, 3:12] = pixels[2, 3]
    pixels[5] = 0
    return pixels


@pytest.mark.parametrize("kind", ["plain", "repeats", "planes"])
def test_every_packing_gives_the_same_light(kind):
    pixels = some_pixels()
    light = decode_hdr(packed(pixels, kind))
    # Ward: value = mantissa / 256 times 2^(exponent - 128).
    expected = pixels[..., :3] / 256.0 * 2.0 ** (pixels[..., 3:].astype(float) - 128)
    np.testing.assert_allclose(light, np.where(pixels[..., 3:] > 0, expected, 0), rtol=1e-6)
    assert light.dtype == np.float32
    assert light.shape == (8, 16, 3)


def test_a_long_repeat_and_an_exposure():
    pixels = np.full((1, 700, 4), 130, dtype=np.uint8)
    np.testing.assert_allclose(decode_hdr(packed(pixels, "repeats", b"EXPOSURE=2.0\nEXPOSURE=4\n")),
                               130 / 256 * 4 / 8, rtol=1e-6)


def test_turned_pictures_are_turned_back():
    data = packed(some_pixels(), "plain")
    upright = decode_hdr(data)
    np.testing.assert_array_equal(decode_hdr(data.replace(b"-Y", b"+Y", 1)), upright[::-1])
    np.testing.assert_array_equal(decode_hdr(data.replace(b"+X", b"-X", 1)), upright[:, ::-1])


@pytest.mark.parametrize(("data", "said"), [
    (b"\x89PNG\r\n", "a Radiance picture, which begins with #"),
    (b"#?RADIANCE\nFORMAT=32-bit_rle_xyze\n\n-Y 1 +X 1\n0000", "FORMAT=32-bit_rle_rgbe, got"),
    (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe", "a header that ends"),
    (b"#?RADIANCE\n\n+X 4 -Y 2\n", "a size like"),
    (b"#?RADIANCE\n\n-Y 2 +X 99999\n", "1 to 16384 pixels along a side"),
    (b"#?RADIANCE\nEXPOSURE=0\n\n-Y 1 +X 1\n0000", "an exposure above 0"),
    (packed(some_pixels(), "planes")[:-5], "a whole file, got .* break in row 7 of 8"),
    (packed(some_pixels(), "plain")[:-5], "a whole file"),
    (b"#?RADIANCE\n\n-Y 1 +X 2\n\x01\x01\x01\x05", "a whole file"),
    (b"#?RADIANCE\n\n-Y 1 +X 8\n\x02\x02\x00\x08\x00", "a whole file"),
])
def test_broken_files_are_told(data, said):
    with pytest.raises(ConfigurationError, match=said):
        decode_hdr(data)


def test_files_are_read_by_name(tmp_path):
    (tmp_path / "sky.hdr").write_bytes(packed(some_pixels(), "planes"))
    found = environment(tmp_path / "sky.hdr")
    assert found.name == "sky.hdr"
    assert found.mean == pytest.approx(1.0, rel=1e-5)
    (tmp_path / "bad.hdr").write_bytes(b"#?RADIANCE\n")
    with pytest.raises(ConfigurationError, match=r"a header that ends.*bad\.hdr"):
        environment(tmp_path / "bad.hdr")
    with pytest.raises(ConfigurationError, match=r"a readable \.hdr file, got FileNotFoundError \(at none\.hdr\)"):
        read_hdr(tmp_path / "none.hdr")
    with pytest.raises(ConfigurationError, match="studio, overcast, window, or an .hdr file, got beach"):
        environment("beach")


def test_a_panorama_keeps_its_light_and_its_directions():
    sky = 1.0 + 0.5 * directions(300)[..., [0, 1, 2]]
    made = of_panorama(sky, "sky")
    np.testing.assert_allclose(made.light, 1.0 + 0.5 * AT, atol=0.02)
    assert made.mean == pytest.approx(1.0, abs=1e-3)
    np.testing.assert_allclose(of_panorama(1.0 + 0.5 * directions(64), "small").light, 1.0 + 0.5 * AT, atol=0.02)
    with pytest.raises(ConfigurationError, match="a panorama twice as wide as high, got 100 x 100"):
        of_panorama(np.ones((100, 100, 3)), "square")


def test_the_frame():
    axes = np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, 1], [-0.6, 0, -0.8]])
    np.testing.assert_allclose(look_up(AT, axes), axes, atol=1e-3)
    # Up is row 0, the middle looks at +y, right of it is +x.
    assert AT[0, 0, 2] > 0.99
    assert AT[HEIGHT // 2, HEIGHT, 1] > 0.99
    assert AT[HEIGHT // 2, HEIGHT * 3 // 2, 0] > 0.99
    turned = Environment("one side", np.maximum(AT[..., [1, 1, 1]], 0)).turned(90)
    assert look_up(turned.light, np.array([1.0, 0, 0]))[0] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("name", OURS)
def test_ours_are_neutral_and_as_bright(name):
    made = environment(name)
    assert made.name == name
    assert made.mean == pytest.approx(1.0, rel=1e-5)
    np.testing.assert_array_equal(made.light[..., 0], made.light[..., 2])
    assert look_up(made.matt, np.array([0.0, 0, 1]))[0] > look_up(made.matt, np.array([0.0, 0, -1]))[0]


def test_blurring_keeps_constants_and_is_round():
    flat = Environment("flat", np.full((HEIGHT, 2 * HEIGHT, 3), 0.7))
    np.testing.assert_allclose(flat.blurred, 0.7, rtol=1e-5)
    np.testing.assert_allclose(flat.matt, 0.7, rtol=1e-5)
    slope = Environment("slope", 1.0 + AT)
    # A cosine lobe keeps 2/3 of a slope, von Mises and Fisher's coth k - 1 / k of it, wherever it points.
    np.testing.assert_allclose(slope.matt, 1 + AT * 2 / 3, atol=3e-3)
    for layer, width in zip(slope.blurred[1:], WIDTHS, strict=True):
        concentration = 1 / width**2
        kept = 1 / np.tanh(concentration) - 1 / concentration
        np.testing.assert_allclose(layer, 1 + AT * kept, atol=6e-3)
    with pytest.raises(ConfigurationError, match="light from 0 to 65504, some above 0"):
        Environment("dark", np.zeros((HEIGHT, 2 * HEIGHT, 3)))
    with pytest.raises(ConfigurationError, match=r"a map of shape \(128, 256, 3\), got shape \(2, 4, 3\)"):
        Environment("small", np.ones((2, 4, 3)))
