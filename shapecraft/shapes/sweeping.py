"""Sweeping: one profile along a path of straight pieces, with mitred corners and no twist.

The profile's frame is carried from piece to piece by the smallest rotation. At a corner the section lies in the plane
that halves the angle, so that the cross-section of every piece is the profile itself. An end that is cut from an arc of
equal pieces is cut across the arc, and not across its last piece.
"""

import math
from collections.abc import Sequence

from mathutils import Matrix, Vector
from shapes.arguments import Fault
from shapes.skins import Skin, skin

SHARPEST = math.cos(math.radians(150))
MOST_OF_ARC = math.radians(46)
"""Pieces of an arc turn by less (ours): an eighth of a circle at most, more is a polygon that was meant."""


def swept(outline: Sequence[Vector], path: Sequence[Vector], scales: Sequence[float], *, closed: bool,
          step: int = 1) -> Skin:
    """Points and faces.

    scales : one per path point; step : path points per point that the caller wrote, for messages
    """
    total = len(path)
    directions = [(path[(i + 1) % total] - path[i]).normalized() for i in range(total if closed else total - 1)]
    for i in range(0 if closed else 1, len(directions)):
        if directions[i - 1].dot(directions[i]) < SHARPEST:
            raise Fault(f"path must not turn by more than 150 degrees, it does at point {i // step}; add points there")
    rings = []
    right, up = _frame(directions[0])
    rolls = _rolls(path, directions, right) if closed else [0.0] * total
    for i in range(total):
        before = directions[i - 1] if closed or i > 0 else directions[0]
        behind = directions[i] if i < len(directions) else directions[-1]
        if i > 0:
            turn = before.rotation_difference(behind)
            right, up = turn @ right, turn @ up
        spin = Matrix.Rotation(rolls[i], 3, behind)
        mitre = before + behind
        if not closed and i in (0, total - 1):
            mitre = _arc_end(path if i == 0 else path[::-1], behind)
        ring = []
        for a, b in outline:
            offset = spin @ ((right * a + up * b) * scales[i])
            ring.append(path[i] + offset - behind * (offset.dot(mitre) / behind.dot(mitre)))
        rings.append(ring)
    for i, direction in enumerate(directions):
        after = rings[(i + 1) % total]
        if any((b - a).dot(direction) <= 0 for a, b in zip(rings[i], after, strict=True)):
            raise Fault(f"path bends too tightly for this width behind its point {i // step}; "
                        "make the section thinner or the bend wider")
    return skin(rings, along=closed)


def _arc_end(path: Sequence[Vector], direction: Vector) -> Vector:
    """Normal of the cut at the first point: the direction of the first piece, or the tangent of the arc it begins."""
    if len(path) < 4:
        return direction
    pieces = [path[i + 1] - path[i] for i in range(3)]
    first, second, third = (piece.normalized() for piece in pieces)
    turn, then, length = first.angle(second), second.angle(third), pieces[0].length
    even = all(abs(piece.length - length) < 1e-3 * length for piece in pieces)
    if not even or not 1e-3 < turn < MOST_OF_ARC or abs(then - turn) > 1e-2 * turn:
        return direction
    middle = (first + second).normalized()
    return 2 * first.dot(middle) * first - middle


def _frame(direction: Vector) -> tuple[Vector, Vector]:
    """(to the right seen from above, up); (x, y) on a vertical path."""
    right = direction.cross(Vector((0, 0, 1)))
    if right.length > 1e-3:
        right.normalize()
        return right, right.cross(direction)
    right = Vector((1, 0, 0))
    right = (right - direction * right.dot(direction)).normalized()
    up = direction.cross(right)
    return right, up if up.y > 0 else -up


def _rolls(path: Sequence[Vector], directions: Sequence[Vector], right: Vector) -> list[float]:
    """What the frame has turned by when it comes back to its start, taken back evenly along a closed path."""
    carried = right
    for before, behind in zip(directions, [*directions[1:], directions[0]], strict=True):
        carried = before.rotation_difference(behind) @ carried
    missing = math.atan2(carried.cross(right).dot(directions[0]), carried.dot(right))
    lengths = [(path[(i + 1) % len(path)] - path[i]).length for i in range(len(path))]
    whole = sum(lengths)
    return [missing * sum(lengths[:i]) / whole for i in range(len(path))]
