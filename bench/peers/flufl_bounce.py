"""flufl.bounce (PyPI): recognised is what has a failing address, temporary or permanent.  It names no id.

It wants a parsed message; with --parsed the parsing by the standard library is not counted as its work.
"""

from __future__ import annotations

import logging
import sys
from email import message_from_bytes
from importlib.metadata import version
from typing import Any

from flufl.bounce import all_failures
from passes import run

# Its detectors raise on a missing From; it logs each with a traceback, which would cost more than the reading.
logging.disable(logging.CRITICAL)


def of_message(message: Any) -> tuple[bool, list[str]]:
    temporary, permanent = all_failures(message)
    return bool(temporary or permanent), []


def of_bytes(raw: bytes) -> tuple[bool, list[str]]:
    return of_message(message_from_bytes(raw))


if "--parsed" in sys.argv:
    run("flufl.bounce, parsed before", version("flufl.bounce"), of_message, message_from_bytes)
else:
    run("flufl.bounce", version("flufl.bounce"), of_bytes)
