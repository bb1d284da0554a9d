"""What is asked for in the dashboard really happens in a mailbox on Dovecot, once: beside a daemon, without one, and
whoever is killed in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scatterclean.demo.dovecot import ScratchDovecot
from scatterclean.model import Errand, WishState
from scatterclean.store import open_store
from tests.web.house import Visitor
from tests.web.person import PATIENCE, Person, a_person


@pytest.fixture
def person(dovecot: ScratchDovecot, tmp_path: Path) -> Iterator[Person]:
    with a_person(dovecot, tmp_path) as made:
        yield made


def ask(visitor: Visitor, path: str) -> str:
    said = visitor.send(path)
    assert said.status == 303, said
    assert said.location.startswith("/wishes/")
    return said.location


def there_and_back(person: Person, visitor: Visitor) -> None:
    """Each of the four: bring back, its undo, this is backscatter, its undo; the mailbox is looked at after each."""
    inbox, away = person.counts()
    move, case = person.away()[0], person.undecided()[0]
    told = visitor.get(f"/away/{move}").text
    assert "the button above brings it back" in told
    assert "scatterclean undo" not in told  # where a button stands nobody is sent to a terminal
    page = ask(visitor, f"/away/{move}/bring-back")
    person.done()
    assert person.counts() == (inbox + 1, away - 1)
    told = visitor.get(page).text
    assert "It was brought back" in told
    assert f"/away/{move}/put-away" in told

    page = ask(visitor, f"/away/{move}/put-away")
    person.done()
    assert person.counts() == (inbox, away)

    page = ask(visitor, f"/stays/{case}/put-away")
    person.done()
    assert person.counts() == (inbox - 1, away + 1)
    told = visitor.get(page).text
    assert "It was put away" in told
    undo = told.partition('class="button" href="')[2].partition('"')[0]
    assert undo.endswith("/bring-back")
    ask(visitor, undo)
    person.done()
    assert person.counts() == (inbox, away)
    person.books.whole()


def test_without_a_daemon_the_dashboard_does_it_itself_and_no_sweep_fights_it(person: Person) -> None:
    with person.dashboard() as web:
        visitor = web.let_in()
        there_and_back(person, visitor)
        case = person.undecided()[0]
        ask(visitor, f"/stays/{case}/put-away")
        person.done()
        story = visitor.post(f"/away/{person.away()[0]}/story", visitor.form(f"/away/{person.away()[0]}"))
        assert story.status == 200
        assert "you said that it is backscatter" in story.text
        assert "As the mail server showed it just now" in story.text
    inbox, away = person.counts()
    again = person.program("sweep", "--folder", "INBOX")["accounts"][0]
    assert (again["moved"], again["returned"]) == (0, 0)
    assert person.counts() == (inbox, away)
    assert len(person.program("undo", "--all")["accounts"][0]["back"]) == away
    person.books.undone()


def test_beside_a_running_daemon_it_is_done_within_seconds(person: Person) -> None:
    with person.daemon(), person.dashboard() as web:
        visitor = web.let_in()
        began = time.monotonic()
        there_and_back(person, visitor)
        # Four wishes, one after the other: no poll (five minutes by default) was waited for.
        assert time.monotonic() - began < PATIENCE
        assert (
            "The daemon" in visitor.get("/wishes/1").text
            or "was brought back" in visitor.get("/wishes/1").text
        )


def test_killed_at_any_moment_on_either_side_each_wish_is_carried_out_once(person: Person) -> None:
    """Where it dies here is chance; each single step has its turn in tests/sweeps/test_crash_points.py."""
    moves, cases = person.away()[:4], person.undecided()[:4]
    inbox, away = person.counts()
    for number, (move, case) in enumerate(zip(moves, cases, strict=True)):
        with person.dashboard() as web:
            visitor = web.let_in()
            ask(visitor, f"/away/{move}/bring-back")
            ask(visitor, f"/stays/{case}/put-away")
            time.sleep(0.15 * number)
            os.kill(web.process.pid, signal.SIGKILL)
        if number in (1, 2):
            with person.daemon() as daemon:
                time.sleep(0.3 * number)
                daemon.kill()
    with person.daemon():
        person.done()
    assert len(person.states()) == len(moves) + len(cases)
    assert person.deeds(Errand.UNDO) == len(moves)
    assert person.deeds(Errand.HAND) == len(cases)
    assert person.counts() == (inbox + len(moves) - len(cases), away - len(moves) + len(cases))
    person.books.whole()


def test_sweeps_that_run_at_the_same_time_double_and_lose_nothing(person: Person) -> None:
    """A command sweeps again and again, new orphans arrive, and the person asks for one thing after the other."""
    moves, cases = person.away()[:3], person.undecided()[:2]
    sweep = f"{sys.executable} -m scatterclean --config '{person.program.config}' sweep"
    sweeping = subprocess.Popen(
        ["sh", "-c", f"for n in 1 2 3 4; do {sweep}; done"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **person.env},
    )
    with person.dashboard() as web:
        visitor = web.let_in()
        for number, move in enumerate(moves):
            person.books.another(9000 + number)
            ask(visitor, f"/away/{move}/bring-back")
            assert visitor.get("/away").status == 200
        for case in cases:
            ask(visitor, f"/stays/{case}/put-away")
        person.done()
        sweeping.wait(PATIENCE)
        person.done()
    assert person.deeds(Errand.UNDO) == len(moves)
    assert person.deeds(Errand.HAND) == len(cases)
    person.books.whole()


def test_undo_is_handed_over_to_the_daemon_and_tells_what_became_of_it(person: Person) -> None:
    [first, *_] = person.away()
    inbox, away = person.counts()
    with person.store() as store:
        [move] = store.journal.moves(ids=[first])
    with person.daemon():
        one = person.program("undo", "--message", move.intent.message_id or "")
        assert one["exit"] == 0, one
        assert [back["subject"] for back in one["accounts"][0]["back"]] == [move.intent.subject]
        assert person.counts() == (inbox + 1, away - 1)
        again = person.program("undo", "--message", move.intent.message_id or "")
        assert again["nothing"] == "already-back"
        rest = person.program("undo", "--all")
        assert len(rest["accounts"][0]["back"]) == away - 1
    person.books.undone()
    with open_store(person.database):  # who has the database now is no daemon
        refused = person.program("undo", "--sweep", "1")
    assert refused["exit"] == 4
    assert "in use by" in refused["said"]


def test_a_message_that_has_gone_meanwhile_is_said_to_be_gone(person: Person) -> None:
    [first, *_] = person.away()
    with person.store() as store:
        [move] = store.journal.moves(ids=[first])
    with person.dashboard() as web:
        visitor = web.let_in()
        form = visitor.form(f"/away/{first}/bring-back")
        person.books.hand.delete("Backscatter", move.target_uid or 0)
        page = visitor.post(f"/away/{first}/bring-back", form).location
        person.until(lambda: person.states() == [WishState.GONE])
        assert "is no longer where it was" in visitor.get(page).text
        looked = visitor.post(f"/away/{first}/story", visitor.form(f"/away/{first}"))
        assert "does not have this message where it was" in looked.text


def test_the_story_on_record_is_there_at_once_and_the_rest_is_asked_of_the_server(person: Person) -> None:
    with person.dashboard() as web:
        visitor = web.let_in()
        path = f"/stays/{person.undecided()[0]}"
        page = visitor.get(path)
        for heading in ("The finding", "What it quotes", "What the log knows"):
            assert f"<h2>{heading}</h2>" in page.text
        looked = visitor.post(f"{path}/story", visitor.form(path))
        assert looked.status == 200
        assert "As the mail server showed it just now" in looked.text
