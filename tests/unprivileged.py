"""Tests run as root in some places, and root may read everything: a way to be somebody whom file modes stop."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def without_privileges() -> Iterator[None]:
    """As `nobody` if this is root, else as oneself."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def may_be_read_without_privileges(path: Path) -> bool:
    """Not in a home into which only its owner may look, such as root's."""
    with without_privileges():
        return os.access(path, os.R_OK, effective_ids=True)
