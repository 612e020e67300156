# box: center (0, 0, 0.45), size (0.3, 0.3, 0.2)
import shapes

shade = shapes.lathe(profile=[(0.148, 0.352), (0.08, 0.55)], ends="open", segments=64)
shapes.solidify(shade, thickness=0.0025)
rim = shapes.torus(radius=0.147, tube_radius=0.003, center=(0, 0, 0.353), segments=64, tube_segments=12)
collar = shapes.torus(radius=0.02, tube_radius=0.003, center=(0, 0, 0.545))
spoke = shapes.tube(path=[(0.018, 0, 0.545), (0.079, 0, 0.545)], radius=0.0018, segments=8)
spokes = shapes.radial_array(spoke, count=3)
shapes.material(shade, base_color="#e8d9b5", roughness=0.9)
for wire in (rim, collar, spokes):
    shapes.material(wire, base_color=(0.6, 0.45, 0.2), roughness=0.3, metallic=1.0, name="brass")
shapes.join(shade, rim, collar, spokes, name="shade")
