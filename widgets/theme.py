"""Theme: one look for all figures; Okabe-Ito colours, and dashes and markers so that colour is never needed."""

from __future__ import annotations

OKABE_ITO = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
"""Okabe and Ito (2008), colour-universal design, in the order in which we use it."""

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "cross", "x", "circle-open", "square-open", "diamond-open")

PLUS, MINUS, INK = OKABE_ITO[1], OKABE_ITO[2], OKABE_ITO[0]
FONT = {"family": "system-ui, sans-serif", "size": 13, "color": "#111111"}
WATERMARK = "stand-in: no model, no result"


def colour(index: int) -> str:
    """The colour of series `index`."""
    return OKABE_ITO[index % len(OKABE_ITO)]

WIDTH_OF = {"S+": 6, "S-": 3}
COLOUR_OF = {"S+": PLUS, "S-": MINUS}
SYMBOL_OF = {"S+": "circle", "S-": "square", "failed": "x", "": "circle-open"}
"""How the two sides of a pair, failed and other candidates differ, with and without colour."""
PANEL = "background:#ffffff;color:#111111;font:13px/1.45 system-ui,sans-serif;padding:6px 10px;"
"""CSS of words beside figures: white paper as the figures have it, whatever the front end's own colours."""
