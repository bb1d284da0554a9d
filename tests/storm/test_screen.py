"""What stands on the screen of a storm: everything that matters, at any width, in any encoding, without colours."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from rich.console import Console

from scatterclean.cli.screen import Screen
from scatterclean.cli.storming import Living, Picture, can_draw, fitted, live, show, sparkline
from scatterclean.cli.storming import told as log
from scatterclean.errors import DatabaseLocked, Trouble
from scatterclean.model import Push
from scatterclean.model.report import Course, Failure, Report, Says, Width
from scatterclean.standing import Rhythm

from .made import NOW, hostile_report, quiet_report, storm_report

ANSWER = (
    "No sign that your account was used: 2,324 of 2,331 bounces speak of messages that you did not send, and for "
    "2,102 of them the line of the server that refused them names a stranger's machine; 3 are your own mail; 2 "
    "could not be decided."
)
DUE = (Rhythm(timedelta(minutes=5), Push.WOKEN, due=NOW + timedelta(minutes=5)),)


def picture(report: Report, answer: Sequence[str] = (ANSWER,), **other: Any) -> Picture:
    plain = Picture(report, report.course, answer, report.now, DUE)
    return replace(plain, **other)


def lines(shown: Picture, size: tuple[int, int] | None, *, blocks: bool = True) -> list[str]:
    console = Console(file=io.StringIO(), markup=False, highlight=False, emoji=False, width=80)
    return [line.plain for line in fitted(shown, console, size, blocks=blocks)]


@pytest.mark.parametrize("size", [(80, 23), (40, 40), (200, 50)])
def test_it_fits_the_terminal_and_nothing_that_matters_is_left_out(size: tuple[int, int]) -> None:
    told = lines(picture(storm_report()), size)
    assert len(told) <= size[1]
    assert max(map(len, told)) <= size[0]
    text = " ".join(" ".join(told).split())
    for words in (
        "No sign that your account was used: 2,324 of 2,331 bounces",
        "A storm of bounces is in progress, since today 14:05.",
        "Peak: 1,200 in one hour (today 16:00). Usual: about 2 a day.",
        "So far: 2,324 put away, 3 your own or left alone, 2 undecided, 2 waiting.",
        "Mail of your own that came back, and needs you",
        'bob@friend.example: The mailbox is full ("Lunch on Friday")'[:36],
        "Your addresses that were forged, 7 in all:",
        "2,000 ada@winter.example",
        "Servers that sent the bounces, 341 in all:",
        "900 mx0.mail.example",
        "Subjects of the spam, 42 in all:",
        '1,200 "Cheap pills 50% off"',
        "Next look: today 20:35, in 5 min",
    ):
        assert words in text


def test_a_forgery_that_was_left_is_told_with_the_reason() -> None:
    report = storm_report()
    report = replace(report, conclusion=replace(report.conclusion, left_by_hand=1))
    text = "\n".join(lines(picture(report), None))
    assert (
        "3 your own or left alone (1 because you flagged or answered it, or brought it back), 2 undecided"
        in text
    )


def test_an_address_that_exists_by_a_catch_all_alone_is_not_called_made_up() -> None:
    """It may be one that the person gave to others, such as info@, and only never sent from."""
    text = "\n".join(lines(picture(storm_report()), None))
    assert "qx81@winter.example, you never sent from it, as far as is known" in text
    assert "made-up" not in text


def test_of_two_storms_each_peak_says_whose_it_is() -> None:
    report = storm_report()
    now = NOW - timedelta(hours=1)
    course = replace(report.course, storm_peak=300, storm_peak_at=now, peak_at=NOW - timedelta(days=20))
    text = "\n".join(lines(picture(replace(report, course=course)), None))
    peak = "300 in one hour (today 19:30); at another time 1,200 (3 November 20:30). Usual: about 2 a day."
    assert f"Peak of this storm: {peak}" in text


def test_what_arrived_after_all_needs_nobody() -> None:
    report = storm_report()
    good = replace(report.returned[0], failure=Failure.DELIVERED)
    text = "\n".join(lines(picture(replace(report, returned=(good,), more_returned=0)), None))
    assert "needs you" not in text


def test_the_answer_comes_first() -> None:
    assert lines(picture(storm_report()), (80, 23))[0].startswith("No sign that your account was used")


def test_a_tall_terminal_holds_more_and_every_list_says_how_much_it_leaves_out() -> None:
    tall = lines(picture(storm_report()), (80, 60))
    assert sum("mail.example" in line for line in tall) == 8
    assert "Servers that sent the bounces, 341 in all:" in tall
    small = lines(picture(storm_report()), (80, 23))
    assert sum("mail.example" in line for line in small) == 3
    assert "Servers that sent the bounces, 341 in all:" in small


def test_where_it_is_piped_lines_are_whole() -> None:
    told = lines(picture(storm_report()), None)
    assert ANSWER in told
    assert sum("mail.example" in line for line in told) == 5


def test_where_the_answer_is_long_lists_give_way_and_what_needs_the_person_goes_last() -> None:
    long = [ANSWER, *(f"It cannot be told, for the reason {'x' * 70} {n}." for n in range(5))]
    heads = []
    for height in (25, 23, 22, 20, 19):
        told = lines(picture(storm_report(), long), (80, height))
        assert len(told) <= height
        assert told[-1].startswith("Next look")
        heads.append([line.split(",")[0] for line in told if line.endswith(":") and "per hour" not in line])
    assert heads[0] == [
        "Mail of your own that came back",
        "Your addresses that were forged",
        "Servers that sent the bounces",
    ]
    assert [len(each) for each in heads] == [3, 2, 1, 0, 0]
    assert all(longer[: len(shorter)] == shorter for longer, shorter in pairwise(heads))


def test_a_terminal_too_small_for_all_of_it_loses_the_end_and_not_the_answer() -> None:
    told = lines(picture(storm_report()), (40, 10))
    assert told[0].startswith("No sign")
    assert max(map(len, told)) <= 40


def test_the_sparkline_is_said_in_words_above_it() -> None:
    told = lines(picture(storm_report()), (80, 60))
    at = next(number for number, line in enumerate(told) if line.startswith("Per hour"))
    assert told[at] == "Per hour, today 14:00 to today 20:30: at most 1,200, 10 in the last one"
    assert told[at + 1] == "  ▁▁█▅▃▁▁"
    ascii_only = lines(picture(storm_report()), (80, 60), blocks=False)
    assert ascii_only[at + 1] == "  ::@*=::"
    assert "".join(ascii_only).isascii()


@pytest.mark.parametrize(
    ("counts", "drawn", "plain"),
    [
        ([0, 1, 2, 4, 8], "·▁▂▄█", ".:-+@"),
        ([0, 0], "··", ".."),
        ([5], "█", "@"),
        ([1, 100_000], "▁█", ":@"),
        ([], "", ""),
    ],
)
def test_nothing_is_told_from_little_and_the_most_is_the_highest(
    counts: list[int], drawn: str, plain: str
) -> None:
    assert sparkline(counts, blocks=True) == drawn
    assert sparkline(counts, blocks=False) == plain


def test_more_hours_than_columns_are_put_together_and_named_so() -> None:
    course = storm_report().course
    long = replace(
        course, bars=tuple(replace(course.bars[1], start=NOW + timedelta(hours=n - 119)) for n in range(120))
    )
    told = lines(picture(storm_report(course=long)), (40, 80))
    drawing = next(line for line in told if line.startswith("  █"))
    assert len(drawing) == 2 + 30
    assert "Per 4 hours, " in " ".join(told)
    assert "at most 160" in " ".join(" ".join(told).split())


@pytest.mark.parametrize(("width", "unit"), [(Width.DAY, "day"), (Width.WEEK, "week")])
def test_days_and_weeks_are_dated_without_a_time(width: Width, unit: str) -> None:
    course = replace(storm_report().course, width=width)
    told = lines(picture(storm_report(course=course)), None)
    assert f"Per {unit}, 2026-11-23 to 2026-11-23: at most 1,200, 10 in the last one" in told


@pytest.mark.parametrize(
    ("course", "words"),
    [
        (
            {"storm_until": NOW - timedelta(hours=1)},
            "The last storm of bounces is over: it went from today 14:05 to",
        ),
        ({"storm_since": None}, "There is no storm, and was none in this time."),
        ({"usual": 0.0}, "Usual: none on most days."),
        ({"usual": 0.5}, "Usual: fewer than one a day."),
        ({"usual": 1234.0}, "Usual: about 1,200 a day."),
    ],
)
def test_a_storm_that_is_over_and_what_is_usual_are_said(course: dict[str, Any], words: str) -> None:
    changed = replace(storm_report().course, **course)
    assert words in " ".join(lines(picture(storm_report(course=changed)), None))


def test_where_nothing_ever_came_one_sentence_says_it() -> None:
    told = lines(picture(quiet_report(), ["No bounce is on record."], rhythms=()), (80, 23))
    assert [line for line in told if line] == ["No bounce is on record."]


def test_what_an_earlier_since_leaves_out_is_counted() -> None:
    report = storm_report(since=NOW - timedelta(days=2), earlier=1200)
    assert "1,200 bounces that came before 2026-11-21 20:30 CET are left out." in lines(picture(report), None)


def test_an_alarm_and_what_to_do_stand_above_everything() -> None:
    report = storm_report()
    report = replace(report, conclusion=replace(report.conclusion, says=Says.ALARM))
    told = lines(picture(report, ["ALARM: it happened.", "It is harmless if.", "Change the password."]), None)
    assert told[:3] == ["ALARM: it happened.", "It is harmless if.", "Change the password."]


@pytest.mark.parametrize("size", [(80, 23), (40, 23), None])
def test_whatever_strangers_wrote_no_terminal_obeys_and_no_link_can_be_opened(
    size: tuple[int, int] | None,
) -> None:
    told = lines(picture(hostile_report()), size)
    for character in "".join(told):
        assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert "https://" not in "".join(told)
    assert "www.evil" not in "".join(told)
    assert max(map(len, told)) < 2000
    assert all(not line.startswith(("Bcc", "=cmd")) for line in told)


def test_wide_characters_are_cut_by_the_cells_that_they_take() -> None:
    from rich.cells import cell_len

    report = storm_report()
    report = replace(report, forged=(replace(report.forged[0], address="字" * 100 + "@winter.example"),))
    assert max(map(cell_len, lines(picture(report), (40, 40)))) <= 40


@pytest.mark.parametrize(
    ("encoding", "term", "can"),
    [
        ("utf-8", "xterm", True),
        ("ascii", "xterm", False),
        ("latin-1", "xterm", False),
        ("utf-8", "linux", False),
    ],
)
def test_blocks_are_drawn_where_there_are_any(
    encoding: str, term: str, can: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    assert can_draw(io.TextIOWrapper(io.BytesIO(), encoding)) is can


def test_without_colours_the_same_words_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    printed = []
    for no_color in (True, False):
        file = io.StringIO()
        console = Console(
            file=file, force_terminal=True, no_color=no_color, width=80, height=40, highlight=False
        )
        show(Screen(console, console, for_program=False), picture(storm_report()))
        printed.append(file.getvalue())
    plain, coloured = printed
    assert "\x1b[3" not in plain  # no colour; bold may stay
    assert "\x1b[1;32m" in coloured
    assert "So far: 2,324 put away" in plain


def test_the_next_look_comes_nearer_while_nothing_else_changes() -> None:
    passed = [0.0]
    living = Living(picture(storm_report()), blocks=True, monotonic=lambda: passed[0])
    passed[0] = 240.0
    console = Console(file=io.StringIO(), width=80, height=50)
    console.print(living)
    output = console.file
    assert isinstance(output, io.StringIO)
    assert "Next look: today 20:35, in 60 s" in output.getvalue()


def test_what_came_before_the_marks_is_counted_beside_them() -> None:
    report = storm_report(course=replace(storm_report().course, before=490))
    assert (
        "So far: 2,324 put away, 3 your own or left alone, 2 undecided, 2 waiting, and 490 before."
        in lines(picture(report), None)
    )


@pytest.mark.parametrize(
    ("rhythms", "words"),
    [
        ((Rhythm(timedelta(minutes=5)),), "Nobody watches it now; `scatterclean run` does."),
        (
            (Rhythm(timedelta(minutes=5), Push.WOKEN),),
            "Woken by the server when mail arrives, and looks every 5 min",
        ),
        (
            (
                Rhythm(timedelta(minutes=5), Push.OFF, due=NOW + timedelta(minutes=9)),
                Rhythm(timedelta(minutes=5), Push.OFF, due=NOW + timedelta(minutes=2)),
            ),
            "Next look: today 20:32, in 2 min",
        ),
    ],
)
def test_who_looks_and_when_is_said_at_the_end(rhythms: tuple[Rhythm, ...], words: str) -> None:
    assert lines(picture(storm_report(), rhythms=rhythms), None)[-1] == words


def test_a_course_without_bars_draws_nothing() -> None:
    told = lines(picture(storm_report(course=Course(Width.HOUR))), None)
    assert not [line for line in told if line.startswith("Per ") or "So far" in line]


def terminal_of(output: io.StringIO) -> Screen:
    console = Console(file=output, force_terminal=True, width=100, height=60, highlight=False, no_color=True)
    return Screen(console, console, for_program=False)


def interrupted(*seen: Picture | Trouble | None) -> Iterator[Picture | Trouble | None]:
    yield from seen
    raise KeyboardInterrupt


def test_what_cannot_be_read_again_stays_as_it_was_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    output = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        live(
            terminal_of(output), interrupted(picture(storm_report()), DatabaseLocked("held by backup"), None)
        )
    shown, _, kept = output.getvalue().rpartition("\x1b[?1049l")
    stale = "This is how it was at 2026-11-23 20:30 CET; it could not be read again: held by backup"
    assert shown.rindex(stale) > shown.rindex("So far: 2,324 put away")
    assert "So far: 2,324 put away" in kept


def test_a_tick_alone_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    drawn = []
    for ticks in (0, 50):
        output = io.StringIO()
        with pytest.raises(KeyboardInterrupt):
            live(terminal_of(output), interrupted(picture(storm_report()), *[None] * ticks))
        drawn.append(output.getvalue().count("So far: "))
    assert drawn[0] == drawn[1]


def test_nothing_seen_yet_leaves_the_terminal_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    output = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        live(terminal_of(output), interrupted())
    assert output.getvalue().rpartition("\x1b[?1049l")[2].strip("\x1b[?25h") == ""


def test_a_log_gets_all_once_then_changes_the_answer_when_it_is_another_and_each_trouble_once() -> None:
    first = storm_report()
    more = replace(first, conclusion=replace(first.conclusion, bounces=2400), now=NOW + timedelta(minutes=2))
    alarm = replace(
        more, conclusion=replace(more.conclusion, says=Says.ALARM), now=NOW + timedelta(minutes=4)
    )
    held = DatabaseLocked("held by backup")
    output = io.StringIO()
    console = Console(file=output, width=120)
    seen = (
        *(picture(first), None, picture(replace(first, now=NOW + timedelta(minutes=1))), held, held),
        *(picture(more), picture(alarm, ["ALARM: it happened.", "Change the password."])),
    )
    log(Screen(console, console, for_program=False), iter(seen))
    lines = output.getvalue().splitlines()
    begin = lines.index("Next look: today 20:35, in 5 min")
    assert lines[begin + 1 :] == [
        "held by backup",
        "2026-11-23 20:32 CET: 2,400 bounces (+69); 2,324 put away, 3 your own or left alone, 2 undecided, 2 waiting",
        "2026-11-23 20:34 CET: 2,400 bounces; 2,324 put away, 3 your own or left alone, 2 undecided, 2 waiting",
        "ALARM: it happened.",
        "Change the password.",
    ]
