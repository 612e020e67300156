# box: center (0.0125, 0, 0.05), size (0.105, 0.08, 0.1)
import shapes

outer = [(0, 0), (0.03, 0), (0.037, 0.004), (0.04, 0.02), (0.04, 0.0985), (0.0385, 0.1)]
inner = [(0.037, 0.0985), (0.037, 0.02), (0.034, 0.008), (0, 0.006)]
body = shapes.lathe(profile=outer + inner, segments=64)
path = [(0.0385, 0, 0.082), (0.054, 0, 0.078), (0.0605, 0, 0.055), (0.055, 0, 0.03), (0.0385, 0, 0.02)]
oval = shapes.ellipse(size=(0.012, 0.009), segments=16)
handle = shapes.sweep(profile=oval, path=path, scale=[1.2, 1, 1, 1, 1.2], smooth=True)
mug = shapes.union(body, handle)
shapes.material(mug, base_color="#e9e4d8", roughness=0.15)
shapes.name_part(mug, name="body")
