"""Redaction: takes keys out of text before it reaches a file, a log or an exception."""

from __future__ import annotations

import logging
import os
import re

_SHAPES = re.compile(
    r"\b(?:sk|pk|rk|xai|gsk|hf|key)[-_][A-Za-z0-9_-]{16,}|AIza[0-9A-Za-z_-]{20,}"
    r"|(?i:\bbearer)\s+[A-Za-z0-9._~+/=-]{8,}"
    r"|(?i:\b(?:api[-_]?key|x-goog-api-key|authorization)[\"']?\s*[=:]\s*[\"']?(?:bearer\s+|basic\s+)?|[?&]key=)"
    r"[^\s\"'&,]{6,}"
)
_NAMES = re.compile(r"(_API_KEY|_TOKEN|_SECRET|_SECRET_ACCESS_KEY|_ACCESS_KEY_ID)$")


def redact(text: str) -> str:
    """The text without values of key-like environment variables and without anything shaped like a key.

    Values shorter than 8 characters are left: they would take ordinary words with them.
    """
    values = {value for name, value in os.environ.items() if _NAMES.search(name) and len(value) >= 8}
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, "[key]")
    return _SHAPES.sub("[key]", text)


class RedactingFilter(logging.Filter):
    """Takes keys out of what a logger passes on, its tracebacks included."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), None
        if record.exc_info:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        return True
