"""Front end: whether live widgets are known to work where a notebook runs, and the base that every widget stands on."""

from __future__ import annotations

import abc
import os
import sys
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drawagent.pages import text
from easel.errors import ConfigurationError

if TYPE_CHECKING:
    import ipywidgets
    import plotly.graph_objects as go

SWITCH = "EASEL_WIDGETS"
"""Environment variable: "live" or "static" overrides what is found here."""

_VSCODE = ("VSCODE_PID", "VSCODE_CWD", "VSCODE_NLS_CONFIG", "VSCODE_IPC_HOOK", "VSCODE_ESM_ENTRYPOINT")
_COLAB = ("COLAB_RELEASE_TAG", "COLAB_JUPYTER_TRANSPORT", "COLAB_GPU")
_SESSION = "JPY_SESSION_NAME"  # jupyter_server gives it to kernels of a notebook that is open; nbclient does not
_STATIC = "Static view: pictures and words, no buttons"


@dataclass(frozen=True)
class FrontEnd:
    """live : widgets will be shown, not stored pictures; why : the reason, half a sentence"""

    live: bool
    why: str


def live_front_end(
    environment: Mapping[str, str] = os.environ, modules: Container[str] = sys.modules
) -> FrontEnd:
    """What the reader of this kernel's output is known to show.

    environment, modules : of the process that runs the notebook
    JupyterLab and Notebook 7 are known (ours: `tests/notebooks/test_jupyterlab.py`). VS Code and Colab have widget
    managers of their own, which are not tested here; papermill, nbconvert and GitHub show stored output only.
    Raises ConfigurationError for a value of EASEL_WIDGETS that is neither word.
    """
    said = environment.get(SWITCH, "")
    if said not in ("", "live", "static"):
        raise ConfigurationError("live or static", came=repr(said), where=f"environment variable {SWITCH}")
    if said:
        return FrontEnd(said == "live", f"{SWITCH}={said} says so")
    if "google.colab" in modules or any(name in environment for name in _COLAB):
        return FrontEnd(False, "live widgets are not known to work in Colab")
    if any(name in environment for name in _VSCODE):
        return FrontEnd(False, "live widgets are not known to work in VS Code")
    if "ipykernel" not in modules:
        return FrontEnd(False, "this is no notebook kernel")
    if _SESSION not in environment:
        return FrontEnd(False, "no Jupyter server started this kernel (papermill, nbconvert and the like store output)")
    return FrontEnd(True, "a Jupyter server started this kernel (JupyterLab, Notebook 7)")


class Shown(abc.ABC):
    """Something to look at, live or not: as the last line of a cell it chooses by `live_front_end`.

    `widget()` for people in JupyterLab; `figure()` a plotly figure; `html()` the same content without scripts and
    network, for stored output. All three may be called anywhere.
    """

    _built: ipywidgets.Widget | None = None

    @abc.abstractmethod
    def figure(self) -> go.Figure:
        """A new figure of what is known now; pure."""

    @abc.abstractmethod
    def html(self) -> str:
        """Self-contained HTML of what is known now, words of models escaped, at most about 100 kB."""

    @abc.abstractmethod
    def _build(self) -> ipywidgets.Widget:
        """Make the live widget; called once, when it is first wanted."""

    def widget(self) -> ipywidgets.Widget:
        """The live widget, the same one at every call."""
        if self._built is None:
            self._built = self._build()
        return self._built

    def static(self, why: str) -> str:
        """`html()` below one line that says that it is static, and why."""
        return f"<p><i>{_STATIC}, because {text(why)}. {SWITCH}=live overrides.</i></p>\n{self.html()}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, Any]:
        front_end = live_front_end()
        if front_end.live:
            return dict(self.widget()._repr_mimebundle_())
        words = f"{type(self).__name__}: {_STATIC[0].lower()}{_STATIC[1:]}, because {front_end.why}"
        return {"text/plain": words, "text/html": self.static(front_end.why)}
