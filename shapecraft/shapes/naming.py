"""Naming and looks: the part's name, one flat material for the whole object."""

import re
from collections.abc import Sequence
from typing import Any

import bpy
from shapes import arguments as given
from shapes.arguments import Fault, helper
from shapes.meshes import take


@helper
def name_part(obj: Any, *, name: str) -> Any:
    """Names the object."""
    value, called = take(obj), given.text(name, "name")
    value.name = value.data.name = called
    return value


@helper
def material(obj: Any, *, base_color: str | Sequence[float], roughness: float = 0.5, metallic: float = 0.0,
             name: str = "material") -> Any:
    """One flat material for the whole object. base_color: "#rrggbb", or linear (r, g, b) from 0 to 1."""
    value, colour = take(obj), _colour(base_color)
    rough, metal = given.fraction(roughness, "roughness"), given.fraction(metallic, "metallic")
    value.data.materials.clear()
    value.data.materials.append(_material(given.text(name, "name"), colour, rough, metal))
    return value


def _material(name: str, colour: tuple[float, ...], roughness: float, metallic: float) -> Any:
    """The material of these values, made once per name."""
    key = repr((name, colour, roughness, metallic))
    for one in bpy.data.materials:
        if one.get("shapes") == key:
            return one
    made = bpy.data.materials.new(name)
    made["shapes"] = key
    made.use_nodes = True
    shader = next(node for node in made.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    for socket, setting in (("Base Color", (*colour, 1.0)), ("Roughness", roughness), ("Metallic", metallic)):
        shader.inputs[socket].default_value = setting
    made.diffuse_color, made.roughness, made.metallic = (*colour, 1.0), roughness, metallic
    return made


def _colour(value: str | Sequence[float]) -> tuple[float, ...]:
    """Linear red, green, blue."""
    if isinstance(value, str):
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
            raise Fault(f'base_color must be "#rrggbb" or (r, g, b), got {given.shown(value)}')
        return tuple(_linear(int(value[i : i + 2], 16) / 255) for i in (1, 3, 5))
    numbers = tuple(value)[:3] if isinstance(value, (list, tuple)) and len(value) == 4 else value
    return tuple(given.fraction(one, f"base_color[{i}]") for i, one in enumerate(given.vector(numbers, "base_color")))


def _linear(share: float) -> float:
    """The sRGB curve (IEC 61966-2-1), undone."""
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
