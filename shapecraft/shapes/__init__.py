"""shapes: a small library of solids for programs that run in Blender. Metres, z up, world coordinates, degrees.

Part of shapecraft, but imported as `shapes` in Blender's interpreter only: the folder of this package must lie under
the name `shapes` in a folder on sys.path. `shapecraft.shapes_guide` is its documentation, read from these files.
"""

import bpy  # noqa: F401  (bmesh and mathutils exist once it is imported)
from shapes.arguments import ShapeError
from shapes.copying import array, duplicate, join, mirror, radial_array
from shapes.forming import bend, taper, twist
from shapes.naming import material, name_part
from shapes.outlines import arc, curve, ellipse, rounded_rectangle
from shapes.placing import align, bounds, move, place_on, rotate, scale
from shapes.primitives import box, capsule, cone, cylinder, plane, prism, sphere, torus, wedge
from shapes.shaping import bevel, difference, intersection, solidify, subdivide, union
from shapes.solids import extrude, lathe, loft, sweep, tube

__all__ = [
    "ShapeError", "align", "arc", "array", "bend", "bevel", "bounds", "box", "capsule", "cone", "curve", "cylinder",
    "difference", "duplicate", "ellipse", "extrude", "intersection", "join", "lathe", "loft", "material", "mirror",
    "move", "name_part", "place_on", "plane", "prism", "radial_array", "rotate", "rounded_rectangle", "scale",
    "solidify", "sphere", "subdivide", "sweep", "taper", "torus", "tube", "twist", "union", "wedge",
]
