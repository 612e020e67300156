"""Every attack program is contained: it got nothing, left nothing, and the next program is served.

The programs run once as the user of the tests and, where that is root, once more as an ordinary user.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from easel.bubblewrap import try_bubblewrap
from easel.errors import MissingCapability
from shapecraft.blender_interpreter import find_blender
from tests.shapecraft.attacking import SECRET, attack_all
from tests.shapecraft.attacks import ATTACKS, Attack

HERE = Path(__file__).resolve().parent
USERS = ["root", "ordinary user"] if os.getuid() == 0 else ["ordinary user"]
EVERY = {"root": 1, "ordinary user": 8 if os.getuid() == 0 else 1}
"""After how many attacks an honest program runs on the same thread: every one, and seldomer the second time."""

pytestmark = pytest.mark.timeout(600)


@functools.cache
def told(user: str) -> dict:
    """What came of all attacks as this user."""
    trial = try_bubblewrap()
    if not trial.ready:
        pytest.skip(f"no wall stands here: {trial.cause}. {trial.mend}")
    try:
        find_blender()
    except MissingCapability as error:
        pytest.skip(str(error))
    if os.getuid() != 0 or user == "root":
        return attack_all(EVERY[user])
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        command = [sys.executable, "-m", "tests.shapecraft.attacking", f"{folder}/told.json", str(EVERY[user])]
        done = subprocess.run([sys.executable, str(HERE / "ordinary.py"), *command], capture_output=True, text=True,
                              timeout=580, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(Path(f"{folder}/told.json").read_text())


def test_there_are_enough():
    names = [attack.name for attack in ATTACKS]
    assert len(names) == len(set(names)) >= 60


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_contained(attack: Attack, user: str):
    came = told(user)["attacks"][attack.name]
    assert came["kind"] in attack.kinds, (came["message"], came["log"][-2000:])
    assert attack.says in came["message"] + came["log"]
    if attack.empty:
        assert "LOOT []" in came["log"], came["log"][-3000:]
    assert SECRET not in json.dumps(came)
    assert not came["blend"]
    assert came["seconds"] < attack.limits.seconds + 3.0
    if came["kind"] != "ran":
        assert (came["parts"], came["glb"]) == ([], 0)
    if came["honest"]:
        kind, parts, log = came["honest"]
        assert (kind, [list(part) for part in parts], log) == ("ran", [["honest", 12, 8.0]], "")


@pytest.mark.parametrize("user", USERS)
def test_nothing_is_left(user):
    came = told(user)
    assert came["left"] == []
    assert came["outside"] == []
    assert came["connections"] == 0
    assert came["stocked"] >= 1
    assert (came["uid"] == 0) == (user == "root")


@pytest.mark.parametrize("user", USERS)
def test_what_a_forger_gains(user):
    """A forged result is no more than a mesh that the program could have built; it is measured like any other."""
    came = told(user)["attacks"]["a forged report"]
    assert [tuple(map(str, part)) for part in came["parts"]] == [
        ("forged", *(str(type(came["parts"][0][1])(corner)) for corner in ((0.0, 0.0, 0.0), (1.0, 1.0, 0.0))), "1")]
