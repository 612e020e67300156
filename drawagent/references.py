"""References: known drawings of learn queries, shown to the artist in the with-reference mode ("with GT" in the paper).

The paper's references are ground truth of its data set; ours are sketches that the user brings, one file a query.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from drawagent.artist import Reference
from drawagent.export import from_json
from drawagent.language import parse
from drawagent.queries import QueryLists
from drawagent.settings import DrawSettings
from drawagent.sheets import contact_sheet_image
from drawagent.sketch import SketchError
from easel.errors import ConfigurationError


def read_references(folder: Path, lists: QueryLists, settings: DrawSettings) -> Mapping[str, Reference]:
    """`<query id>.json` (ours) or `<query id>.txt` (a reply) for every learn query, and for no other.

    Raises ConfigurationError for a learn query without a file and for a file of a gate or report query: a reference
    must never be of what is measured.
    """
    measured = {query.id for query in (*lists.gate, *lists.report)}
    for path in sorted(Path(folder).glob("*")):
        if path.stem in measured and path.suffix in (".json", ".txt"):
            raise ConfigurationError("references of learn queries alone", came=path.name, where="references",
                                     mend="What is measured is never shown. Remove the file.")
    if not Path(folder).is_dir():
        raise ConfigurationError("a folder of references", came=f"no folder {folder}", where="references")
    references = {}
    for query in lists.learn:
        found = next((p for p in (folder / f"{query.id}.json", folder / f"{query.id}.txt") if p.is_file()), None)
        if found is None:
            raise ConfigurationError(f"a file {query.id}.json or {query.id}.txt", came="none", where=str(folder.name),
                                     mend="Every learn query needs a reference, or set reference=false.")
        text = found.read_text("utf-8")
        try:
            sketch = from_json(text) if found.suffix == ".json" else parse(text, mode="lenient").sketch
        except SketchError as error:
            raise ConfigurationError("a drawing", came=str(error), where=f"references, {found.name}") from error
        references[query.id] = Reference(sketch, contact_sheet_image(sketch, settings))
    return references
