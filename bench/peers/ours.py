"""scatterclean's reader, as the other peers are run."""

from __future__ import annotations

from passes import run

import scatterclean
from scatterclean import bounce


def look(raw: bytes) -> tuple[bool, list[str]]:
    read = bounce.read(raw)
    return (False, []) if read is None else (True, [reference.id.text for reference in read.references])


run("scatterclean", scatterclean.__version__, look)
