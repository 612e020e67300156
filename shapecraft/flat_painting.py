"""Flat painting: one flat PBR material a component, from its words, at once and without a model (ours: Tier 0).

It is what an object has before, and instead of, texture by distillation; baked by the same code.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from easel.errors import ConfigurationError
from shapecraft.brdf import Material
from shapecraft.lobes import FLOOR
from shapecraft.materials import FlatMaterial
from shapecraft.mesh import ObjectMesh
from shapecraft.palette import flat_material

_WORD = re.compile(r"[a-z]+")
_FURTHER = {  # word: what the palette is asked instead; words that it does not know, or knows as a colour alone
    "brick": "matte terracotta stone", "bricks": "matte terracotta stone", "tiles": "white ceramic",
    "grass": "green rough", "snow": "matte white", "bark": "dark brown rough", "denim": "navy fabric",
    "sand": "sand rough", "scarlet": "red", "creamy": "cream", "lilac": "violet", "cyan": "turquoise",
    "semi": "semigloss", "enamel": "glossy enamel", "cloth": "fabric", "textile": "fabric",
    "tin": "silver metal", "titanium": "grey metal", "lead": "grey metal", "zinc": "grey metal",
}
_PRECIOUS = {"gold": "gold metal", "golden": "gold metal", "silver": "silver metal"}
"""Metals where no other material stands beside them: "gold ring" is one, "gold plastic ring" is none."""
_RUSTY = {"rusty", "rusted", "corroded"}
_METALS = ("steel", "iron", "aluminium", "aluminum", "chrome", "brass", "copper", "bronze", "tin", "titanium", "lead",
           "zinc")
_METAL = {*_METALS, "metal", "metallic"}
_SHADES = ("white", "yellow", "orange", "red", "pink", "purple", "violet", "blue", "turquoise", "green", "brown",
           "black", "grey", "gray", "silver")
_ABSENT = re.compile(r"\b(?:(?:[a-z]+-|(?:rust|lead|metal) )(?:free|proof|resistant)(?![\w-])"
                     r"|(?:(?:non|not)[ -]|no |without (?:any )?)[a-z]+)")
"""What is not there: "rust-free", "lead free", "non-metallic", "without rust"."""
_SHADE = re.compile(rf"\b(?:{'|'.join(_METALS)})[ -](?=(?:{'|'.join(_SHADES)})\b)")
"""A metal's name that says which shade of a colour: "lead grey", "steel blue"."""
_RUSTED = FlatMaterial((0.142, 0.072, 0.044), 0.25, 0.85)
"""Of rusty metal: the mean of iron and of iron oxide, mostly covered, so hardly a metal (ours)."""


@dataclass(frozen=True, eq=False)
class FlatPainting:
    """A flat material a part; what baking asks of a painting.

    materials : one a part, in the mesh's order; unsaid : parts whose words name neither colour nor material, which
    keep what the mesh has
    """

    materials: tuple[FlatMaterial, ...]
    unsaid: tuple[int, ...] = ()

    def material_at(self, part: np.ndarray, position: np.ndarray, uv: np.ndarray) -> Material:
        """Of P surface points, float32: albedo (P, 3) linear, roughness (P,) from `lobes.FLOOR` to 1, metalness (P,).

        part : (P,) int place in the mesh's parts, or one for all; position : (P, 3); uv : (P, 2); both only counted
        Raises ConfigurationError for a part that there is not.
        """
        rows = np.broadcast_to(np.asarray(part), (len(position),))
        if rows.size and not 0 <= rows.min() <= rows.max() < len(self.materials):
            raise ConfigurationError(f"parts from 0 to {len(self.materials) - 1}", came=f"{rows.min()} to {rows.max()}",
                                     where="FlatPainting.material_at")
        table = np.array([(*one.base_colour, max(one.roughness, FLOOR), one.metallic) for one in self.materials],
                         dtype=np.float32).reshape(-1, 5)
        values = table[rows]
        return Material(values[:, :3], values[:, 3], values[:, 4])


def flat_painting(mesh: ObjectMesh, prompts: Sequence[str]) -> FlatPainting:
    """Every part of a mesh in the material that its prompt names, else in the mesh's own first material.

    prompts : one a part. Raises ConfigurationError for another number.
    """
    if len(prompts) != len(mesh.parts):
        raise ConfigurationError(f"{len(mesh.parts)} prompts, one a part", came=str(len(prompts)),
                                 where="flat_painting")
    found = [worded_material(text) for text in prompts]
    return FlatPainting(tuple(part.materials[0] if one is None else one
                              for part, one in zip(mesh.parts, found, strict=True)),
                        tuple(number for number, one in enumerate(found) if one is None))


def worded_material(words: str) -> FlatMaterial | None:
    """The material that words name, by `palette.flat_material` and the table above; None where they name none."""
    found = _WORD.findall(_SHADE.sub("", _ABSENT.sub(" ", words.lower())))
    if _rusted(found):
        return _RUSTED
    if not set(_SHADES) & set(found):
        found = ["terracotta" if one == "rust" else one for one in found]
    plain = " ".join(_FURTHER.get(one, one) for one in found)
    made = flat_material(plain)
    if made == FlatMaterial():
        return None
    for one in found:  # a colour of the palette; a metal only where nothing else says what it is made of
        if one in _PRECIOUS and made.metallic == 0 and _alone(found, one):
            return flat_material(plain.replace(one, _PRECIOUS[one], 1))
    return made


def _rusted(found: list[str]) -> bool:
    """Whether words tell of rusty metal; "rust red leather" and "rust orange fabric" are colours."""
    if _RUSTY & set(found):
        return True
    colour = any(one == "rust" and after in _SHADES for one, after in itertools.pairwise(found))
    return "rust" in found and not colour and bool(_METAL & set(found))


def _alone(found: list[str], precious: str) -> bool:
    """Whether no other word of a prompt names a colour or a material."""
    rest = flat_material(" ".join(_FURTHER.get(one, one) for one in found if one != precious))
    return rest.base_colour == FlatMaterial().base_colour and rest.metallic == 0
