# box: center (0, 0, 0.06), size (0.08, 0.08, 0.12)
import shapes

outline = [(0, 0.003), (0.012, 0.0), (0.0315, 0.013), (0.0412, 0.037), (0.031, 0.062), (0.019, 0.08), (0.0145, 0.094), (0, 0.101)]
fruit = shapes.lathe(profile=shapes.curve(points=outline, samples=2), segments=24)
shapes.subdivide(fruit, levels=1)
stem = shapes.tube(path=[(0, 0, 0.097), (0.001, 0, 0.109), (0.005, 0, 0.119)], radius=[0.0022, 0.0016, 0.002], smooth=True)
shapes.material(fruit, base_color="#b9c24a", roughness=0.4, name="skin")
shapes.material(stem, base_color="#4d3a22", roughness=0.9, name="stem")
shapes.join(fruit, stem, name="pear")
