"""What a stranger can make of two rules: ids cut short acquit, and the own server's bounces add up to an alarm.

At worst mail stays in the inbox: no genuine bounce goes, no alarm is raised, no other backscatter is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean.alarms import MANY_BOUNCES
from scatterclean.model import Identities, Question, Verdict

from .world import ME, World, bounce

OWN = "smtp.winter.example"
LOGGED = "20261123.4711.abc@winter.example"
# What everybody can guess of it: the day.
GUESSED = "20261123"
LOGIN = f"pc (pc.stranger.example [198.51.100.8])\n\t(Authenticated sender: {ME})"
TO = [f"s{number}@net{number}.example" for number in range(MANY_BOUNCES + 5)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "log.db")
    made.set(identities=Identities(addresses=frozenset([ME, "*@winter.example"])))
    made.history()
    made.sent(LOGGED, ago=timedelta(hours=3), to=", ".join(TO))
    made.sweep()
    made.watched()
    assert not made.store.journal.alarms("home")
    yield made
    made.close()


def delivered(world: World, raw: bytes, *on_top: str) -> None:
    """With these Received lines on top, as the machines that it came through put them."""
    head = "".join(f"Received: {line}\r\n" for line in on_top).encode()
    world.server.append("INBOX", head + raw, arrival=world.now - timedelta(hours=2))


def verdicts(world: World) -> dict[str, Verdict]:
    return {
        case.bounce.references[0].id.text: case.finding.verdict for case in world.store.docket.find("home")
    }


def test_a_guessed_beginning_teaches_no_machine_that_raises_an_alarm_or_hides_mail(world: World) -> None:
    """It makes its bounce genuine, and of genuine ones the machines are learned through which the person's mail
    leaves; then the same stranger shows that machine's line about the person's log-in."""
    world.bounced(GUESSED, hop=LOGIN.replace("\n\t", " "), number=1)
    world.bounced(GUESSED, hop="out.taught.example (out.taught.example [198.51.100.9])", number=2)
    assert world.sweep().verdicts == {Verdict.GENUINE: 2}
    world.later(minutes=10)
    world.bounced("forged.3@spam.example", number=3, by="out.taught.example", hop=LOGIN.replace("\n\t", " "))
    world.bounced(
        "forged.4@spam.example", number=4, hop="out.taught.example (out.taught.example [198.51.100.9])"
    )
    world.bounced("forged.5@spam.example", number=5)
    world.bounced(LOGGED, number=6, recipient=TO[0])
    world.sweep()
    world.later(hours=2)
    world.sweep()
    assert not world.store.journal.alarms("home")
    told = verdicts(world)
    assert told[LOGGED] is Verdict.GENUINE
    assert told["forged.5@spam.example"] is Verdict.ORPHAN
    assert told["forged.4@spam.example"] is Verdict.UNDECIDED  # he keeps his own backscatter in the inbox


@pytest.mark.parametrize(
    "ident",
    ["2026112%", "________", "%%%%%%%%", "20261123*", "*" * 8, "2026112\U0010ffff", "20261123\0", "\udc80" * 8,
     "2026112", "20261123" * 120, '20261123"', "20261123' OR 1=1 --", "[0-9]" * 4, "\U0010ffff" * 8],
)  # fmt: skip
def test_no_character_of_an_id_stands_for_others(world: World, ident: str) -> None:
    question = Question(world.account.person, frozenset([ident, "20261123.47"]))
    # A NUL is never stored, and so is not asked for either: what is left is the guessed beginning.
    same = {ident} if ident.rstrip("\0") == GUESSED else set()
    assert world.store.sent_log.ask(question).known == {"20261123.47", *same}


@pytest.mark.parametrize("quoted", [LOGGED, GUESSED, LOGGED.partition("@")[0]])
@pytest.mark.parametrize(
    "on_top",
    [
        (f"from {OWN} (unknown [198.51.100.7]) by mail.winter.example (Postfix) with ESMTP id 1; now",),
        (f"from {OWN} (dsl-7.stranger.example [198.51.100.7]) by mail.winter.example with ESMTP id 1; now",),
        (f"from {OWN} ([198.51.100.7]) by mail.winter.example with LMTP id 1; now",),
        (
            f"from pc ([198.51.100.7]) by {OWN} with ESMTP id 2; now",
            f"from localhost (localhost [127.0.0.1]) by {OWN} (Postfix) with ESMTP id 1; now",
        ),
        (f"from {OWN} ({OWN} [198.51.100.7]) by mx.elsewhere.example with ESMTP id 1; now",),
        (f"from pc ([10.0.0.7]) by {OWN} with HTTP id 1; now",),
        (f"from {ME} by {OWN} with local id 1; now",),
    ],
    ids=["helo", "reverse", "lmtp", "loopback below", "elsewhere", "web form", "local user"],
)
def test_who_brings_bounces_of_the_own_server_from_elsewhere_raises_no_alarm(
    world: World, quoted: str, on_top: tuple[str, ...]
) -> None:
    at = world.now - timedelta(hours=2)
    for number, recipient in enumerate(TO):
        delivered(world, bounce(quoted, at=at, number=number, recipient=recipient, by=OWN), *on_top)
    assert world.sweep().verdicts == {Verdict.GENUINE: len(TO)}
    assert not world.store.journal.alarms("home")


def test_who_makes_the_own_server_bounce_to_the_person_raises_no_alarm(world: World) -> None:
    """Mail in the person's name, with an id of the person's, to people whom that server does not know: it writes the
    bounces in truth.  In what it returns all recipients of the logged message are named."""
    for number in range(len(TO)):
        raw = bounce(
            LOGGED,
            at=world.now - timedelta(hours=2),
            number=number,
            by=OWN,
            recipient=f"x{number}@winter.example",
        )
        named = raw.replace(
            f"To: x{number}@winter.example\r\nSubject".encode(), f"To: {', '.join(TO)}\r\nSubject".encode()
        )
        assert named != raw
        delivered(world, named)
    assert world.sweep().verdicts == {Verdict.GENUINE: len(TO)}
    assert not world.store.journal.alarms("home")


def test_bounces_about_ids_cut_in_many_places_neither_hide_nor_forge_a_heap(world: World) -> None:
    """The own server quotes whole ids; beside its own bounces a stranger sends his, about beginnings of the id."""
    at = world.now - timedelta(hours=2)
    for number, recipient in enumerate(TO[: MANY_BOUNCES - 1]):
        delivered(world, bounce(LOGGED, at=at, number=number, recipient=recipient, by=OWN))
    for number, recipient in enumerate(TO):
        raw = bounce(LOGGED[: 8 + number % 9], at=at, number=100 + number, recipient=recipient, by=OWN)
        delivered(world, raw, f"from pc ([198.51.100.7]) by {OWN} with ESMTP id 2; now")
    world.sweep()
    assert not world.store.journal.alarms("home")
    delivered(world, bounce(LOGGED, at=at, number=99, recipient=TO[-1], by=OWN))
    world.sweep()
    [alarm] = world.store.journal.alarms("home")
    assert (alarm["recipients"], alarm["id"]) == (str(MANY_BOUNCES), LOGGED)
