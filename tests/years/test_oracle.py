"""The figures of the years are counted by what the generator made: no word of the judge excuses what stayed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scatterclean.demo.dice import Dice
from scatterclean.demo.returns import Shape
from scatterclean.model import Because

from . import figures, reports
from .life import Label
from .people import household

PERSON = household(1, 45)[0]
NOW = datetime(2024, 4, 1, tzinfo=UTC)
BOT = ("static.203.0.113.171.vps-cheap.example", "203.0.113.171")


def forged(**truth: object) -> Label:
    made = {"named": True, "failed": True, "chained": True, "why": "undecided: x", **truth}
    return Label(1, PERSON, PERSON.boxes[0], "", "postfix", NOW, **made)  # type: ignore[arg-type]  # its fields


@pytest.mark.parametrize("why", list(Because))
def test_what_stayed_is_counted_whatever_reason_was_given(why: Because) -> None:
    label = forged(why=f"undecided: {why.value}")
    assert figures.figures([label])["forged due"] == 1
    assert figures.figures([label])["forged due and moved"] == 0


@pytest.mark.parametrize(
    "truth",
    [
        {"named": False},
        {"failed": False},
        {"shared": True},
        {"gap": True},
        {"pasted": True},
        {"chained": False},
        {"chained": False, "watched": True, "proved": True},
        {"chained": False, "proved": True, "stormy": True},
        {"chained": False, "watched": True, "stormy": True},
        {"route": "letter"},
    ],
)
def test_nothing_is_promised_of(truth: dict[str, object]) -> None:
    label = forged()
    for name, value in truth.items():
        setattr(label, name, value)
    assert figures.due([label]) == []


def test_where_nobody_knows_the_persons_machines_a_chain_promises_nothing() -> None:
    unknown = next(
        p for seed in range(9) for p in household(seed, 45) if not p.boxes[0].account.hosts and p.role
    )
    label = forged()
    label.person = unknown
    assert figures.due([label]) == []
    assert figures.hosts_unknown(label)


def test_silence_is_promised_to_convict_in_a_storm_where_the_log_was_watched_and_proved() -> None:
    assert figures.due([forged(chained=False, watched=True, proved=True, stormy=True)])


@pytest.mark.parametrize("shape", dict.fromkeys(reports.FAILED), ids=lambda shape: shape.__name__)
def test_the_chain_came_back_but_from_where_nothing_is_returned(shape: Shape) -> None:
    for number in range(20):
        dice = Dice(str(number))
        one = reports.forge(PERSON, PERSON.address, dice, NOW)
        mail, _ = reports.returned(
            one.mail, one.envelope, one.recipient, one.bot, NOW, NOW, shape, dice.fork("back")
        )
        without = shape.__name__ in {"headers_without_trace", "by_reply_alone", "gateway"}
        assert reports.hands_over(one.bot[1], mail.raw) is not without
