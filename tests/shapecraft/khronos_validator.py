"""The Khronos glTF validator over GLBs, in chromium."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "khronos" / "gltf_validator.dart.js"
needs_chromium = pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")


def validated(glbs: Mapping[str, bytes]) -> dict[str, list[str]]:
    """Name -> "severity code pointer" of errors and warnings, and of whatever else the validator remarks."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-quic"])
        page = browser.new_page()
        page.evaluate("globalThis.exports = {}")
        page.add_script_tag(path=SCRIPT)
        assert page.evaluate("exports.version()").startswith("2.0.0")
        found = {}
        for name, content in glbs.items():
            report = page.evaluate(
                """async (text) => exports.validateBytes(Uint8Array.from(atob(text), (one) => one.charCodeAt(0)),
                                                         {maxIssues: 100, writeTimestamp: false})""",
                base64.b64encode(content).decode())
            found[name] = [f"{('error', 'warning', 'info', 'hint')[one['severity']]} {one['code']} {one.get('pointer', '')}"
                           for one in report["issues"]["messages"]]
        browser.close()
    return found
