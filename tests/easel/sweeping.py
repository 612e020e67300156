"""A notebook without any model, and grids of it: what sweeps are tested with."""

from __future__ import annotations

import json
from pathlib import Path

PARAMETERS = '''
number: int = 1
share: float = 0.5
word: str = "calm"
names: list[str] = []
maybe: int | None = None
practice: int = 0
root: str = ""
home: str = ""
budget: str = ""
outcome: str = ""
'''
BODY = '''
import json, pathlib, time
run = pathlib.Path(root) / f"{word}-{number}-{practice}"
run.mkdir(parents=True, exist_ok=True)
pathlib.Path(outcome).write_text(json.dumps({"run": str(run)}))
with open(pathlib.Path(home) / "asked.txt", "a") as log:
    log.write(f"{word} {number} {practice} {budget}\\n")
if word == "boom" and not (pathlib.Path(home) / "mended").exists():
    raise ValueError(f"boom of {number}")
if word == "slow":
    time.sleep(600)
number + 1
'''


def notebook(folder: Path, *, parameters: str = PARAMETERS, body: str = BODY, tags: tuple[str, ...] = ("parameters",)) -> Path:
    def cell(source: str, *, tagged: tuple[str, ...] = ()) -> dict:
        return {"cell_type": "code", "id": f"c{len(source)}", "metadata": {"tags": list(tagged)} if tagged else {},
                "source": source.strip("\n"), "execution_count": None, "outputs": []}

    path = folder / "small.ipynb"
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    path.write_text(json.dumps({"cells": [cell(parameters, tagged=tags), cell(body)], "metadata": kernel, "nbformat": 4,
                                "nbformat_minor": 5}))
    return path


def grid(folder: Path, text: str = "rows: {one: {}, two: {number: 2}}", *, name: str = "small", practices: int = 1) -> Path:
    if not (folder / "small.ipynb").exists():
        notebook(folder)
    path = folder / f"{name}.yaml"
    path.write_text(f"sweep: tiny\nname: {name}\nquestion: does it run?\nnotebook: small.ipynb\npractices: {practices}\n{text}\n")
    return path
