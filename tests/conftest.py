"""What holds for every test: offline, without keys, few threads; with CI=true a skipped test is a failed one."""

from __future__ import annotations

import os
import socket

import pytest

THREADS = "1" if "PYTEST_XDIST_WORKER" in os.environ else str(min(2, os.cpu_count() or 1))
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, THREADS)  # read by torch and numpy when they are first imported

MAY_SKIP = {"live", "gpu", "weights", "acceptance", "pydiffvg"}
"""Markers of tests whose tool no ordinary machine has."""

KEY_ENDINGS = ("_API_KEY", "_API_TOKEN", "_API_BASE", "_BASE_URL")
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


def pytest_configure(config: pytest.Config) -> None:
    wanted = config.option.markexpr or ""
    if "live" in wanted and "not live" not in wanted:
        return
    for name in list(os.environ):
        if name.endswith(KEY_ENDINGS):
            del os.environ[name]
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", LITELLM_LOCAL_MODEL_COST_MAP="True")
    _stay_here()


def _stay_here() -> None:
    """Connections leave this process to the loopback only."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        inet = self.family in (socket.AF_INET, socket.AF_INET6)
        if inet and str(address[0]) not in {"localhost", "::1"} and not str(address[0]).startswith("127."):
            raise OSError(f"tests are offline: a connection to {address!r} was refused")
        return connect(self, address)

    socket.socket.connect = guarded


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    report.outcome = "failed"
    report.longrepr = f"{report.nodeid}: skipped, which CI does not allow. Reason: {report.longrepr}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    result = yield
    report = result.get_result()
    allowed = hasattr(report, "wasxfail") or any(item.get_closest_marker(name) for name in MAY_SKIP)
    if IN_CI and report.skipped and not allowed:
        _refuse_skip(report)


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report():
    result = yield
    report = result.get_result()
    if IN_CI and report.skipped:
        _refuse_skip(report)
