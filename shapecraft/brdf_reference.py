"""BRDF reference: the light that goes to the eye by counting random rays; slow, plain, defines `shapecraft.brdf`.

numpy alone, no table of `shapecraft.lobes`: what the gloss leaves to the matt base is counted with rays too.
"""

from __future__ import annotations

import numpy as np

from shapecraft.brdf import DIELECTRIC, Material
from shapecraft.environments import Environment, look_up
from shapecraft.lobes import FLOOR


def shade(
    environment: Environment, normal: np.ndarray, view: np.ndarray, material: Material, *, rays: int = 4096,
    seed: int = 0
) -> np.ndarray:
    """(P, 3) float64 linear light. normal, view : (P, 3) unit vectors, normal . view > 0; material in numpy"""
    count = len(normal)
    albedo = np.broadcast_to(np.asarray(material.albedo, dtype=np.float64), (count, 3))
    roughness = np.broadcast_to(np.asarray(material.roughness, dtype=np.float64), (count,))
    metalness = np.broadcast_to(np.asarray(material.metalness, dtype=np.float64), (count,))
    result = np.empty((count, 3))
    for one in range(count):
        generator = np.random.default_rng((seed, one))
        result[one] = _pixel(environment.light, normal[one], view[one], albedo[one], max(roughness[one], FLOOR),
                             metalness[one], rays, generator)
    return result


def reflectance(cosine: float, roughness: float, f0: float, *, rays: int = 65_536, seed: int = 0) -> float:
    """Share of white light that the gloss sends to an eye at this cosine to the normal."""
    view = np.array([np.sqrt(1 - cosine**2), 0.0, cosine])
    _, weight, schlick = _bounced(view, roughness, rays, np.random.default_rng(seed))
    return float((weight * (f0 + (1 - f0) * schlick)).mean())


def _pixel(
    light: np.ndarray, normal: np.ndarray, view: np.ndarray, albedo: np.ndarray, roughness: float, metalness: float,
    rays: int, generator: np.random.Generator,
) -> np.ndarray:
    helper = np.array([0.0, 0.0, 1.0]) if abs(normal[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    one = np.cross(helper, normal)
    one /= np.linalg.norm(one)
    frame = np.stack([one, np.cross(normal, one), normal])
    f0 = DIELECTRIC * (1 - metalness) + albedo * metalness
    towards, weight, schlick = _bounced(frame @ view, roughness, rays, generator)
    fresnel = f0 + (1 - f0) * schlick[:, None]
    gloss = weight[:, None] * fresnel
    u, turn = _pairs(rays, generator)
    matt = np.stack([np.sqrt(u) * np.cos(turn), np.sqrt(u) * np.sin(turn), np.sqrt(1 - u)], axis=-1)
    base = albedo * (1 - metalness) * (1 - gloss.mean(axis=0))
    return ((gloss * look_up(light, towards @ frame)).mean(axis=0)
            + base * look_up(light, matt @ frame).mean(axis=0))


def _bounced(
    view: np.ndarray, roughness: float, rays: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rays that leave mirrors which lie as GGX has them: directions (N, 3), weights, Schlick's (1 - v.h)^5.

    A direction comes with the density D(h) n.h / (4 v.h); the BRDF times n.l is D F G / (4 n.v). Their ratio is
    F G v.h / (n.v n.h): weights are that without F, 0 below the surface.
    """
    alpha2 = roughness**4
    u, turn = _pairs(rays, generator)
    height = np.sqrt((1 - u) / (1 + (alpha2 - 1) * u))
    across = np.sqrt(np.maximum(1 - height**2, 0.0))
    half = np.stack([across * np.cos(turn), across * np.sin(turn), height], axis=-1)
    facing = half @ view
    light = 2 * facing[:, None] * half - view
    lit = (facing > 0) & (light[:, 2] > 0)

    def smith(cosine: np.ndarray) -> np.ndarray:
        return 2 * cosine / (cosine + np.sqrt(alpha2 + (1 - alpha2) * cosine**2))

    seen = smith(np.maximum(light[:, 2], 1e-9)) * smith(view[2])
    return light, np.where(lit, seen * facing / (view[2] * height), 0.0), (1 - np.clip(facing, 0, 1)) ** 5


def _pairs(rays: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two numbers a ray, in [0, 1) and [0, 2 pi): one ray in each of `rays` equal boxes, as square as can be."""
    rows = max(1, int(np.sqrt(rays)))
    columns = rays // rows
    one, other = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    u = (one.reshape(-1) + generator.random(rows * columns)) / rows
    turn = (other.reshape(-1) + generator.random(rows * columns)) / columns
    return u, turn * 2 * np.pi
