"""Foreign drawings: files of any other method, matched to the prompts that they were drawn for (ours).

A folder holds for a prompt `id` one of: `id.png`, `id_1.png`, ... or a folder `id` of PNGs (views, as the method chose
them); the same with SVG; `id.obj` with the material files it names; `id.glb`; `id.json` (`drawagent.export.to_json`).
A prompt without a file is a failed drawing; a file without a prompt is refused.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pydantic import ValidationError

from drawagent.queries import Query, read_queries
from easel.errors import ConfigurationError, shorten

Kind = Literal["png", "svg", "obj", "glb", "json"]
SEVERAL = frozenset({"png", "svg"})
"""Kinds of which several files are several views of one drawing."""
_MATERIALS = re.compile(r"^[ \t]*mtllib[ \t]+(\S.*?)[ \t\r]*$", re.MULTILINE)
_TEXTURES = re.compile(r"^[ \t]*(?:map_\w+|bump|disp|norm|refl)[ \t]+(?:.*[ \t])?(\S+?)[ \t\r]*$", re.MULTILINE)
_NUMBERED = re.compile(r"(.+)_(\d+)")
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Foreign:
    """What the folder holds for one prompt.

    kind : None without a file; files : in the order of the views, empty without a file
    beside : the material files that an OBJ names, which decide its colours
    """

    query: Query
    kind: Kind | None = None
    files: tuple[Path, ...] = ()
    beside: tuple[Path, ...] = ()

    def hashes(self, folder: Path) -> dict[str, str]:
        """Name within the folder -> hex SHA-256, of all that decides the pictures."""
        named = {path.relative_to(folder).as_posix(): path for path in self.files}
        named |= {path.relative_to(folder.resolve()).as_posix(): path for path in self.beside}
        return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in named.items()}


def read_prompts(path: Path) -> tuple[Query, ...]:
    """The report list of a queries YAML, or the rows of a CSV with columns id, text and, if it likes, length.

    Raises ConfigurationError naming file and line.
    """
    path = Path(path)
    if path.suffix.lower() != ".csv":
        queries = read_queries(path).report
        if not queries:
            raise ConfigurationError("a 'report' list", came="none", where=path.name,
                                     mend="What is scored is the report list; or give a CSV with columns id,text.")
        return queries
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError as error:
        raise ConfigurationError("a file of prompts", came="no such file", where=str(path)) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError("a readable CSV in UTF-8", came=shorten(str(error)), where=str(path)) from error
    columns = set(rows[0]) if rows else set()
    if not {"id", "text"} <= columns <= {"id", "text", "length"}:
        raise ConfigurationError("rows under the columns id,text or id,text,length", where=path.name,
                                 came=",".join(str(name) for name in rows[0]) if rows else "no row")
    prompts: dict[str, Query] = {}
    for line, row in enumerate(rows, 2):
        place = f"{path.name} row {line}"
        length = row.get("length") or "short"
        try:
            query = Query.model_validate(
                {"id": row["id"], "text": row["text"], "category": row["id"][:60], "length": length}
            )
        except (ValidationError, TypeError) as error:
            first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": ("id",), "msg": "no value"}
            raise ConfigurationError("a prompt as id,text[,length]", where=place,
                                     came=f"{first['loc'][0]}: {first['msg']}") from error
        if query.id in prompts:
            raise ConfigurationError("every id once", came=f"'{query.id}' twice", where=place)
        prompts[query.id] = query
    return tuple(prompts.values())


def match_files(folder: Path, queries: Sequence[Query], *, but: Path | None = None) -> tuple[Foreign, ...]:
    """One Foreign per query, in order.

    but : a file in the folder that is none of it (the prompts). Names that begin with a dot are passed over.
    A stem that is a prompt's id is that prompt's; else `id_<n>` is view n of `id`, by number, after a bare `id`.
    Raises ConfigurationError for a file of no prompt or of an unknown kind, and for a prompt with files of two kinds.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ConfigurationError("a folder of drawings", came="none", where=str(folder))
    ids = {query.id for query in queries}
    found: dict[str, list[tuple[int, Path]]] = {name: [] for name in ids}
    beside = {path: material_files(path) for path in folder.iterdir() if path.suffix.lower() == ".obj"}
    passed = {one for files in beside.values() for path in files for one in (path, *_named(path, _TEXTURES))}
    passed |= {Path(but).resolve()} if but is not None else set()
    strangers = []
    for path in sorted(folder.iterdir(), key=_natural):
        if path.name.startswith(".") or path.resolve() in passed:
            continue
        owner, place = (path.name, 0) if path.is_dir() else _owner(path.stem, ids)
        inside = path.iterdir() if path.is_dir() else (path,)
        for number, one in enumerate(sorted(inside, key=_natural)):
            if one.name.startswith("."):
                continue
            kind = one.suffix.lower().lstrip(".")
            fits = kind in SEVERAL if path.is_dir() else kind in get_args(Kind)
            if owner in ids and fits and one.is_file():
                found[owner].append((place + number, one))
            else:
                strangers.append(one.relative_to(folder).as_posix())
    if strangers:
        shown = ", ".join(strangers[:5]) + (f" and {len(strangers) - 5} more" if len(strangers) > 5 else "")
        raise ConfigurationError(
            "only files of the prompts: id.png, id_1.png, id/*.png, the same with svg, id.obj, id.glb, id.json",
            came=shown, where=folder.name, mend="Add the prompt, rename the file, or take it away.",
        )
    return tuple(_foreign(query, found[query.id], beside, folder) for query in queries)


def material_files(obj: Path) -> tuple[Path, ...]:
    """The material files that an OBJ names and that lie in its folder, resolved, in order."""
    return _named(obj, _MATERIALS)


def _named(path: Path, pattern: re.Pattern[str]) -> tuple[Path, ...]:
    """Files beside `path` that it names; a name may have spaces, and several may stand in one line."""
    here = path.resolve().parent
    names: dict[Path, None] = {}
    for words in pattern.findall(path.read_text("utf-8", "replace")):
        for name in (words, *words.split()):
            file = (here / name.strip('"').replace("\\", "/")).resolve()
            if file.is_relative_to(here) and file.is_file():
                names[file] = None
    return tuple(names)


def _owner(stem: str, ids: set[str]) -> tuple[str, int]:
    """The prompt that a file's stem names, and the place of the file among its views."""
    numbered = _NUMBERED.fullmatch(stem)
    if stem in ids or numbered is None or numbered[1] not in ids:
        return stem, -1
    return numbered[1], int(numbered[2])


def _foreign(
    query: Query, found: list[tuple[int, Path]], beside: Mapping[Path, tuple[Path, ...]], folder: Path
) -> Foreign:
    kinds = sorted({path.suffix.lower().lstrip(".") for _, path in found})
    single = [kind for kind in kinds if kind not in SEVERAL]
    if len(kinds) > 1 or (single and len(found) > 1):
        raise ConfigurationError(
            "files of one kind for a prompt, and a single one but for png and svg", where=f"prompt '{query.id}'",
            came=", ".join(path.relative_to(folder).as_posix() for _, path in found),
        )
    if not found:
        return Foreign(query)
    kind = next(kind for kind in get_args(Kind) if kind == kinds[0])
    files = tuple(path for _, path in sorted(found, key=lambda one: (one[0], _natural(one[1]))))
    return Foreign(query, kind, files, beside.get(files[0], ()))


def _natural(path: Path) -> list[tuple[int, str]]:
    """Numbers in names by value: view2 before view10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in _DIGITS.split(path.name)]
