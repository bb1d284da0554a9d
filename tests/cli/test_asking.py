"""Asking about single messages, and asking for what cannot be: `why`, `sweep --list` and `undo` on a real Dovecot."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime, timedelta

import pytest

from scatterclean.cli import exits
from tests.sweeps.world import bounce

from .home import Home


@pytest.mark.parametrize("number", ["0", "00", "4294967296", "99999999999", "9" * 5000])
def test_a_number_that_is_no_uid_is_wrong_usage(home: Home, number: str) -> None:
    code, told, said = home("why", "home", number)
    assert (code, told) == (exits.USAGE, "")
    assert "is no UID" in said


def test_why_of_a_uid_that_was_moved_says_where_the_message_is_now_and_how_to_ask(home: Home) -> None:
    home("sweep")
    code, told, said = home("why", "home", "1")
    assert (code, told) == (exits.TROUBLE, "")
    assert "UID 1 was moved to Backscatter (UID " in said
    assert "by sweep 1; see `scatterclean why home" in said
    [asked] = re.findall("`scatterclean (.*)`", said)
    assert home(*shlex.split(asked))[0] == exits.DONE
    _, form = home.json("why", "home", "1")
    assert (form["messages"], [move["state"] for move in form["moved_on"]]) == ([], ["moved"])


def test_why_follows_a_message_that_was_moved_and_brought_back(home: Home) -> None:
    home("sweep")
    home("undo", "--sweep", "1")
    _, _, said = home("why", "home", "1")
    assert re.search(r"by sweep 1, brought back to INBOX \(UID \d+\) by undo 2; see ", said)
    [asked] = re.findall("`scatterclean (.*)`", said)
    code, told, _ = home(*shlex.split(asked))
    assert code == exits.DONE
    assert "but it stays: you brought it back (undo, " in told


def test_to_observe_and_to_move_at_once_is_wrong_usage(home: Home) -> None:
    code, _, said = home("sweep", "--observe", "--move")
    assert code == exits.USAGE
    assert "--observe or --move" in said
    assert home.count("INBOX") == 5


def test_a_day_that_is_still_to_come_is_wrong_usage_and_today_is_not(home: Home) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date()
    code, _, said = home("sweep", "--since", str(tomorrow))
    assert code == exits.USAGE
    assert "still to come" in said
    assert home("sweep", "--since", "today")[0] == exits.DONE


def test_a_list_names_every_message_that_moves_or_stays_undecided(home: Home) -> None:
    home.bounced("other@spam.example", sender="eve@other.example", to="eve@other.example")
    row = re.compile(
        r'^ +\d{4}-\d\d-\d\d \d\d:\d\d .*MAILER-DAEMON.* "Undelivered .*" +<(.*)>$',
        re.MULTILINE | re.IGNORECASE,
    )
    _, told, _ = home("sweep", "--observe")
    assert row.findall(told) == []
    for mode in ("--observe", "--move"):
        code, told, _ = home("sweep", "--list", mode)
        assert code == exits.DONE
        listed = {f"{number}.forged.{number - 1}@mx.elsewhere.example" for number in (1, 2, 3)}
        assert listed | {"5.other@mx.elsewhere.example"} <= set(row.findall(told)), mode


def test_examples_show_how_to_ask_about_one(home: Home) -> None:
    _, told, _ = home("sweep", "--observe")
    [asked] = re.findall(r"^ +scatterclean (why home '<.*forged.*>')$", told, re.MULTILINE)
    code, told, _ = home(*shlex.split(asked))
    assert code == exits.DONE
    assert "The finding" in told


def test_a_list_shows_nothing_that_a_terminal_obeys(home: Home) -> None:
    at = datetime.now(UTC) - timedelta(hours=2)
    raw = bounce("x@spam.example", at=at, number=79)
    raw = raw.replace(b"<79.x@", b"<\x1b[31m79.x@").replace(b"(Mail Delivery System)", b"(\x1b[5mx)")
    home.hand.append("INBOX", raw, arrival=at)
    _, told, _ = home("sweep", "--observe", "--list")
    assert "79.x@mx" in told
    assert "\x1b" not in told


def test_an_undo_of_a_sweep_that_never_was_is_trouble(home: Home) -> None:
    home("sweep")
    code, told, _ = home("undo", "--sweep", "99")
    assert code == exits.TROUBLE
    assert "There is no sweep 99" in told
    assert home.json("undo", "--sweep", "99")[1]["nothing"] == "no-sweep"


def test_an_undo_of_what_was_brought_back_already_says_so(home: Home) -> None:
    home("sweep")
    home("undo", "--sweep", "1")
    for arguments in (
        ("--sweep", "1"),
        ("--message", "<1.forged.0@mx.elsewhere.example>"),
        ("--all",),
        ("--since", "1h"),
    ):
        code, told, _ = home("undo", *arguments)
        assert code == exits.DONE
        assert "already brought back" in told, arguments


def test_an_undo_of_a_sweep_that_moved_nothing_says_so(home: Home) -> None:
    home("sweep", "--observe")
    code, told, _ = home("undo", "--sweep", "1")
    assert (code, told) == (exits.DONE, "Sweep 1 put nothing away: there is nothing to bring back.\n")


def test_an_undo_of_a_message_that_was_never_put_away_is_trouble(home: Home) -> None:
    home("sweep")
    code, told, _ = home("undo", "--message", "<nobody@nowhere.example>")
    assert code == exits.TROUBLE
    assert "No message with the Message-ID <nobody@nowhere.example> was put away" in told
