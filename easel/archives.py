"""Archives: zip files with the same bytes for the same contents, and read as if a stranger had made them (ours).

Nothing is ever unpacked to disk here: what a zip calls its files stays a key of a mapping.
"""

from __future__ import annotations

import hashlib
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from easel.errors import ConfigurationError
from easel.jsonl import write_whole

SUMS = "SHA256SUMS"
MOST_BYTES = 1 << 30
"""Largest sum of declared sizes that is read (ours): a practice of 1,000 rollouts packs to about a thirtieth."""
MOST_FILES = 100_000
"""Most entries (ours)."""
_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say: the clock has no part in the bytes
_DRIVE = re.compile(r"[A-Za-z]:")


def write_zip(file: Path, contents: Mapping[str, bytes]) -> Path:
    """Write the contents and their SHA256SUMS, sorted by name: the same bytes for the same contents and zlib.

    Raises ConfigurationError for a name that `read_zip` would refuse.
    """
    whole = {**contents, SUMS: sums_of(contents).encode()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(whole):
            _check_name(name, Path(file).name)
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, whole[name])
    write_whole(Path(file), buffer.getvalue())
    return Path(file)


def sums_of(contents: Mapping[str, bytes]) -> str:
    """Lines as `sha256sum` writes and checks them, sorted by name."""
    return "".join(f"{hashlib.sha256(contents[name]).hexdigest()}  {name}\n" for name in sorted(contents))


def read_zip(file: Path, *, most_bytes: int = MOST_BYTES, most_files: int = MOST_FILES) -> dict[str, bytes]:
    """Name -> bytes of every file in a zip.

    Raises ConfigurationError, before anything is unpacked, for names that lead out of a folder, links, names that stand
    twice, encryption, and declared sizes above `most_bytes`; and for what is no zip, is cut off, or has a damaged file,
    which is named.
    """
    place = Path(file).name
    try:
        archive = zipfile.ZipFile(file)
    except FileNotFoundError:
        raise ConfigurationError("a zip file", came="none", where=place) from None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ConfigurationError("a whole zip file", came=str(error), where=place,
                                 mend="It is cut off or no zip; get it again.") from error
    with archive:
        entries = archive.infolist()
        _check_entries(entries, place, most_bytes, most_files)
        return {entry.filename: _read(archive, entry, place) for entry in entries if not entry.is_dir()}


def check_sums(contents: Mapping[str, bytes], *, where: str) -> None:
    """Compare every file with SHA256SUMS. Raises ConfigurationError that names what changed, is missing or is extra."""
    if SUMS not in contents:
        raise ConfigurationError(f"a file {SUMS}", came="none", where=where)
    said: dict[str, str] = {}
    for number, line in enumerate(contents[SUMS].decode("utf-8", "replace").splitlines(), 1):
        digest, parting, name = line.partition("  ")
        if not parting or not re.fullmatch(r"[0-9a-f]{64}", digest) or name in said:
            raise ConfigurationError("lines 'sha256  name', each name once", came=line, where=f"{SUMS} line {number}")
        said[name] = digest
    for name in sorted(said.keys() | (contents.keys() - {SUMS})):
        if name not in contents:
            raise ConfigurationError(f"the file {name}, which {SUMS} lists", came="none", where=where)
        if name not in said:
            raise ConfigurationError(f"files that {SUMS} lists", came=name, where=where)
        if hashlib.sha256(contents[name]).hexdigest() != said[name]:
            raise ConfigurationError(f"the bytes of {name} that {SUMS} was written for", came="others", where=where,
                                     mend="The file was changed or damaged since; get the bundle again.")


def _check_entries(entries: list[zipfile.ZipInfo], place: str, most_bytes: int, most_files: int) -> None:
    if len(entries) > most_files:
        raise ConfigurationError(f"at most {most_files} files", came=str(len(entries)), where=place)
    seen: set[str] = set()
    for entry in entries:
        # What zipfile calls filename is cut at a NUL; the name as written is judged.
        _check_name(entry.orig_filename.removesuffix("/"), place)
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            what = "a link" if kind == stat.S_IFLNK else "a special file"
            raise ConfigurationError("plain files alone", came=f"{what}, {entry.filename!r}", where=place)
        if entry.flag_bits & 1:
            raise ConfigurationError("files without a password", came=entry.filename, where=place)
        if entry.filename in seen:
            raise ConfigurationError("every name once", came=f"{entry.filename} twice", where=place)
        seen.add(entry.filename)
    declared = sum(entry.file_size for entry in entries)
    if declared > most_bytes:
        raise ConfigurationError(f"at most {most_bytes:,} bytes unpacked", came=f"{declared:,} declared", where=place,
                                 mend="If you trust it, raise the limit (most_bytes).")


def _check_name(name: str, place: str) -> None:
    parts = name.split("/")
    if "\\" in name or "\0" in name or _DRIVE.match(name) or any(part in ("", ".", "..") for part in parts):
        raise ConfigurationError("names inside one folder", came=repr(name), where=place,
                                 mend="Absolute names and names with '..' are never unpacked.")


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, place: str) -> bytes:
    try:
        with archive.open(entry) as stream:
            # zipfile stops at the declared size, which was added up, whatever the stream holds.
            return stream.read(entry.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise ConfigurationError(f"a whole file {entry.filename}", came=str(error), where=place,
                                 mend="The file was changed or damaged; get the bundle again.") from error
