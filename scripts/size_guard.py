"""Refuses files that are too large to commit: python scripts/size_guard.py FILE... (pre-commit passes them)."""

from __future__ import annotations

import sys
from fnmatch import fnmatch
from pathlib import Path

LIMIT = 1_000_000
"""Bytes."""

ALLOWED = {
    "easel/weights/*/*": 5_000_000, "drawagent/recordings/*/*": 5_000_000, "shapecraft/recordings/*/*": 5_000_000,
}
"""What the package ships, with a limit of its own in bytes."""


def too_large(path: str, size: int) -> str:
    """Why this file may not be committed; "" when it may."""
    limit = next((most for glob, most in ALLOWED.items() if fnmatch(path, glob)), LIMIT)
    return f"{path}: {size:,} bytes, at most {limit:,}" if size > limit else ""


if __name__ == "__main__":
    refused = [why for name in sys.argv[1:] if (why := too_large(name, Path(name).stat().st_size))]
    print("\n".join(refused))
    sys.exit(bool(refused))
