"""Makes docs/demo.svg, the picture in the README, from a real run of the demo: `python docs/picture.py`."""

from __future__ import annotations

import io
import re
import sys
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from scatterclean.demo.show import run_demo

WIDTH = 104
FROM, TO = "2  The sweep", "4  Your own account"


def main() -> int:
    """Run the demo, keep the scenes of the sweep and the undo, and draw them."""
    stage = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    code = run_demo(stage, pause=False)
    if code:
        return code
    lines = stage.export_text(styles=True).splitlines()
    first = next(n for n, line in enumerate(lines) if FROM in line)
    last = next(n for n, line in enumerate(lines) if TO in line)
    frame = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    frame.print(Text("$ scatterclean demo", style="bold"))
    # Every state of a progress bar was recorded, and the blank lines that it moved over.
    scene = [line for line in map(Text.from_ansi, lines[first:last]) if "━" not in line.plain]
    for before, line in pairwise([Text(), *scene]):
        if before.plain.strip() or line.plain.strip():
            frame.print(line, no_wrap=True, crop=True)
    picture = frame.export_svg(title="scatterclean", theme=MONOKAI, unique_id="scatterclean")
    # Nothing is loaded from elsewhere, not even a font.
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    Path(__file__).with_name("demo.svg").write_text(picture, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
