"""Makes data/references: one procedural drawing of each learn query of standard.yaml, for the with-reference ablation.

    python -m data.make.make_references

The paper's references are ground truth of its data set, which is not public; these are ours, in the clean style.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data.make.sketches import draw
from drawagent.export import to_json
from drawagent.queries import read_queries
from drawagent.sketch import Sketch

ROOT = Path(__file__).resolve().parents[2]
NOTE = "procedural drawing by data/make/make_references.py; no drawing of any paper's data set"


def main() -> None:
    folder = ROOT / "data/references"
    folder.mkdir(exist_ok=True)
    for number, query in enumerate(read_queries(ROOT / "data/queries/standard.yaml").learn):
        strokes = draw(query.category, np.random.default_rng(number), style="clean").strokes
        sketch = Sketch.from_array(strokes.round(3).astype(float).tolist())
        (folder / f"{query.id}.json").write_text(to_json(sketch, title=query.text, note=NOTE) + "\n", "utf-8")


if __name__ == "__main__":
    main()
