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
    r"|(?<=://)[^\s/:@\"']*:[^\s/\"']+(?=@)"
)
_NAMES = re.compile(r"API_?KEY|ACCESS_KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.I)


def names_secret(name: str) -> bool:
    """Whether an environment variable of this name is taken to hold a key."""
    return _NAMES.search(name) is not None


def redact(text: str) -> str:
    """The text without values of key-like environment variables and without anything shaped like a key.

    Key-like names have API_KEY, APIKEY, ACCESS_KEY, TOKEN, SECRET, PASSWORD or CREDENTIAL anywhere. Values shorter
    than 8 characters are left: they would take ordinary words with them (TOKENIZERS_PARALLELISM=true).
    Shapes: keys of known providers, bearer tokens, api_key=..., and the user and password of an address.
    """
    values = {value for name, value in os.environ.items() if names_secret(name) and len(value) >= 8}
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
