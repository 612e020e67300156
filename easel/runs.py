"""Runs: append-only folders that survive a kill, are resumed by their fingerprint, and open again for reading."""

from __future__ import annotations

import datetime
import fcntl
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, Literal, get_args

from easel.chat import Evidence
from easel.errors import ConfigurationError, EaselError, shorten
from easel.jsonl import DamagedFile, append, canonical, read, write_whole
from easel.recording import ReplyStore
from easel.redaction import redact

Status = Literal["running", "finished", "interrupted", "failed"]
RunEvidence = Evidence | Literal["external"]
"""Where a run's drawings come from: the grade of a model's replies, or files of another method ("external")."""
_NAME = re.compile(r"[^a-z0-9]+")
_TABLE = re.compile(r"[a-z][a-z_]*")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HOMES = (".", "..", "../..")
"""Where a shared home may lie, seen from a run: itself, or what holds it as a sweep does (<sweep>/runs/<run>)."""


class RunDrift(EaselError):
    """A resumed run would write something else than it wrote before."""


class RunBusy(EaselError):
    """Another writer has this run open."""


class RunStore:
    """One run folder.

    folder : its path; info : run.json as read or written last
    home : where calls.jsonl and the replies lie: the folder itself, or that of a sweep whose runs pay for nothing twice
    replies : the reply store there
    Open one with `RunStore.open` (to write) or `RunStore.read`.
    """

    def __init__(self, folder: Path, info: dict[str, Any], lock: int | None) -> None:
        self.folder, self.info = Path(folder), info
        self.home = self.folder / _home(info, self.folder.name)
        self.replies = ReplyStore(self.home / "replies")
        self._lock = lock
        self._guard = threading.RLock()
        self._rows: dict[str, dict[str, str]] = {}
        self._amended = False

    @classmethod
    def open(
        cls, root: Path, name: str, *, fingerprint: str, configuration: Mapping[str, Any], evidence: RunEvidence,
        facts: Mapping[str, Any] | None = None, date: str, home: Path | None = None,
    ) -> RunStore:
        """The run with this fingerprint under `root`, resumed, or a new folder <date>_<name>_<fingerprint[:10]>.

        facts : further entries of run.json (seeds, cards, versions), in which `resumes` counts how often a run was
        opened again; cards that were added since (`amend`) stay beside them; date : ISO date of a new folder
        home : folder of calls and replies that several runs share; kept relative, so that both may be moved together
            it is `root`, or the folder that holds it
        Raises RunBusy while another process, or this one by an earlier opening, writes it, ConfigurationError for a
        key in the configuration, for another grade of evidence under the same fingerprint, for a date that is none, for
        a home elsewhere and for a root that cannot be written to.
        """
        check_date(date, where=f"run {name}")
        configuration, facts = json.loads(canonical(dict(configuration))), _plain(facts or {})
        _check_secrets(configuration, "configuration")
        root, slug = Path(root), _NAME.sub("-", name.lower()).strip("-") or "run"
        shared = {} if home is None else {"home": os.path.relpath(home.resolve(), root.resolve() / "run")}
        _home(shared, name)
        _make_root(root)
        with _locked(root / ".open.lock"):
            ending = f"{slug}_{_NAME.sub('-', fingerprint[:10].lower())}"
            known = [
                path.parent for path in sorted(root.glob(f"*_{ending}/run.json"))
                if _info(path.parent)["fingerprint"] == fingerprint
            ]
            folder = known[0] if known else root / f"{date}_{ending}"
            folder.mkdir(exist_ok=True)
            lock = _take(folder)
            if known:
                info = _info(folder)
                if info["evidence"] != evidence:
                    os.close(lock)
                    raise ConfigurationError(
                        f"evidence '{info['evidence']}', which this run began with", came=repr(evidence),
                        where=folder.name, mend="Put the grade of evidence into the fingerprint, or use another name.",
                    )
                run = cls(folder, info, lock)
                if "cards" in facts:
                    facts["cards"] = {**info.get("cards", {}), **facts["cards"]}
                run.status("running", **{**facts, "resumes": info.get("resumes", 0) + 1})
                return run
            info = {
                "name": name, "date": date, "status": "running", "evidence": evidence, "fingerprint": fingerprint,
                "configuration": configuration, **facts, **shared,
            }
            run = cls(folder, info, lock)
            run._save()
            return run

    @classmethod
    def read(cls, folder: Path) -> RunStore:
        """An existing run, to look at; every writing method refuses."""
        return cls(Path(folder), _info(Path(folder)), None)

    @classmethod
    def amend(cls, folder: Path) -> RunStore:
        """An existing run, to add rows and notes to; its status stays as it is, also after an error.

        Raises RunBusy while somebody writes it, ConfigurationError for a folder that is no run.
        """
        folder = Path(folder)
        _info(folder)
        lock = _take(folder)
        run = cls(folder, _info(folder), lock)  # read again: what stands there now is what the lock protects
        run._amended = True
        return run

    @property
    def writable(self) -> bool:
        return self._lock is not None

    def append(self, table: str, key: str, row: Mapping[str, Any]) -> bool:
        """Add a row once; False when it is there already. Raises RunDrift for another row under the same key."""
        self._check_writable()
        text = canonical({"key": key, "row": dict(row)})
        with self._guard:
            rows = self._table(table)
            if key in rows:
                if rows[key] == text:
                    return False
                raise RunDrift(
                    f"the row '{key}' of {table} as it was written before", came=_first_difference(rows[key], text),
                    where=self.folder.name,
                    mend="Code, data or versions changed since this run began; start a new run.",
                )
            append(self._path(table), text)
            rows[key] = text
            return True

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows in the order in which they were added; [] for a table that does not exist."""
        return list(self.keyed(table).values())

    def keyed(self, table: str) -> dict[str, dict[str, Any]]:
        """The rows by their keys, in order."""
        with self._guard:
            if self._lock is None:
                self._rows.pop(table, None)
            return {key: json.loads(text)["row"] for key, text in self._table(table).items()}

    def write(self, relative: str, data: str | bytes) -> Path:
        """Put a file into the folder, whole or not at all. Raises ConfigurationError for a path that leads out."""
        self._check_writable()
        parts = PurePosixPath(relative)
        if parts.is_absolute() or ".." in parts.parts or not parts.parts or "\\" in relative or "\0" in relative:
            raise ConfigurationError("a path inside the run folder", came=repr(relative))
        path = self.folder / parts
        write_whole(path, data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data, durable=False)
        return path

    def status(self, status: Status, **facts: Any) -> None:
        """Set the status, and entries of run.json beside it; the `reason` of an earlier status goes."""
        self._check_writable()
        if status not in get_args(Status):
            raise ConfigurationError(f"one of {', '.join(get_args(Status))}", came=repr(status))
        facts = _plain(facts)
        with self._guard:
            earlier = {name: value for name, value in self.info.items() if name != "reason"}
            self.info = {**earlier, **facts, "status": status}
            self._save()

    def note(self, **facts: Any) -> None:
        """Set entries of run.json; the status and its reason stay."""
        self._check_writable()
        facts = _plain(facts)
        with self._guard:
            self.info = {**self.info, **facts, "status": self.info["status"]}
            self._save()

    def close(self) -> None:
        """Let others write this run; reading goes on."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> RunStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes; an exception leaves the status `interrupted` (Ctrl-C) or `failed`, with its words."""
        if self.writable and kind is not None and self.info["status"] == "running" and not self._amended:
            interrupted = issubclass(kind, KeyboardInterrupt | GeneratorExit)
            self.status("interrupted" if interrupted else "failed", reason=redact(shorten(f"{kind.__name__}: {error}")))
        self.close()

    def _save(self) -> None:
        text = json.dumps(self.info, indent=1, ensure_ascii=False)
        write_whole(self.folder / "run.json", text.encode("utf-8", "surrogatepass"))

    def _path(self, table: str) -> Path:
        if not _TABLE.fullmatch(table) or table in ("calls", "run"):
            raise ConfigurationError("a table name in lower-case letters", came=repr(table))
        return self.folder / f"{table}.jsonl"

    def _table(self, table: str) -> dict[str, str]:
        path = self._path(table)
        if table not in self._rows:
            try:
                self._rows[table] = {row["key"]: canonical(row) for row in read(path)}
            except KeyError as error:
                raise DamagedFile("rows with a key", came=f"one without {error}", where=path.name) from error
        return self._rows[table]

    def _check_writable(self) -> None:
        if self._lock is None:
            raise RunBusy("a run opened for writing", came="one opened for reading, or closed", where=self.folder.name)


def check_date(date: str, *, where: str) -> None:
    """Refuse what is no ISO date (2026-01-31): it becomes part of a folder's name. Raises ConfigurationError."""
    try:
        if _DATE.fullmatch(date):
            datetime.date.fromisoformat(date)
            return
    except ValueError:
        pass
    raise ConfigurationError("a date as 2026-01-31", came=repr(shorten(str(date), 60)), where=where)


def _make_root(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
        (root / ".open.lock").touch()
    except OSError as error:
        raise ConfigurationError("a folder that runs can be kept in", came=f"{root}: {error.strerror or error}",
                                 where="root", mend="Name one that can be written to (--root).") from error


def _home(info: Mapping[str, Any], where: str) -> str:
    """The home that run.json names. Calls and replies are written there, so that a run from somebody else must not
    name any place but one that holds it."""
    home = info.get("home", ".")
    if home not in _HOMES:
        raise ConfigurationError(
            f"a home that holds the run folder: one of {', '.join(_HOMES)}", came=repr(shorten(str(home), 60)),
            where=f"{where}, home", mend="Put the run back into its sweep (<sweep>/runs/<run>), or copy the sweep's "
            "calls.jsonl and replies into the run folder and take `home` out of run.json.",
        )
    return str(home)


def _info(folder: Path) -> dict[str, Any]:
    try:
        info = json.loads((folder / "run.json").read_text("utf-8"))
        missing = {"name", "status", "evidence", "fingerprint", "configuration"} - info.keys()
    except FileNotFoundError:
        raise ConfigurationError("a run folder with a run.json", came="none", where=folder.name) from None
    except (ValueError, AttributeError) as error:
        raise DamagedFile("a run.json that can be read", came=str(error), where=folder.name) from error
    if missing:
        raise DamagedFile("a run.json", came=f"one without {sorted(missing)}", where=folder.name)
    _home(info, folder.name)
    return info


def _take(folder: Path) -> int:
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise RunBusy(
            "a run that nobody else writes", came="one that is being written", where=folder.name,
            mend="If this same process opened it before, close that first: `run.close()`, or `with run:` around it. "
                 "Otherwise wait for the other process, or read the run with RunStore.read.",
        ) from None
    return handle


class _locked:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(self._handle, fcntl.LOCK_EX)

    def __exit__(self, *exception: object) -> None:
        os.close(self._handle)


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    plain = json.loads(canonical(dict(facts)))
    _check_secrets(plain, "facts")
    return plain


def _check_secrets(value: Any, place: str) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            _check_secrets(item, f"{place}.{name}")
    elif isinstance(value, list):
        for item in value:
            _check_secrets(item, place)
    elif isinstance(value, str) and redact(value) != value:
        raise ConfigurationError(
            "no key in what a run keeps", came="one", where=place, mend="Give keys through the environment only.",
        )


def _first_difference(before: str, after: str) -> str:
    old, new = json.loads(before)["row"], json.loads(after)["row"]
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            return f"{name}: {shorten(repr(old.get(name)), 50)} became {shorten(repr(new.get(name)), 50)}"
    return "another order or type"


def provenance(packages: Iterable[str], *, source: Path | None = None) -> dict[str, Any]:
    """Versions and the git commit, as entries of run.json: reproducing starts here.

    packages : distribution names; source : a folder inside the repository, None for this package's own
    """
    versions = {"python": platform.python_version()}
    for package in packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "not installed"
    folder = Path(__file__).parent if source is None else Path(source)
    # An installed copy may lie inside another repository, whose commit would say nothing.
    tracked = _git(folder, "ls-files", "--", ".")
    commit = _git(folder, "rev-parse", "HEAD") if tracked else ""
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no") if commit else ""
    return {"versions": versions, "git_commit": commit, "git_changed": bool(changed)}


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, timeout=10, check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
