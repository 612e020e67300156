"""HDR files: Radiance's pictures (.hdr, RGBE) read as linear light (format: Ward, Radiance)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from easel.errors import ConfigurationError

LARGEST = 16_384
"""Pixels along a side above which a file is refused (ours: 16k panoramas are the largest that are given away)."""
_SIZE = re.compile(rb"^([+-])Y (\d+) ([+-])X (\d+)$")


def read_hdr(path: Path) -> np.ndarray:
    """(H, W, 3) float32 linear light, row 0 at the top, column 0 at the left; exposures of the header are divided out.

    Raises ConfigurationError for a file that is missing, no Radiance picture, cut off, turned on its side, in XYZ
    colours, or larger than LARGEST.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError("a readable .hdr file", came=type(error).__name__, where=path.name) from error
    try:
        return decode_hdr(data)
    except ConfigurationError as error:
        raise ConfigurationError(error.expected, came=error.came, where=path.name, mend=error.mend) from None


def decode_hdr(data: bytes) -> np.ndarray:
    """As `read_hdr`, from the file's bytes."""
    where = "an .hdr file"
    if not data.startswith((b"#?RADIANCE", b"#?RGBE")):
        raise ConfigurationError("a Radiance picture, which begins with #?RADIANCE", came=repr(data[:12]), where=where)
    exposure, at = 1.0, 0
    while True:
        end = data.find(b"\n", at)
        if end < 0 or end - at > 4096:
            raise ConfigurationError("a header that ends", came=f"{len(data)} bytes", where=where)
        line, at = data[at:end].strip(), end + 1
        if line.startswith(b"FORMAT=") and line != b"FORMAT=32-bit_rle_rgbe":
            raise ConfigurationError("FORMAT=32-bit_rle_rgbe", came=repr(line[:60]), where=where)
        if line.startswith(b"EXPOSURE="):
            exposure *= _positive(line[9:], where)
        if not line:
            break
    end = data.find(b"\n", at)
    size = _SIZE.match(data[at:end].strip()) if end > 0 else None
    if size is None:
        raise ConfigurationError('a size like "-Y 512 +X 1024"', came=repr(data[at:at + 40]), where=where)
    height, width = int(size[2]), int(size[4])
    if not 1 <= height <= LARGEST or not 1 <= width <= LARGEST:
        raise ConfigurationError(f"1 to {LARGEST} pixels along a side", came=f"{width} x {height}", where=where)
    pixels = _pixels(data, end + 1, height, width, where)
    if size[1] == b"+":
        pixels = pixels[::-1]
    if size[3] == b"-":
        pixels = pixels[:, ::-1]
    scale = np.where(pixels[..., 3:] > 0, np.ldexp(1.0 / exposure, pixels[..., 3:].astype(np.int32) - 136), 0.0)
    light = (pixels[..., :3] * scale).astype(np.float32)
    if not np.isfinite(light).all():
        raise ConfigurationError("finite light", came="infinite values", where=where)
    return light


def _positive(words: bytes, where: str) -> float:
    try:
        value = float(words)
    except ValueError:
        value = 0.0
    if not 0.0 < value < float("inf"):
        raise ConfigurationError("an exposure above 0", came=repr(words[:40]), where=where)
    return value


def _pixels(data: bytes, at: int, height: int, width: int, where: str) -> np.ndarray:
    """(H, W, 4) uint8 red, green, blue, exponent."""
    pixels = np.zeros((height, width, 4), dtype=np.uint8)
    try:
        for row in range(height):
            if 8 <= width < 32_768 and data[at:at + 3] == bytes((2, 2, width >> 8)) and data[at + 3] == width & 255:
                at = _planes(data, at + 4, pixels[row])
            else:
                at = _plain(data, at, pixels[row])
    except (IndexError, ValueError):
        raise ConfigurationError("a whole file", came=f"{len(data)} bytes end or break in row {row} of {height}",
                                 where=where) from None
    return pixels


def _planes(data: bytes, at: int, row: np.ndarray) -> int:
    """One row whose four channels are packed one after the other; returns where the next begins."""
    for channel in range(4):
        column = 0
        while column < len(row):
            count = data[at]
            if count > 128:
                count -= 128
                value, step = data[at + 1], 2
                if column + count > len(row):
                    raise ValueError
                row[column:column + count, channel] = value
            else:
                if count == 0 or column + count > len(row):
                    raise ValueError
                row[column:column + count, channel] = np.frombuffer(data, np.uint8, count, at + 1)
                step = 1 + count
            column, at = column + count, at + step
    return at


def _plain(data: bytes, at: int, row: np.ndarray) -> int:
    """One row of pixels as they are, where 1, 1, 1, n repeats the last one, n of several in a row by powers of 256."""
    column, shift = 0, 0
    while column < len(row):
        pixel = np.frombuffer(data, np.uint8, 4, at)
        at += 4
        if tuple(pixel[:3]) == (1, 1, 1):
            count = int(pixel[3]) << shift
            if column == 0 or column + count > len(row):
                raise ValueError
            row[column:column + count] = row[column - 1]
            column, shift = column + count, shift + 8
        else:
            row[column] = pixel
            column, shift = column + 1, 0
    return at
