"""Times the mesh raster against embree, and compares its part ids with the slow reference; ratios of one run.

    python benchmarks/bench_mesh_raster.py [--repeats 9] [--size 512] [--triangles 20000] [--wall] [--no-reference]

Scene: eight overlapping balls and tori as eight parts. Both sides fill the same buffers of one view on one thread:
depth, part, face, weights, smooth normal, uv, position. Embree casts one ray a pixel through the same centres
(embreex, a development package); its hits are turned into the buffers by numpy. A ratio is the median over repeats
whose two sides run one after the other; processor time is counted, so that what else the machine does hardly matters,
or with `--wall` the clock. Building embree's tree, once a mesh, is printed apart and not counted.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
import trimesh

from easel.cameras import Camera, ring
from shapecraft import raster_reference
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.raster import GBuffer, rasterise


def scene(triangles: int, *, seed: int = 0) -> ObjectMesh:
    """Eight parts of about triangles / 8 each, with smooth normals and uv, inside [-1, 1]^3."""
    generator = np.random.default_rng(seed)
    parts = []
    for number in range(8):
        rings = max(4, round((triangles / 16) ** 0.5))
        if number % 2:
            shape = trimesh.creation.torus(0.5, 0.2, major_sections=rings, minor_sections=rings)
        else:
            shape = trimesh.creation.uv_sphere(radius=0.5, count=[rings, rings // 2])
        turn = trimesh.transformations.random_rotation_matrix(generator.random(3))
        vertices = shape.vertices @ turn[:3, :3].T + generator.uniform(-0.6, 0.6, 3)
        faces = np.asarray(shape.faces)
        parts.append(PartMesh(f"part {number}", vertices, faces, uv=generator.random((len(vertices), 2))[faces]))
    return ObjectMesh(tuple(parts))


class Embree:
    """One ray a pixel, and the buffers of its hits."""

    def __init__(self, mesh: ObjectMesh) -> None:
        from embreex import rtcore_scene
        from embreex.mesh_construction import TriangleMesh

        counts = [len(part.faces) for part in mesh.parts]
        self.points = mesh.triangles
        self.part = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        self.face = np.concatenate([np.arange(count, dtype=np.int32) for count in counts])
        self.normals = np.concatenate([part.corner_normals for part in mesh.parts])
        self.uv = np.concatenate([part.uv for part in mesh.parts])
        self.scene = rtcore_scene.EmbreeScene()
        TriangleMesh(self.scene, self.points.astype(np.float32))

    def buffers(self, camera: Camera, size: int) -> GBuffer:
        origins, directions, along = rays(camera, size)
        hit = self.scene.run(origins, directions, output=True)
        seen = np.flatnonzero(hit["primID"] >= 0)
        face = hit["primID"][seen]
        u, v = hit["u"][seen], hit["v"][seen]
        shares = np.stack([1.0 - u - v, u, v], axis=1)

        def filled(width: int, values: np.ndarray) -> np.ndarray:
            image = np.zeros((size * size, width), dtype=np.float32)
            image[seen] = values
            return image.reshape(1, size, size, width)

        def mixed(corners: np.ndarray) -> np.ndarray:
            return np.einsum("pk,pki->pi", shares, corners[face])

        depth = np.full(size * size, np.inf, dtype=np.float32)
        depth[seen] = hit["tfar"][seen] * along[seen]
        part, number = np.full((2, size * size), -1, dtype=np.int32)
        part[seen], number[seen] = self.part[face], self.face[face]
        normal = mixed(self.normals)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        shape = (1, size, size)
        return GBuffer(depth.reshape(shape), part.reshape(shape), number.reshape(shape), filled(3, shares),
                       filled(3, normal), filled(2, mixed(self.uv)), filled(3, mixed(self.points)))


def rays(camera: Camera, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(H W, 3) float32 origins and directions of length 1, and (H W,) the share of a step that goes along the axis."""
    at = 2.0 * (np.arange(size) + 0.5) / size - 1.0
    x, y = np.meshgrid(at, at)
    slope = np.tan(np.radians(camera.fov_deg) / 2)
    local = np.stack([x * slope, y * slope, np.ones_like(x)], axis=-1).reshape(-1, 3)
    local /= np.linalg.norm(local, axis=1, keepdims=True)
    directions = (local @ camera.matrix()[:3, :3]).astype(np.float32)
    origins = np.broadcast_to(np.float32(camera.eye), directions.shape)
    return np.ascontiguousarray(origins), directions, local[:, 2]


def milliseconds(work, now=time.perf_counter) -> float:
    start = now()
    work()
    return 1e3 * (now() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--triangles", type=int, default=20_000)
    parser.add_argument("--wall", action="store_true")
    parser.add_argument("--no-reference", action="store_true")
    options = parser.parse_args()
    now = time.perf_counter if options.wall else time.process_time
    mesh, camera = scene(options.triangles), ring(3)[1]
    count = len(mesh.triangles)

    def ours(threads: int = 1) -> GBuffer:
        return rasterise(mesh, [camera], size=options.size, threads=threads)

    start = time.perf_counter()
    embree = Embree(mesh)
    built = time.perf_counter() - start
    mine, theirs = ours(), embree.buffers(camera, options.size)
    print(f"{count} triangles, {options.size}^2, {100 * mine.covered.mean():.0f} % covered; "
          f"embree's tree took {1e3 * built:.0f} ms")
    origins, directions, _ = rays(camera, options.size)
    pairs = [(milliseconds(ours, now), milliseconds(lambda: embree.buffers(camera, options.size), now),
              milliseconds(lambda: embree.scene.run(origins, directions, output=True), now), milliseconds(ours),
              milliseconds(lambda: ours(2))) for _ in range(options.repeats)]
    fast, slow, cast, one, two = (statistics.median(side) for side in zip(*pairs, strict=True))
    whole, casting = (statistics.median(pair[at] / pair[0] for pair in pairs) for at in (1, 2))
    print(f"all buffers, one view: {whole:.1f} times faster than embree (>= 6) [{fast:.1f} ms / {slow:.0f} ms]; "
          f"than its casting alone, without any buffer: {casting:.1f} [{cast:.0f} ms]")
    print(f"ours by the clock: {one:.1f} ms on one thread, {two:.1f} ms on two")
    same = (mine.part == theirs.part).mean()
    print(f"part ids equal to embree's: {100 * same:.3f} %")
    if not options.no_reference:
        slowly = raster_reference.rasterise(mesh, [camera], size=options.size)
        print(f"part ids equal to the reference: {100 * (mine.part == slowly.part).mean():.3f} % (>= 99.9 %), "
              f"faces {100 * (mine.face == slowly.face).mean():.3f} %")


if __name__ == "__main__":
    main()
