"""Seen texels: which texels of a page show surface that anyone outside sees, and which stand in for the others (ours).

ShapeCraft, step 5, optimises externally visible surface only: what is never seen has no colour of its own. Seeing is
measured on the atlas; a finer page takes it over, and measures only where its texels stand for other surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shapecraft.atlas import Atlas
from shapecraft.seen_surface import nearest_seen, seen_points


def seen_texels(atlas: Atlas) -> np.ndarray:
    """(S, S) bool: texels of surface that anyone outside can see, see `seen_points`; False where no part is."""
    seen = np.zeros(atlas.part.size, dtype=bool)
    at = atlas.texels
    seen[at] = seen_points(atlas.mesh, atlas.position.reshape(-1, 3)[at], atlas.part.reshape(-1)[at].astype(np.int64),
                           atlas.normal.reshape(-1, 3)[at])
    return seen.reshape(atlas.part.shape)


@dataclass(frozen=True, eq=False)
class FinePage:
    """A page of `step` times an atlas's texels along each side, and what is seen on it; P texels, as `Atlas.texels`.

    part : (P,) int64; position : (P, 3) float64; seen : (P,) bool; below : (P,) int64 the atlas's texel around each
    plain : (P,) bool: lies within its chart, as the atlas's texel around it does; the others were measured themselves
    """

    coarse: Atlas
    fine: Atlas
    part: np.ndarray
    position: np.ndarray
    below: np.ndarray
    plain: np.ndarray
    seen: np.ndarray

    @classmethod
    def of(cls, atlas: Atlas, seen: np.ndarray, step: int) -> FinePage:
        """seen : (S, S) bool of the atlas"""
        fine = atlas.at_size(atlas.size * step)
        at = fine.texels
        part, position = fine.part.reshape(-1)[at].astype(np.int64), fine.position.reshape(-1, 3)[at].astype(np.float64)
        below = at // fine.size // step * atlas.size + at % fine.size // step
        known = seen.reshape(-1)[below]
        plain = np.ones(len(at), dtype=bool)
        if step > 1:
            plain = fine.inside.reshape(-1)[at] & atlas.inside.reshape(-1)[below] & (
                atlas.part.reshape(-1)[below] == part)
            lone = np.flatnonzero(~plain)
            # Where all of the page is said to be seen, so is what was not measured.
            known[lone] = True if seen[atlas.part >= 0].all() else seen_points(
                atlas.mesh, position[lone], part[lone], fine.normal.reshape(-1, 3)[at[lone]])
        return cls(atlas, fine, part, position, below, plain, known)

    @property
    def step(self) -> int:
        return self.fine.size // self.coarse.size

    @property
    def hidden(self) -> tuple[int, ...]:
        """Parts without a seen texel, be it of a rim: a thin part may have no others."""
        return tuple(int(one) for one in np.setdiff1d(self.part, self.part[self.seen]))

    def nearest(self, which: np.ndarray) -> np.ndarray:
        """(Q,) for unseen texels `which` (Q,) of parts that are not hidden: the seen texel nearest on the surface.

        Sought among the atlas's texels, of which there are fewer, and then among the finer ones within the one found.
        Parts that are seen at their rims alone take from those.
        """
        wide = np.isin(self.part[which], self.part[self.plain & self.seen])
        found = np.empty(len(which), dtype=np.int64)
        found[wide] = self._nearest_plain(which[wide])
        thin = which[~wide]
        at = np.concatenate([thin, np.flatnonzero(self.seen & np.isin(self.part, self.part[thin]))])
        found[~wide] = at[nearest_seen(self.position[at], self.part[at], self.seen[at])[:len(thin)]]
        return found

    def _nearest_plain(self, which: np.ndarray) -> np.ndarray:
        """(Q,) as `nearest`, for parts with a seen texel within their charts"""
        from scipy.spatial import cKDTree

        shown = np.flatnonzero(self.plain & self.seen)
        homes, first = np.unique(self.below[shown], return_index=True)
        home_part, where = self.part[shown[first]], self.coarse.position.reshape(-1, 3)
        plain = self.plain[which]
        under, index = np.unique(self.below[which[plain]], return_inverse=True)
        lone = which[~plain]
        targets = np.concatenate([where[under], self.position[lone]])
        target_part = np.concatenate([self.coarse.part.reshape(-1)[under].astype(np.int64), self.part[lone]])
        found = np.zeros(len(targets), dtype=np.int64)
        for part in np.unique(target_part):
            own, there = np.flatnonzero(target_part == part), np.flatnonzero(home_part == part)
            found[own] = homes[there[cKDTree(where[homes[there]]).query(targets[own])[1]]]
        home = np.empty(len(which), dtype=np.int64)
        home[plain], home[~plain] = found[:len(under)][index.reshape(-1)], found[len(under):]
        return self._finest(which, home)

    def _finest(self, which: np.ndarray, home: np.ndarray) -> np.ndarray:
        """(Q,) the nearest seen texel among those within one of the atlas's, `home` (Q,)."""
        place = np.full(self.fine.size**2, -1, dtype=np.int64)
        place[self.fine.texels] = np.arange(len(self.part))
        best, least = np.full(len(which), -1, dtype=np.int64), np.full(len(which), np.inf)
        row, column = home // self.coarse.size * self.step, home % self.coarse.size * self.step
        for down in range(self.step):
            for across in range(self.step):
                one = place[(row + down) * self.fine.size + column + across]
                far = np.linalg.norm(self.position[one] - self.position[which], axis=1)
                fit = (one >= 0) & self.plain[one] & self.seen[one] & (self.part[one] == self.part[which])
                better = fit & (far < least)
                best[better], least[better] = one[better], far[better]
        return best
