"""Snapshots: a run folder as it is now, every table read once (ours; for what shows a run of thousands of rows)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from easel.jsonl import DamagedFile, read
from easel.runs import RunStore


class Snapshot(RunStore):
    """A run to look at, whose tables are read from disk when first asked for and kept.

    Rows are handed out as they are kept: whoever changes one changes it for all. What is written to the folder later is
    not seen; open it again for that. Make one with `Snapshot.of`.
    """

    def __init__(self, folder: Path, info: dict[str, Any], lock: int | None = None) -> None:
        super().__init__(folder, info, None)
        self._kept: dict[str, dict[str, dict[str, Any]]] = {}

    @classmethod
    def of(cls, run: RunStore | Path | str) -> Snapshot:
        """Of an open run or a folder; a snapshot is returned as it is.

        Raises ConfigurationError for a folder without a run, DamagedFile for one that cannot be read.
        """
        if isinstance(run, cls):
            return run
        opened = run if isinstance(run, RunStore) else RunStore.read(Path(run))
        return cls(opened.folder, dict(opened.info))

    def keyed(self, table: str) -> dict[str, dict[str, Any]]:
        """The rows by their keys, in order; the same objects at every call."""
        with self._guard:
            if table not in self._kept:
                path = self._path(table)
                try:
                    self._kept[table] = {row["key"]: row["row"] for row in read(path)}
                except KeyError as error:
                    raise DamagedFile("rows with a key", came=f"one without {error}", where=path.name) from error
            return self._kept[table]
