"""A real JupyterLab in a real Chromium for tests: one server on the loopback, copies of notebooks, screenshots."""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
ARTEFACTS = ROOT / "tests" / "artefacts"
BENIGN: dict[str, str] = {}
"""Part of a console error -> why it is none of ours."""

_SETTINGS = {
    # By default the first asks a server in the network for news, and the second draws only cells on the screen, and may
    # ask which kernel is meant.
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none", "autoStartDefaultKernel": True},
}
_KERNEL_IDLE = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"


@dataclass
class Sheet:
    """A notebook that is open in the browser. problems : console errors and uncaught exceptions so far, but benign ones"""

    page: Any
    name: str
    problems: list[str] = field(default_factory=list)

    def run_all(self, *, timeout: float = 150) -> None:
        """Run all cells and wait until each has its number."""
        self.page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(
            "() => { const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputArea-prompt')]"
            ".map(one => one.textContent.trim()); return prompts.length && prompts.every(one => /^\\[\\d+\\]:?$/.test(one)); }",
            timeout=timeout * 1000, polling=500,  # by the clock: frames may starve while scenes are drawn in software
        )

    def errors(self) -> list[str]:
        """Tracebacks and warnings in the outputs of cells."""
        kinds = ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr")
        found = self.page.query_selector_all(", ".join(f"[data-mime-type='{kind}']" for kind in kinds))
        return [one.inner_text() for one in found]

    def shot(self, name: str, selector: str | None = None) -> np.ndarray:
        """Keep a screenshot of the page, or of the first element of a selector, as an artefact; (H, W, 3) uint8."""
        from PIL import Image

        ARTEFACTS.mkdir(exist_ok=True)
        target = self.page if selector is None else self.page.locator(selector).first
        if selector is not None:
            target.scroll_into_view_if_needed()
        data = target.screenshot()
        (ARTEFACTS / f"{name}.png").write_bytes(data)
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))

    def ink(self, selector: str) -> list[float]:
        """Share of pixels that are not white of every element of a selector, as the screen shows it."""
        from PIL import Image

        shares = []
        for one in self.page.locator(selector).all():
            one.scroll_into_view_if_needed()
            pixels = np.asarray(Image.open(io.BytesIO(one.screenshot())).convert("L"))
            shares.append(float((pixels < 200).mean()))
        return shares


@dataclass
class Lab:
    """The server and the browser."""

    url: str
    folder: Path
    browser: Any

    @contextmanager
    def open(self, notebook: str, **parameters: Any) -> Iterator[Sheet]:
        """A copy of notebooks/<notebook>, with these values below its parameters, in a page of its own."""
        copy = nbformat.read(ROOT / "notebooks" / notebook, 4)
        place = next(i for i, cell in enumerate(copy.cells) if "parameters" in cell.metadata.get("tags", ()))
        copy.cells[place].source += "".join(f"\n{name} = {value!r}" for name, value in parameters.items())
        name = Path(notebook).name
        nbformat.write(copy, self.folder / name)
        page = self.browser.new_page(viewport={"width": 1280, "height": 2000})
        sheet = Sheet(page, name)
        page.on("console", lambda message: self._note(sheet, message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._note(sheet, str(error)))
        try:
            page.goto(f"{self.url}/lab/tree/{name}")
            page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell", timeout=60_000)
            page.wait_for_function(_KERNEL_IDLE, timeout=60_000)
            yield sheet
        finally:
            page.evaluate("window.jupyterapp.serviceManager.sessions.shutdownAll()")
            page.close()

    @staticmethod
    def _note(sheet: Sheet, words: str) -> None:
        if not any(part in words for part in BENIGN):
            sheet.problems.append(words)


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Lab]:
    """One JupyterLab server without a token on a free port of the loopback, and one Chromium."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    home = tmp_path_factory.mktemp("lab")
    folder = home / "notebooks"
    folder.mkdir()
    for name, values in _SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
         f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=", "--ServerApp.password=",
         f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly"],
        env=_environment(home), stdout=subprocess.DEVNULL, stderr=(home / "server.log").open("w"), cwd=folder,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/api/status", server, home / "server.log")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
            )
            yield Lab(f"http://127.0.0.1:{port}", folder, browser)
            browser.close()
    finally:
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()


def _environment(home: Path) -> dict[str, str]:
    """Jupyter's own folders in a temporary place, and nothing that hides that this is JupyterLab."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("JUPYTER", "JPY_", "VSCODE", "COLAB", "EASEL_WIDGETS"))}
    return {
        **kept, "PYTHONPATH": str(ROOT), "JUPYTER_CONFIG_DIR": str(home / "config"), "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"), "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"), "IPYTHONDIR": str(home / "ipython"),
    }


def _wait_for(url: str, server: subprocess.Popen, log: Path, *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start: {log.read_text()[-2000:]}")
