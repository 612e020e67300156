"""Keeping: writes what `explore` tells into a run folder, one kind of row per kind of event."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from shapecraft.graph import to_json
from shapecraft.opinions import Judgement
from shapecraft.remembering import RememberedWall

if TYPE_CHECKING:
    from easel.runs import RunStore
    from shapecraft import events
    from shapecraft.wall import Wall


@dataclass(frozen=True)
class Keeper:
    """Every row stands under a key that is the same when the run is resumed. run : the folder; None keeps nothing"""

    run: RunStore | None = None

    def remembering(self, wall: Wall) -> Wall:
        """The wall over the outcomes that the run holds.

        Once a program runs behind it, it stands in run.json: `walls` has every wall and version of Blender that its
        programs ran behind, of resumed runs too, and `wall` all levels in words.
        """
        run = self.run
        return wall if run is None else RememberedWall(wall, run, used=lambda: _note_wall(run, wall))

    def event(self, event: events.Event) -> None:
        """Write what an event tells, before it is seen."""
        if self.run is None:
            return
        name = type(event).__name__
        getattr(self, _WRITERS[name])(event)

    def _parsed(self, event: events.Parsed) -> None:
        assert event.parsing.graph is not None
        self._write("graph/parsed.json", to_json(event.parsing.graph))
        self._row("parses", "parse", {"prompt": event.prompt, **event.parsing.row(),
                                      "checklist": event.checklist.row()})

    def _parse_failed(self, event: events.ParseFailed) -> None:
        self._row("parses", "parse", {"prompt": event.prompt, **event.parsing.row(), "checklist": None})

    def _bootstrapped(self, event: events.Bootstrapped) -> None:
        self._picture(f"sheets/volumes{event.round}.png", event.judgement)
        self._write(f"graph/round{event.round}.json", to_json(event.after))
        self._row("bootstraps", f"n{event.round}", {
            "round": event.round, "before": event.before.key, "after": event.after.key,
            "judgement": event.judgement.row(), "update": event.update.row(), "changed": list(event.diff.touched),
            **({} if event.checklist is None else {"checklist": event.checklist.row()}),
        })

    def _attempt(self, event: events.AttemptFinished) -> None:
        attempt = event.attempt
        if attempt.judgement is not None:
            place = f"m{attempt.m}_t{attempt.t}_r{attempt.repair}"
            self._picture(f"sheets/{attempt.component}/{place}.png", attempt.judgement)
        self._row("attempts", attempt.id, attempt.row())

    def _component(self, event: events.ComponentFinished) -> None:
        chosen = event.chosen
        self._row("components", event.component, {
            "component": event.component, "attempts": len(event.attempts), "chosen": chosen.id if chosen else "",
            "score": chosen.score if chosen else None, "program_key": chosen.program_key if chosen else "",
            "replies": sum(len(one.reply_keys) + len(one.judgement.reply_keys if one.judgement else ())
                           for one in event.attempts),
        })

    def _assembled(self, event: events.Assembled) -> None:
        made = event.assembly
        if made is not None:
            self._write(f"assembly/look{event.look}.glb", made.glb)
            self._write(f"assembly/look{event.look}.py", made.program)
        self._row("assemblies", f"look{event.look}", {"look": event.look, **(made.row() if made else {"graph": None})})

    def _looked(self, event: events.GlobalLooked) -> None:
        self._picture(f"sheets/whole{event.look}.png", event.judgement)
        self._row("looks", f"look{event.look}", {"look": event.look, "kept": event.kept, **event.judgement.row()})

    def _finished(self, event: events.ExploreFinished) -> None:
        if event.graph is not None:
            self._write("graph/final.json", to_json(event.graph))
        if event.assembly is not None:
            self._write("object.glb", event.assembly.glb)
            self._write("object.py", event.assembly.program)
        self._row("explored", "finished", {
            "graph": event.graph.key if event.graph else None, "chosen": [attempt.id for attempt in event.chosen],
            "object": event.assembly.key if event.assembly else "", "failure": event.failure, "reason": event.reason,
            "tally": {**asdict(event.tally), "calls": dict(event.tally.calls)},
        })

    def _picture(self, relative: str, judgement: Judgement) -> None:
        if judgement.png:
            self._write(relative, judgement.png)

    def _write(self, relative: str, data: str | bytes) -> None:
        if self.run is not None:
            self.run.write(relative, data)

    def _row(self, table: str, key: str, row: dict[str, Any]) -> None:
        if self.run is not None:
            self.run.append(table, key, row)


def _note_wall(run: RunStore, wall: Wall) -> None:
    walls = run.info.get("walls", [])
    if not walls and run.info.get("wall"):  # of a folder from before `walls` stood there
        walls = [{"level": run.info["wall"], "blender": ""}]
    used = {"level": wall.level, "blender": str(getattr(wall, "blender", ""))}
    walls = walls if used in walls else [*walls, used]
    run.note(wall=", ".join(dict.fromkeys(one["level"] for one in walls)), walls=walls)


_WRITERS = {
    "Parsed": "_parsed", "ParseFailed": "_parse_failed", "Bootstrapped": "_bootstrapped", "AttemptFinished": "_attempt",
    "ComponentFinished": "_component", "Assembled": "_assembled", "GlobalLooked": "_looked",
    "ExploreFinished": "_finished",
}
