"""The words of the answer: number and plural right, nothing said that is zero, and each doubt with what would help."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scatterclean.model import Alarm, AlarmKind
from scatterclean.model.report import Conclusion, Course, Doubt, Doubted, Report, Says, Width
from scatterclean.wording.conclusion import answer, doubt, helps

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NO_SIGN = "No sign that your account was used:"


def said(*accounts: str, since: datetime | None = None, says: Says = Says.NO_SIGN, **numbers: object) -> str:
    found = Conclusion(says, **numbers)  # type: ignore[arg-type]  # the fields of Conclusion
    return answer(Report(accounts or ("home",), NOW, since, found, Course(Width.DAY))).sentence


def test_the_sentence_of_the_issue() -> None:
    assert said(bounces=2331, not_yours=2314, foreign=2102, own=14, undecided=3) == (
        f"{NO_SIGN} 2,314 of 2,331 bounces speak of messages that you did not send, and for 2,102 of them the line of "
        "the server that refused them names a stranger's machine; 14 are your own mail; 3 could not be decided."
    )


SPEAK = "speak of messages that you did not send"
THE_LINE = "the line of the server that refused {} names a stranger's machine"
NEVER = "about an address that you never send from"


def numbers(**of: int) -> Conclusion:
    return Conclusion(Says.NO_SIGN, **of)  # type: ignore[arg-type]  # those that are numbers


GROUNDS = [
    (numbers(), "no bounce is on record"),
    (numbers(bounces=1, not_yours=1), "the only bounce speaks of a message that you did not send"),
    (
        numbers(bounces=1, not_yours=1, foreign=1, brought_back=1),
        (
            f"the only bounce speaks of a message that you did not send, and {THE_LINE.format('it')}; it was brought "
            "back to your inbox"
        ),
    ),
    (
        numbers(bounces=2, not_yours=2, foreign=2, brought_back=1),
        (
            f"both bounces {SPEAK}, and for both of them {THE_LINE.format('them')}; 1 of them was brought back to your "
            "inbox"
        ),
    ),
    (
        numbers(bounces=3, not_yours=2, foreign=1, own=1),
        f"2 of 3 bounces {SPEAK}, and for 1 of them {THE_LINE.format('it')}; 1 is your own mail",
    ),
    (
        numbers(bounces=3, not_yours=1, never_sends=1, undecided=2, others=1),
        (
            f"1 of 3 bounces speaks of a message that you did not send, and it is {NEVER}; 2 could not be decided (1 "
            "of them is about somebody else's mail)"
        ),
    ),
    (numbers(bounces=4, not_yours=4, never_sends=4), f"all 4 bounces {SPEAK}, and all of them are {NEVER}"),
    (numbers(bounces=3, own=2, waiting=1), "2 of 3 bounces speak of your own mail; 1 is still to be judged"),
    (
        numbers(bounces=3, not_yours=2, brought_back=1, undecided=1, back=2),
        f"2 of 3 bounces {SPEAK}; 1 could not be decided; 2 of all these were brought back to your inbox",
    ),
    (
        numbers(bounces=3, undecided=3, others=3),
        "none of 3 bounces could be decided (all of them are about somebody else's mail)",
    ),
    (
        numbers(bounces=3, own=2, undecided=1, others=1),
        "2 of 3 bounces speak of your own mail; 1 could not be decided (it is about somebody else's mail)",
    ),
    (numbers(bounces=2, undecided=2), "neither bounce could be decided"),
]


@pytest.mark.parametrize(("found", "ground"), GROUNDS)
def test_number_and_plural(found: Conclusion, ground: str) -> None:
    told = answer(Report(("home",), NOW, None, found, Course(Width.DAY)))
    assert told.sentence == f"{NO_SIGN} {ground}."


def test_several_accounts_have_several_logs() -> None:
    log_since = NOW - timedelta(days=1)
    assert said("home", "work", since=NOW - timedelta(days=30), log_since=log_since) == (
        "No sign that any of your accounts was used: no bounce came since 24 October; your logs cover only what you "
        "sent since yesterday."
    )


def test_several_alarms_are_counted_and_the_latest_is_told() -> None:
    detail = (("strangers", "60"), ("usual", "2"))
    alarms = [Alarm("home", str(n), AlarmKind.BURST, NOW - timedelta(days=n), detail) for n in range(3)]
    told = said(says=Says.ALARM, alarms=tuple(alarms))
    assert told.startswith("ALARM: account home: 60 people to whom you never wrote before")
    assert told.endswith("2 earlier alarms are on record.")
    assert said(says=Says.ALARM, alarms=tuple(alarms[:2])).endswith("1 earlier alarm is on record.")


def test_an_alarm_that_was_not_told_yet_is_one_all_the_same() -> None:
    assert said(says=Says.ALARM, bounces=2, alarming=2) == (
        "ALARM: somebody else seems to send through your account. Both bounces speak of mail that your account sent."
    )


def test_where_most_are_undecided_all_of_them_are_told_as_everywhere_else() -> None:
    detail = {
        "undecided": "158",
        "others": "2",
        "waiting": "3",
        "bounces": "166",
        "so": "60",
        "because": "unproved",
    }
    one = Doubted(Doubt.MOSTLY_UNDECIDED, tuple(detail.items()))
    assert said(
        says=Says.CANNOT_TELL, bounces=166, undecided=158, others=2, waiting=3, own=5, doubts=(one,)
    ) == (
        "Cannot tell whether your account was used: 158 of 166 bounces could not be decided (2 of them are about "
        "somebody else's mail), and 3 are still to be judged. 5 of 166 bounces speak of your own mail."
    )
    assert helps(one, NOW).startswith("60 of them: ")
    waits = Doubted(
        Doubt.MOSTLY_UNDECIDED, (("undecided", "0"), ("waiting", "5"), ("bounces", "5"), ("so", "5"))
    )
    assert doubt(waits, NOW) == "all 5 bounces are still to be judged"


EVERY = {
    "account": "home",
    "since": (NOW - timedelta(days=3)).isoformat(),
    "through": (NOW - timedelta(days=3)).isoformat(),
    "shape": "n.n@x.example",
    "bounces": "3",
    "of": "4",
    "undecided": "2",
    "because": "unproved",
}


@pytest.mark.parametrize("kind", Doubt)
@pytest.mark.parametrize("without", [(), ("since", "through", "because")])
def test_each_doubt_says_what_is_missing_and_what_would_help(kind: Doubt, without: tuple[str, ...]) -> None:
    one = Doubted(kind, tuple((name, "" if name in without else text) for name, text in EVERY.items()))
    missing, help_ = doubt(one, NOW), helps(one, NOW)
    assert missing[0].islower() or missing[0].isdigit()
    assert not missing.endswith(".")
    assert help_.endswith(".")
    assert help_[0].isupper() or help_[0] == "`"
    assert "None" not in missing + help_


def test_what_a_stranger_wrote_reaches_the_sentence_harmless() -> None:
    shape = Doubted(Doubt.UNLOGGED, (("account", "home"), ("shape", "\x1b[2J\u202e" + "a" * 10_000)))
    told = doubt(shape, NOW)
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert len(told) < 300
