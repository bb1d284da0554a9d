"""The screen of `scatterclean storm`: lines that fit a terminal, whatever its size and encoding.  It words nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import IO, TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from scatterclean import wording
from scatterclean.cli.watching import changes
from scatterclean.errors import Trouble
from scatterclean.model.report import Course, Report, Says
from scatterclean.standing import Rhythm
from scatterclean.wording import storm

if TYPE_CHECKING:
    from scatterclean.cli.screen import Screen

# From nothing to the most.  The second one is for encodings that have no blocks.
BLOCKS = "·▁▂▃▄▅▆▇█"
ASCII = ".:-=+*#%@"
# Marks of a sparkline: more of them say no more.
_MARKS = 72
# How many of each list, with empty lines or without, and how many lists, from the most generous; the first way that
# fits is taken.  Where a long answer leaves no room, the lists that need the person least go first.
_WAYS = (
    *((few, airy, 4) for few in (8, 6, 5, 4, 3, 2, 1) for airy in (True, False)),
    *((1, False, lists) for lists in (3, 2, 1, 0)),
)
_LINE = 2000
# Where nothing has to fit.
_PIPED = 5
_STYLES: Mapping[Says, str] = {
    Says.NO_SIGN: "bold green",
    Says.CANNOT_TELL: "bold yellow",
    Says.ALARM: "bold red",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is shown: `course` may be of a shorter time than the report's own; `answer` are the sentences at the
    top, `foot` stands at the end; `at` is when it is looked at."""

    report: Report
    course: Course
    answer: Sequence[str]
    at: datetime
    rhythms: Sequence[Rhythm] = ()
    foot: str = ""


def can_draw(stream: IO[str]) -> bool:
    """Has the terminal blocks?  Linux' own console has UTF-8, and no font with all of them."""
    if os.environ.get("TERM") in ("linux", "dumb"):
        return False
    try:
        BLOCKS.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def sparkline(counts: Sequence[int], *, blocks: bool) -> str:
    """A mark for each number; the lowest one that is above nothing is seen as such."""
    ramp = BLOCKS if blocks else ASCII
    most = max(counts, default=0)
    steps = len(ramp) - 1
    return "".join(ramp[-(-count * steps // most) if most else 0] for count in counts)


def fitted(picture: Picture, console: Console, size: tuple[int, int] | None, *, blocks: bool) -> list[Text]:
    """The lines for a terminal of (columns, lines), as many as fit if that is possible; None: nothing has to fit."""
    if size is None:
        return _Sheet(picture, console, None, blocks=blocks).filled(_PIPED, airy=True)
    width, height = size
    found: list[Text] = []
    for few, airy, lists in _WAYS:
        found = _Sheet(picture, console, width, blocks=blocks).filled(few, airy=airy, lists=lists)
        if len(found) <= height:
            break
    foot = len(Text(wording.shown(picture.foot, _LINE)).wrap(console, width)) if picture.foot else 0
    if foot < height < len(found):
        del found[height - foot : len(found) - foot]  # what it ends with tells how to leave it
    return found


class _Sheet:
    """Lines, one below the other; `width` None: they are as long as they are."""

    def __init__(self, picture: Picture, console: Console, width: int | None, *, blocks: bool) -> None:
        self._picture = picture
        self._console = console
        self._width = width
        self._blocks = blocks
        self._lines: list[Text] = []

    def filled(self, few: int, *, airy: bool, lists: int = 4) -> list[Text]:
        """`few` of each of the first `lists`; `airy`: with empty lines between what does not belong together."""
        picture, report, now = self._picture, self._picture.report, self._picture.at
        for number, sentence in enumerate(picture.answer):
            self._say(sentence, "" if number else _STYLES[report.conclusion.says])
        if report.course.bars:
            self._gap(airy)
            self._say(storm.weather(report.course, now), "yellow" if _lasts(report.course) else "")
            self._say(storm.peak(picture.course, now))
            self._draw(now)
            self._say(f"So far: {storm.became(report)}.")
        self._say(storm.earlier(report))
        for section in storm.sections(report, few)[:lists]:
            self._gap(airy)
            self._list(section)
        self._gap(airy)
        self._say(next_look(picture.rhythms, now))
        self._say(picture.foot, "dim")
        return self._lines

    def _say(self, text: str, style: str = "") -> None:
        if not text:
            return
        whole = Text(wording.shown(text, _LINE), style=style)
        self._lines += [whole] if self._width is None else whole.wrap(self._console, self._width)

    def _gap(self, airy: bool) -> None:
        if airy and self._lines:
            self._lines.append(Text())

    def _draw(self, now: datetime) -> None:
        marks = storm.marks(self._picture.course, min(_MARKS, (self._width or _MARKS + 2) - 2))
        if marks is None:
            return
        self._say(storm.drawn(marks, now))
        self._lines.append(Text(f"  {sparkline(marks.counts, blocks=self._blocks)}", style="cyan"))

    def _list(self, section: storm.Section) -> None:
        self._say(section.heading, "bold")
        broad = max(len(many) for many, _ in section.items)
        rows = [f"{many:>{broad}}{'  ' if broad else ''}{what}" for many, what in section.items]
        for row in rows:
            line = Text(f"  {wording.shown(row, _LINE)}")
            if self._width is not None:
                line.truncate(self._width, overflow="ellipsis" if self._blocks else "crop")
            self._lines.append(line)


def _lasts(course: Course) -> bool:
    return course.storm_since is not None and course.storm_until is None


def next_look(rhythms: Sequence[Rhythm], now: datetime) -> str:
    """When one of the accounts is looked at next; without a daemon, that nobody does."""
    running = [each for each in rhythms if each.push is not None]
    dues = [each.due for each in running if each.due is not None]
    if dues:
        return wording.next_look(min(dues), now)
    if running:
        return wording.rhythm(running[0].poll, running[0].push, wanted=running[0].wanted)
    return storm.UNWATCHED if rhythms else ""


class Living:
    """What `rich.live` shows: laid out anew for whatever size the terminal has by now, and for the time that it is."""

    def __init__(
        self, picture: Picture, *, blocks: bool, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._picture = picture
        self._blocks = blocks
        self._monotonic = monotonic
        self._seen_at = monotonic()
        self.note = ""

    def now(self) -> Picture:
        """As it is by now; what was seen stays the same, only the next look comes nearer."""
        at = self._picture.at + timedelta(seconds=self._monotonic() - self._seen_at)
        return replace(self._picture, at=at, foot=self.note or self._picture.foot)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        size = (options.max_width, options.height or console.height)
        yield from fitted(self.now(), console, size, blocks=self._blocks)


def show(screen: Screen, picture: Picture, *, spare: int = 0) -> None:
    """Once: on a terminal as much as fits, with so many lines to spare; else all of it, in whole lines."""
    console = screen.people
    fits = console.is_terminal and not console.is_dumb_terminal
    size = (console.width, console.height - spare) if fits else None
    for line in fitted(picture, console, size, blocks=can_draw(console.file)):
        console.print(line, soft_wrap=True)


def live(screen: Screen, seen: Iterable[Picture | Trouble | None]) -> None:
    """On a screen of its own that is gone in the end, as pagers do; what it showed last is printed then, to be kept."""
    console = screen.people
    living: Living | None = None
    drawn: object = None
    try:
        with Live(console=console, screen=True, auto_refresh=False) as shown:
            for each in seen:
                if isinstance(each, Picture):
                    living = Living(each, blocks=can_draw(console.file))
                elif living is not None and isinstance(each, Trouble):
                    living.note = storm.stale(str(each), living.now().report.now)
                if living is None:
                    continue
                # A tick alone draws nothing, but that minutes pass and windows change.
                now = console.size, f"{living.now().at:%H:%M}"
                if each is not None or now != drawn:
                    shown.update(living, refresh=True)
                    drawn = now
    except KeyboardInterrupt:
        if living is not None:
            show(screen, replace(living.now(), foot=""), spare=1)
        raise


def told(screen: Screen, seen: Iterable[Picture | Trouble | None]) -> None:
    """For a log, a screen reader, a terminal that can do nothing: all of it once, then a line for each change."""
    before: Picture | None = None
    for picture in changes(seen, lambda each: each.report, lambda trouble: screen.trouble(str(trouble))):
        if before is None:
            show(screen, picture)
        elif line := storm.changed(before.report, picture.report):
            screen.say(line)
            if picture.report.conclusion.says is not before.report.conclusion.says:
                for sentence in picture.answer:
                    screen.say(sentence)
        else:
            continue
        before = picture
