"""Makes docs/demo.svg, the picture in the README, from a real run of the demo, and docs/storm.svg, the screen of
`scatterclean storm`, from the demo's mailbox: `python docs/picture.py`.

In storm.svg stands of what it was made; a test compares that.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import os
import re
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from types import ModuleType

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from scatterclean.demo.show import run_demo

WIDTH = 104
FROM, TO = "2  The sweep", "4  Your own account"


HERE = Path(__file__).parent
# Twenty-four lines, as the smallest terminal has them.
SIZE = (80, 23)


def main() -> int:
    """Both."""
    return demo() or storm()


def storm() -> int:
    """Sweep the demo's mailbox, and draw what `scatterclean storm` shows of it."""
    from scatterclean.cli.storming import Picture, fitted
    from scatterclean.wording.storm import answer

    screenshots = _screenshots()
    os.environ["TZ"] = screenshots.ZONE
    time.tzset()
    with tempfile.TemporaryDirectory(prefix="scatterclean-pictures-") as scratch:
        report = screenshots.matter(Path(scratch)).report
    frame = _frame(SIZE[0])
    frame.print(Text("$ scatterclean storm", style="bold"))
    for line in fitted(Picture(report, report.course, answer(report), report.now), frame, SIZE, blocks=True):
        frame.print(line, no_wrap=True, crop=True)
    _draw(frame, "storm", f"<!-- made of {made_of()} -->\n")
    return 0


def made_of() -> str:
    """Of what storm.svg is made: the words, the screen, and the mailbox of the demo."""
    root = HERE.parent / "scatterclean"
    found = hashlib.sha256(_screenshots().made_of()["mailbox"].encode())
    for path in ("wording/storm.py", "wording/conclusion.py", "cli/storming.py"):
        found.update((root / path).read_bytes())
    return found.hexdigest()


def _screenshots() -> ModuleType:
    """Beside this file, wherever that is."""
    if str(HERE) not in sys.path:
        sys.path.append(str(HERE))
    return importlib.import_module("screenshots")


def _frame(width: int) -> Console:
    return Console(
        record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )


def _draw(frame: Console, name: str, note: str = "") -> None:
    picture = frame.export_svg(title="scatterclean", theme=MONOKAI, unique_id="scatterclean")
    # Nothing is loaded from elsewhere, not even a font.
    picture = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)
    (HERE / f"{name}.svg").write_text(note + picture, encoding="utf-8")


def demo() -> int:
    """Run the demo, keep the scenes of the sweep and the undo, and draw them."""
    stage = _frame(WIDTH)
    code = run_demo(stage, pause=False)
    if code:
        return code
    lines = stage.export_text(styles=True).splitlines()
    first = next(n for n, line in enumerate(lines) if FROM in line)
    last = next(n for n, line in enumerate(lines) if TO in line)
    frame = _frame(WIDTH)
    frame.print(Text("$ scatterclean demo", style="bold"))
    # Every state of a progress bar was recorded, and the blank lines that it moved over.
    scene = [line for line in map(Text.from_ansi, lines[first:last]) if "━" not in line.plain]
    for before, line in pairwise([Text(), *scene]):
        if before.plain.strip() or line.plain.strip():
            frame.print(line, no_wrap=True, crop=True)
    _draw(frame, "demo")
    return 0


if __name__ == "__main__":
    sys.exit(main())
