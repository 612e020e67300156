# box: center (0, 0, 0.225), size (0.42, 0.4, 0.45)
import shapes

leg = shapes.box(size=(0.04, 0.04, 0.45), center=(0.19, 0.18, 0.225))
shapes.bevel(leg, width=0.004)
# The taper goes about the leg's own middle, so that its top fills the corner of the box.
shapes.taper(leg, start=0.6, end=1.0)
shapes.mirror(leg, axis="x")
shapes.mirror(leg, axis="y")
stretchers = shapes.box(size=(0.36, 0.018, 0.03), center=(0, 0.18, 0.12))
shapes.array(stretchers, count=2, step=(0, -0.36, 0))
legs = shapes.union(leg, stretchers)
shapes.material(legs, base_color="#7a4a25", roughness=0.55)
shapes.name_part(legs, name="legs")
