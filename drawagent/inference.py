"""Inference: draw a query with a library in the context, best of N by reward (paper: N = 1, temperature 0.3)."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

from drawagent.artist import Artist
from drawagent.experience import Library
from drawagent.queries import Query
from drawagent.reward import Reward
from drawagent.rollout import Candidate, Scored
from easel.crew import Crew


@dataclass(frozen=True)
class Drawing:
    """What inference gave for a query: the drawing chosen and all N draws, by index."""

    query: Query
    epoch: int
    chosen: Scored
    draws: tuple[Scored, ...]


def start(
    artist: Artist, crew: Crew, query: Query, library: Library, *, epoch: int, draws: int, role: str, first: int = 0,
    replica: int = 0,
) -> list[Future[Candidate]]:
    """Begin `draws` draws at the inference temperature.

    first : index of the first one; replica : that of a draw of index 0
    """
    return [
        crew.submit(
            artist.draw, query, library, epoch=epoch, index=first + index, replica=replica + first + index, role=role,
            temperature=artist.settings.inference_temperature,
        )
        for index in range(draws)
    ]


def finish(query: Query, futures: list[Future[Candidate]], reward: Reward, *, epoch: int) -> Drawing:
    """Wait for the draws, score them, choose the best drawn one (ties by index; a failure only when all failed)."""
    scored = reward(query.text, [future.result() for future in futures])
    chosen = max(scored, key=lambda s: (s.candidate.sketch is not None, s.reward, -s.candidate.index))
    return Drawing(query, epoch, chosen, scored)


def infer(
    queries: list[Query] | tuple[Query, ...],
    library: Library,
    *,
    artist: Artist,
    reward: Reward,
    epoch: int = 0,
    role: str = "infer",
    workers: int = 8,
    crew: Crew | None = None,
) -> tuple[Drawing, ...]:
    """Draw every query once with the library; `settings.inference_draws` draws each, side by side."""
    if crew is None:
        with Crew(workers) as own:
            return infer(queries, library, artist=artist, reward=reward, epoch=epoch, role=role, crew=own)
    draws = artist.settings.inference_draws
    begun = [start(artist, crew, q, library, epoch=epoch, draws=draws, role=role) for q in queries]
    return tuple(finish(q, futures, reward, epoch=epoch) for q, futures in zip(queries, begun, strict=True))
