"""Recording: replies kept by the identity of their request, asked for once, and replayed without a provider."""

from __future__ import annotations

import difflib
import fcntl
import gzip
import json
import os
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from easel.chat import (
    FAILURES,
    CallSite,
    Cancelled,
    ChatFailure,
    ChatModel,
    ChatReply,
    ChatRequest,
    Evidence,
    Usage,
)
from easel.errors import ConfigurationError, EaselError, shorten
from easel.jsonl import DamagedFile, canonical, write_whole

_KINDS = {kind.kind: kind for kind in FAILURES}


class RecordMissing(EaselError, LookupError):
    """A replay was asked for something that was not recorded."""


@dataclass(frozen=True)
class StoredReply:
    """One settled call.

    key : of the request; identity : what the key is the hash of, with all texts; site : where it was made
    reply : None for a call that failed; failure, reason : kind of the failure and its message ("" without one)
    model : label that the request carried; date : ISO date of the reply
    also : other sites that asked the same and were answered from the record (replay by site needs them)
    """

    key: str
    identity: dict[str, Any]
    site: CallSite
    reply: ChatReply | None
    usage: Usage
    model: str
    date: str
    failure: str = ""
    reason: str = ""
    also: tuple[CallSite, ...] = ()

    @property
    def sites(self) -> tuple[CallSite, ...]:
        """Every site that this reply answered, the one that paid first."""
        return (self.site, *self.also)

    @property
    def replica(self) -> int:
        return int(self.identity["replica"])

    def give(self, evidence: Evidence | None = None) -> ChatReply:
        """The reply, under another grade of evidence if one is given; raises the failure that was recorded."""
        if self.reply is None:
            failure = _KINDS[self.failure]("", usage=self.usage, sent=False)
            failure.args = (self.reason,)
            raise failure
        return self.reply if evidence is None else replace(self.reply, evidence=evidence)

    def to_json(self) -> dict[str, Any]:
        reply = None if self.reply is None else {
            "text": self.reply.text, "model": self.reply.model, "not_applied": list(self.reply.not_applied),
            "evidence": self.reply.evidence,
        }
        return {
            "key": self.key, "identity": self.identity, "site": asdict(self.site), "reply": reply,
            "usage": asdict(self.usage), "model": self.model, "date": self.date, "failure": self.failure,
            "reason": self.reason, "also": [asdict(site) for site in self.also],
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> StoredReply:
        usage, kept = Usage(**row["usage"]), row["reply"]
        reply = None if kept is None else ChatReply(
            kept["text"], kept["model"], usage, tuple(kept["not_applied"]), kept["evidence"]
        )
        if reply is None and row["failure"] not in _KINDS:
            raise ValueError(f"unknown failure {row['failure']!r}")
        return cls(
            row["key"], row["identity"], CallSite(**row["site"]), reply, usage, row["model"], row["date"],
            row["failure"], row["reason"], tuple(CallSite(**site) for site in row.get("also", ())),
        )


class Replies(Protocol):
    """Where stored replies are looked up."""

    def get(self, key: str) -> StoredReply | None: ...

    def __iter__(self) -> Iterator[StoredReply]: ...


class ReplyStore:
    """A folder with one JSON file per reply. Safe from many threads and processes.

    clock : seconds since the epoch, for the date
    """

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.folder = Path(folder)
        self._clock = clock

    def get(self, key: str) -> StoredReply | None:
        """The stored reply, or None. Raises DamagedFile for a file that was edited badly."""
        return self._read(self.folder / f"{key}.json")

    def put(self, request: ChatRequest, outcome: ChatReply | ChatFailure) -> StoredReply:
        """Keep a reply, or a failure of this one call, for good. What is kept already stays."""
        known = self.get(request.key)
        if known is not None:
            return known
        date = time.strftime("%Y-%m-%d", time.gmtime(self._clock()))
        failure = outcome if isinstance(outcome, ChatFailure) else None
        reply = outcome if isinstance(outcome, ChatReply) else None
        stored = StoredReply(
            request.key, request.identity(), request.site, reply, outcome.usage, request.model,
            date, failure.kind if failure else "", str(failure) if failure else "",
        )
        self._write(stored)
        return stored

    def copy(self, stored: StoredReply, site: CallSite) -> StoredReply:
        """Keep a reply of another store as it is, but for the site: the one that asks for it here."""
        copied = replace(stored, site=site, also=())
        self._write(copied)
        return copied

    def also(self, key: str, site: CallSite) -> None:
        """Note that a reply answered another site too."""
        with self.lock(key):
            stored = self.get(key)
            if stored is not None and site not in stored.sites:
                self._write(replace(stored, also=tuple(sorted((*stored.also, site), key=str))))

    def _write(self, stored: StoredReply) -> None:
        text = json.dumps(stored.to_json(), ensure_ascii=False, indent=1, sort_keys=True)
        write_whole(self.folder / f"{stored.key}.json", text.encode("utf-8", "surrogatepass"))

    def __iter__(self) -> Iterator[StoredReply]:
        for path in sorted(self.folder.glob("*.json")):
            stored = self._read(path)
            if stored is not None:
                yield stored

    @contextmanager
    def lock(self, key: str, *, stop: threading.Event | None = None) -> Iterator[None]:
        """Hold the right to ask for `key`, among all threads and processes; a dead process cannot keep it.

        Raises Cancelled when `stop` is set while waiting.
        """
        folder = self.folder / ".locks"
        folder.mkdir(parents=True, exist_ok=True)
        path, pause = folder / key, 0.005
        while True:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _same(handle, path):
                    break
            except BlockingIOError:
                pass
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)
            if stop is not None and stop.is_set():
                raise Cancelled("to go on", came="a request to stop", sent=False)
            time.sleep(pause)
            pause = min(0.25, 1.5 * pause)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            os.close(handle)

    def _read(self, path: Path) -> StoredReply | None:
        try:
            return StoredReply.from_json(json.loads(path.read_bytes().decode("utf-8", "surrogatepass")))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise DamagedFile(
                "a stored reply", came=str(error), where=path.name, mend="Remove the file to ask again."
            ) from error


def _same(handle: int, path: Path) -> bool:
    """Whether the locked file is still the one that others will find (a holder removes it when it is done)."""
    try:
        return os.fstat(handle).st_ino == os.stat(path).st_ino
    except FileNotFoundError:
        return False


class PackedReplies:
    """Replies in one gzipped file of JSON lines, as `pack` wrote it."""

    def __init__(self, file: Path) -> None:
        try:
            with gzip.open(file, "rt", encoding="utf-8", errors="surrogatepass") as lines:
                rows = [StoredReply.from_json(json.loads(line)) for line in lines]
        except FileNotFoundError:
            raise ConfigurationError("a file of packed replies", came="none", where=Path(file).name) from None
        except (OSError, ValueError, KeyError, TypeError, EOFError, zlib.error) as error:
            raise DamagedFile("a file of packed replies", came=str(error), where=Path(file).name) from error
        self._replies = {stored.key: stored for stored in rows}

    def get(self, key: str) -> StoredReply | None:
        return self._replies.get(key)

    def __iter__(self) -> Iterator[StoredReply]:
        return iter(self._replies.values())


def pack(replies: Path | Iterable[StoredReply], file: Path) -> int:
    """Write replies (or all of a folder) into one file, the same bytes for the same replies; the number of them."""
    store = ReplyStore(replies) if isinstance(replies, Path) else replies
    lines = [canonical(stored.to_json()) + "\n" for stored in store]
    data = gzip.compress("".join(lines).encode("utf-8", "surrogatepass"), compresslevel=9, mtime=0)
    # The tenth byte names the system that compressed; 255 is "unknown", so that every system writes the same.
    write_whole(Path(file), data[:9] + b"\xff" + data[10:])
    return len(lines)


class Recorded:
    """A model whose settled calls are kept, and answered from the store from then on.

    Failures of one call (`easel.chat.FAILURES`) are kept too: a resumed run must meet them again.

    elsewhere : further records, read only and in this order, of runs with which this one shares its past. What is found
        there is copied into the own store: no request leaves, nothing is paid and no ledger has a row of it
    """

    evidence: Evidence

    def __init__(
        self, model: ChatModel, store: ReplyStore, *, stop: threading.Event | None = None,
        elsewhere: Sequence[Replies] = (),
    ) -> None:
        self.name, self.evidence, self.sees_images = model.name, model.evidence, model.sees_images
        self.store, self._model, self._stop, self._elsewhere = store, model, stop, tuple(elsewhere)

    def reply(self, request: ChatRequest) -> ChatReply:
        stored = self.store.get(request.key)
        if stored is None:
            with self.store.lock(request.key, stop=self._stop):
                stored = self.store.get(request.key) or self._shared(request)
                if stored is None:
                    try:
                        outcome: ChatReply | ChatFailure = self._model.reply(request)
                    except FAILURES as failure:
                        outcome = failure
                    stored = self.store.put(request, outcome)
        if request.site not in stored.sites:
            self.store.also(request.key, request.site)
        return stored.give()

    def _shared(self, request: ChatRequest) -> StoredReply | None:
        found = next((one for replies in self._elsewhere if (one := replies.get(request.key)) is not None), None)
        return None if found is None else self.store.copy(found, request.site)


class Replay:
    """Answers from a record, without a provider.

    source : a store, a pack, or the path of either
    by_site : where a prompt has changed since, answer by call site and replica; `drifted` counts how often
    name : model label that requests carry; needed only when the record holds several
    alike : text of an identity without what may differ between machines (the last digits of a camera that was fitted
        to a mesh); a request whose key is unknown is answered by the reply to one that is alike
    misses, drifted : calls without an answer; calls answered by their site alone; likened : by likeness
    """

    sees_images = True

    def __init__(
        self, source: Replies | Path | str, *, by_site: bool = False, name: str | None = None,
        alike: Callable[[dict[str, Any]], str] | None = None,
    ) -> None:
        if isinstance(source, Path | str):
            path = Path(source)
            source = ReplyStore(path) if path.is_dir() else PackedReplies(path)
        self._replies = {stored.key: stored for stored in source}
        labels = sorted({stored.model for stored in self._replies.values()})
        if name is None and len(labels) != 1:
            raise ConfigurationError(
                "a record of one model",
                came=f"{len(labels)} models: {', '.join(labels)}" if labels else "an empty one",
                mend="Say which with name=." if labels else "Look whether the path is right.",
            )
        self.name = name or labels[0]
        grades = {stored.reply.evidence for stored in self._replies.values() if stored.reply is not None}
        self.evidence: Evidence = "stand-in" if "stand-in" in grades else "recorded"
        self.by_site = by_site
        self.misses = self.drifted = self.likened = 0
        self._lock = threading.Lock()
        self._sites: dict[tuple[str, int], list[StoredReply]] = {}
        for stored in sorted(self._replies.values(), key=lambda one: one.key):
            for site in stored.sites:
                self._sites.setdefault((str(site), stored.replica), []).append(stored)
        self._likeness = alike
        self._alike = {alike(one.identity): one for one in self._replies.values()} if alike is not None else {}

    def reply(self, request: ChatRequest) -> ChatReply:
        """The recorded reply. Raises RecordMissing, naming the nearest request and what differs."""
        stored = self._replies.get(request.key)
        if stored is None and self._likeness is not None:
            stored = self._alike.get(self._likeness(request.identity()))
            with self._lock:
                self.likened += stored is not None
        if stored is None and self.by_site:
            there = self._sites.get((str(request.site), request.replica), [])
            stored = _nearest(request, there)
            if stored is not None:
                with self._lock:
                    self.drifted += 1
        if stored is None:
            with self._lock:
                self.misses += 1
            raise self._missing(request)
        return stored.give(self.evidence)

    def _missing(self, request: ChatRequest) -> RecordMissing:
        there = [one for one in self._replies.values() if request.site in one.sites]
        near = _nearest(request, there) or _nearest(request, list(self._replies.values()))
        if near is None:
            return RecordMissing("a recorded reply", came="an empty record", where=str(request.site))
        mend = "" if self.by_site else " Replay by call site (by_site=True) to go on with changed prompts."
        return RecordMissing(
            "a recorded reply", came="a request that was not recorded", where=str(request.site),
            mend=f"The nearest is {near.site} ({near.key[:10]}); "
                 f"{differences(near.identity, request.identity())}.{mend}",
        )


def _nearest(request: ChatRequest, stored: list[StoredReply]) -> StoredReply | None:
    """The one with the most similar text; same replica first, ties by key."""
    if len(stored) <= 1:
        return stored[0] if stored else None
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(_lines(request.identity()))

    def likeness(one: StoredReply) -> tuple[float, bool, str]:
        matcher.set_seq1(_lines(one.identity))
        return (-matcher.ratio(), one.replica != request.replica, one.key)

    return min(stored, key=likeness)


def _lines(identity: dict[str, Any]) -> list[str]:
    lines = []
    for message in identity["messages"]:
        lines.append(f"--- {message['role']} ---")
        for part in message["parts"]:
            lines.extend(part["text"].splitlines() if "text" in part else [f"[image {part['image']}]"])
    return lines


def differences(recorded: dict[str, Any], asked: dict[str, Any]) -> str:
    """What differs between two identities, in one line."""
    found = [
        f"{name} was {recorded[name]!r} and is {asked[name]!r}"
        for name in ("model", "replica") if recorded[name] != asked[name]
    ]
    old, new = recorded["sampling"], asked["sampling"]
    found += [
        f"{name} was {old.get(name)} and is {new.get(name)}"
        for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)
    ]
    diff = [
        line for line in difflib.unified_diff(_lines(recorded), _lines(asked), lineterm="", n=0)
        if line[:2] not in ("--", "++", "@@")
    ]
    if diff:
        found.append(f"{len(diff)} lines of the prompt differ, the first: {shorten(diff[0], 100)}")
    return "; ".join(found) or "nothing differs but the parting of messages"
