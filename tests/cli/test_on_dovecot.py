"""Commands against a real Dovecot; and that what strangers wrote harms no output of them."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from scatterclean.cli import exits
from scatterclean.model import Notice, NoticeKind
from scatterclean.tell import message_id, written
from tests.servers import DovecotHand, fresh_user
from tests.sweeps.world import ME, bounce, letter

from .home import Home
from .program import COMMAND, environment, objects

# What a stranger may write to take over a terminal, to be taken for markup, or to hide: ESC, CSI, OSC 8, BEL, a
# line of its own, direction marks, invisible characters.
HOSTILE = (
    "[bold red]IMPORTANT[/] \x1b[31mred\x1b]8;;http://evil.example\x1b\\ \x9b2J \x07 :skull: "
    "\u202egnp.exe \u200b[link=http://evil.example]x[/link] {task.description} %s"
)


def test_a_sweep_closes_with_a_table_reasons_and_the_way_back(home: Home) -> None:
    code, told, said = home("sweep")
    assert (code, said) == (exits.DONE, "")
    assert re.search(r"^home +3 +1 +0 +0 +0$", told, re.MULTILINE)
    assert "Put away:" in told
    assert '3 x "Undelivered Mail Returned to Sender"' in told
    assert "1 genuine: you sent the message <sent.2@winter.example>" in told
    assert "scatterclean undo --sweep 1" in told
    assert home.count("Backscatter") == 3


def test_observing_says_what_would_move_and_that_nothing_did(home: Home) -> None:
    code, told, _ = home("sweep", "--observe")
    assert code == exits.DONE
    assert "Would be put away:" in told
    assert "Nothing was moved: you asked for --observe; without that, this account moves." in told
    assert "only observes" not in told
    assert home.count("INBOX") == 5


def test_why_without_a_message_names_the_latest_with_the_command_for_each(home: Home) -> None:
    home("sweep")
    code, told, _ = home("why", "home")
    assert home("why") == (code, told, "")
    assert code == exits.DONE
    assert "home: say which message. The latest on record (none is undecided):" in told
    command = next(line.strip() for line in told.splitlines() if "scatterclean why home" in line)
    code, story, said = home(*shlex.split(command)[1:])
    assert (code, said) == (exits.DONE, "")
    [ident] = shlex.split(command)[3:]
    assert home("why", ident) == (exits.DONE, story, "")  # there is one account


def test_why_of_an_account_that_is_not_there_names_those_that_are(home: Home) -> None:
    home("sweep", "--observe")
    code, _, said = home("why", "house")
    assert code == exits.USAGE
    assert "there is no account house" in said
    assert "It has: home" in said


def test_an_account_that_only_observes_says_so_also_with_the_option(home: Home) -> None:
    home.config.write_text(home.config.read_text().replace('mode = "move"', 'mode = "observe"'))
    for options in ([], ["--observe"]):
        _, told, _ = home("sweep", *options)
        assert "this account only observes" in told


def test_what_was_brought_back_is_named_by_the_next_sweep(home: Home) -> None:
    home("sweep")
    home("undo", "--all", "--yes")
    _, told, _ = home("sweep")
    assert "3 that you brought back stay: no sweep moves them again" in told
    assert home.count("Backscatter") == 0


def test_a_sweep_of_one_folder_and_since_a_day_looks_only_there(home: Home) -> None:
    home.hand.create("Lists")
    at = datetime.now(UTC) - timedelta(days=9)
    home.hand.append("Lists", bounce("old@spam.example", at=at, number=90), arrival=at)
    code, told = home.json("sweep", "--folder", "Lists", "--since", "3d")
    assert (code, told["accounts"][0]["looked_at"], told["accounts"][0]["moved"]) == (exits.DONE, 0, 0)
    _, told = home.json("sweep", "--folder", "Lists")
    assert [case["folder"] for case in told["accounts"][0]["put_away"]] == ["Lists"]


def test_a_folder_that_is_missing_is_trouble_and_is_named(home: Home) -> None:
    code, told, said = home("sweep", "--folder", "No Such")
    assert code == exits.TROUBLE
    assert "No Such" in told + said


def test_status_tells_what_the_log_knows_what_was_put_away_and_what_is_open(home: Home) -> None:
    home.bounced("other@spam.example", sender="eve@other.example", to="eve@other.example")
    home("sweep")
    home("undo", "--message", "<1.forged.0@mx.elsewhere.example>")
    code, told, _ = home("status")
    assert code == exits.DONE
    assert "The log of what you sent: 30 messages" in told
    assert "the log knows what you sent since" in told
    assert "Put away: 3 today, 3 in the last 7 days, 3 ever (1 of them came back)" in told
    assert "Still open: 1 undecided (it cannot be told whose mail it is about)" in told
    assert "1: " in told
    _, told = home.json("status")
    [account] = told["accounts"]
    assert (account["logged"], account["holes"]) == (30, [])
    assert account["put_away"] == {"today": 3, "week": 3, "ever": 3, "returned": 1}
    assert datetime.fromisoformat(account["through"]) > datetime.now(UTC) - timedelta(minutes=5)


def test_why_tells_the_whole_story_of_an_orphan_by_uid_and_by_message_id(home: Home) -> None:
    home("sweep", "--observe")
    code, told, _ = home("why", "home", "1", "--full")
    assert code == exits.DONE
    for words in (
        "INBOX, UID 1, account home",
        "a bounce, status 5.1.1",
        "about mail to nobody@elsewhere.example",
        "<forged.0@spam.example>: strong, in: ",
        "not in the log",
        "the log holds 30 messages of your Sent folders",
        "account home: read from",
        "orphan: you never sent the message",
        "the rule that decided: ",
        "what would change it: a copy of that message in a Sent folder",
    ):
        assert words in told, words
    home("sweep")
    code, told, _ = home("why", "home", "<1.forged.0@mx.elsewhere.example>")
    assert code == exits.DONE
    assert "Backscatter, UID" in told
    assert "by a sweep (number 2), from INBOX to Backscatter: put away" in told
    _, story = home.json("why", "home", "1.forged.0@mx.elsewhere.example")
    [message] = story["messages"]
    assert message["finding"]["verdict"] == "orphan"
    assert [move["state"] for move in message["moves"]] == ["moved"]


def test_why_says_in_short_what_was_found_and_what_to_do_and_the_grounds_if_they_are_wanted(
    home: Home,
) -> None:
    home("sweep", "--observe")
    _, short, _ = home("why", "home", "1")
    _, full, _ = home("why", "home", "1", "--full")
    for words in ("orphan: you never sent the message", "what you can do: ", "the rule that decided: "):
        assert words in short
        assert words in full
    for words in ("What it quotes", "What the log knows", "Who sent the message that came back"):
        assert words not in short
        assert words in full
    assert "the same with --full" in short
    assert "the same with --full" not in full


def test_why_knows_the_notices_that_the_program_itself_put_into_the_inbox(home: Home) -> None:
    notice = Notice("home", "x", NoticeKind.STORM, "A storm", "text", datetime.now(UTC), datetime.now(UTC))
    home.hand.append("INBOX", written(notice, "ada@winter.example"))
    home("harvest")
    _, told, _ = home("why", "home", f"<{message_id(notice)}>")
    assert "a notice that scatterclean itself put here" in told
    assert "ordinary mail" not in told


def test_undo_that_is_not_told_what_names_what_is_most_likely_meant(home: Home) -> None:
    home("harvest")
    code, _, said = home("undo")
    assert code == exits.USAGE
    assert "no sweep has put anything away yet" in said
    home("sweep")
    home("sweep")
    code, _, said = home("undo")
    assert code == exits.USAGE
    assert "Most likely: scatterclean undo --sweep 1 (the last one, which put 3 messages away)" in said
    assert "scatterclean undo --all" in said


def test_why_says_of_ordinary_mail_that_it_is_none_of_its_business(home: Home) -> None:
    home("harvest")
    code, told, _ = home("why", "home", "5")
    assert code == exits.DONE
    assert "ordinary mail" in told
    _, story = home.json("why", "home", "5")
    assert (story["messages"][0]["automatic"], story["messages"][0]["finding"]) == (None, None)


@pytest.mark.parametrize("message", ["4711", "<nobody@nowhere.example>"])
def test_why_of_a_message_that_is_not_there_says_so(home: Home, message: str) -> None:
    home("harvest")
    code, told, said = home("why", "home", message)
    assert (code, told) == (exits.TROUBLE, "")
    assert f"there is no message {message}" in said


def test_undo_of_one_message_one_sweep_a_time_and_everything(home: Home) -> None:
    home("sweep")
    code, told, _ = home("undo", "--message", "1.forged.0@mx.elsewhere.example")
    assert (code, told) == (exits.DONE, "home: 1 message brought back\n")
    code, told, _ = home("undo", "--sweep", "99")
    assert "nothing to bring back" in told
    code, told, _ = home("undo", "--since", "1h", "home")
    assert (code, told) == (exits.DONE, "home: 2 messages brought back\n")
    assert (home.count("INBOX"), home.count("Backscatter")) == (5, 0)
    assert "nothing to bring back" in home("undo", "--all")[1]
    assert home.json("sweep")[1]["accounts"][0]["moved"] == 0


def test_undo_names_what_is_no_longer_there(home: Home) -> None:
    home("sweep")
    home.hand.delete("Backscatter", home.hand.messages("Backscatter")[0].uid)
    code, told, _ = home("undo", "--all")
    assert code == exits.TROUBLE
    assert "home: 2 messages brought back" in told
    assert "1 no longer where they were put" in told
    assert '"Undelivered Mail Returned to Sender"' in told


def test_a_harvest_tells_what_it_read(home: Home) -> None:
    code, told, _ = home("harvest")
    assert (code, told) == (exits.DONE, "home: 30 new in the log, 30 in all; read: Sent\n")
    _, form = home.json("harvest")
    assert (form["accounts"][0]["new"], form["accounts"][0]["logged"]) == (0, 30)


def test_the_other_accounts_of_a_person_are_read_before_so_that_nothing_waits_for_them(home: Home) -> None:
    other = fresh_user()
    hand = DovecotHand(home.server, other)
    at = datetime.now(UTC) - timedelta(days=40)
    hand.append("Sent", letter("Hello", sender=ME, ident="work@winter.example", at=at), arrival=at)
    hand.close()
    first = home.config.read_text()
    table = first[first.index("[accounts.home]") :].replace("home", "work").replace(home.user, other)
    home.config.write_text(first + table)
    _, told = home.json("sweep", "home")
    assert told["accounts"][0]["moved"] == 3


def test_trouble_of_another_account_of_the_person_is_told_and_waited_for(home: Home) -> None:
    first = home.config.read_text()
    table = first[first.index("[accounts.home]") :].replace("accounts.home", "accounts.dead")
    home.config.write_text(first + table.replace(f"port = {home.server.port}", "port = 1"))
    code, told, said = home("sweep", "home")
    assert code == exits.TROUBLE
    assert said.startswith("dead: 127.0.0.1")
    assert "3 waiting: the Sent folders of account dead were not read since it came" in told
    assert home.count("INBOX") == 5
    _, told, said = home("sweep")
    assert said.count("refuses the connection") == 1  # by its own sweep, not once more by the reading before


def test_trouble_in_one_account_does_not_keep_another_from_being_swept(home: Home) -> None:
    first = home.config.read_text()
    table = first[first.index("[accounts.home]") :].replace("accounts.home", "accounts.dead")
    table = table.replace(f"port = {home.server.port}", "port = 1") + 'person = "somebody"\n'
    home.config.write_text(first + table)
    code, told = home.json("sweep")
    assert code == exits.TROUBLE
    by_name = {account["account"]: account for account in told["accounts"]}
    assert by_name["home"]["moved"] == 3
    assert by_name["dead"]["failed"]["kind"] == "ServerUnreachable"
    code, told, said = home("sweep")
    assert code == exits.TROUBLE
    assert re.search(r"^dead +- +-", told, re.MULTILINE)
    assert "127.0.0.1" in said


# --- on a terminal ----------------------------------------------------------------------------------------


def on_a_terminal(
    home: Home, *arguments: str, answer: str = "", env: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """All that a person would see; `answer` is typed as soon as something is asked."""
    control, terminal = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "--config", str(home.config), *arguments],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment({"TERM": "xterm", "COLUMNS": "100"} | dict(env or {})),
    )
    os.close(terminal)
    seen = b""
    with suppress(OSError):  # EIO: the program closed its terminal
        while select.select([control], [], [], 60)[0]:
            if not (more := os.read(control, 4096)):
                break
            seen += more
            if answer and b"[y/N]" in seen:
                os.write(control, answer.encode())
                answer = ""
    os.close(control)
    return process.wait(60), seen.decode()


def test_undo_asks_before_it_brings_back_many_and_no_means_no(home: Home) -> None:
    for number in range(3, 22):
        home.bounced(f"forged.{number}@spam.example")
    home("sweep")
    assert home.count("Backscatter") == 22
    code, seen = on_a_terminal(home, "undo", "--all", answer="n\n")
    assert "Bring back 22 messages? They stay then: no sweep moves them again" in " ".join(seen.split())
    assert "Nothing was brought back." in seen
    assert (code, home.count("Backscatter")) == (exits.DONE, 22)
    code, seen = on_a_terminal(home, "undo", "--all", "--yes")
    assert "Bring back" not in seen
    assert (code, home.count("Backscatter")) == (exits.DONE, 0)


def test_undo_of_few_does_not_ask(home: Home) -> None:
    home("sweep")
    code, seen = on_a_terminal(home, "undo", "--all")
    assert (code, "[y/N]" in seen) == (exits.DONE, False)


def test_no_colour_means_none(home: Home) -> None:
    colour = r"\x1b\[[\d;]*3[0-7]m"
    assert re.search(colour, on_a_terminal(home, "sweep", "--observe")[1])
    for seen in (
        on_a_terminal(home, "sweep", "--observe", "--no-color"),
        on_a_terminal(home, "sweep", "--observe", env={"NO_COLOR": "1"}),
    ):
        assert "Would be put away:" in seen[1]
        assert not re.search(colour, seen[1])


# --- what strangers write ---------------------------------------------------------------------------------

_RFC2047 = "=?utf-8?Q?" + "".join(f"={byte:02X}" for byte in HOSTILE.encode()) + "?="


def harmless(output: str, *, terminal: bool = False) -> None:
    """Nothing that a terminal obeys but our own colours, and all of the markup as it was written."""
    if terminal:
        output = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", output).replace("\r", "")
        assert "31mred" in output  # of the stranger's sequence the first byte is gone, not the rest
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", output)


def test_a_hostile_subject_sender_and_id_harm_no_output(home: Home) -> None:
    at = datetime.now(UTC) - timedelta(hours=2)
    raw = bounce(
        "\x1b[31mid[bold]@spam.example", at=at, number=77, recipient="[red]x[/red]@elsewhere.example"
    )
    raw = raw.replace(b"Subject: Undelivered Mail Returned to Sender", f"Subject: {_RFC2047}".encode())
    raw = raw.replace(b"(Mail Delivery System)", b"([blink]\x1b[5m)")
    uid = home.hand.append("INBOX", raw, arrival=at)
    seen = [home("sweep", "--observe"), home("why", "home", str(uid)), home("sweep"), home("status")]
    eml = home.config.with_name("\x1b[31m[bold]hostile.eml")
    eml.write_bytes(raw)
    seen.append(home("try", str(eml)))
    for message in home.hand.messages("Backscatter"):
        if _RFC2047.encode() in message.raw:
            home.hand.delete("Backscatter", message.uid)
    seen.append(home("undo", "--all"))
    for code, told, said in seen:
        assert code in (exits.DONE, exits.TROUBLE)
        harmless(told)
        harmless(said)
    for place in (0, 1, 2, 5):
        assert "[bold red]IMPORTANT[/]" in seen[place][1], place
    assert ":skull:" in seen[1][1]
    assert "31mid[bold]@spam.example" in seen[4][1]


def test_on_a_terminal_a_hostile_subject_colours_nothing(home: Home) -> None:
    at = datetime.now(UTC) - timedelta(hours=2)
    raw = bounce("x@spam.example", at=at, number=78)
    raw = raw.replace(b"Subject: Undelivered Mail Returned to Sender", f"Subject: {_RFC2047}".encode())
    uid = home.hand.append("INBOX", raw, arrival=at)
    home("harvest")
    for arguments in (("sweep", "--observe"), ("why", "home", str(uid))):
        harmless(on_a_terminal(home, *arguments)[1], terminal=True)


def test_json_escapes_whatever_strangers_wrote(home: Home) -> None:
    at = datetime.now(UTC) - timedelta(hours=2)
    raw = bounce("forged.79@spam.example", at=at, number=79)
    raw = raw.replace(b"Subject: Undelivered Mail Returned to Sender", f"Subject: {_RFC2047}".encode())
    home.hand.append("INBOX", raw, arrival=at)
    _, printed, _ = home("sweep", "--observe", "--json")
    assert re.fullmatch(r"[ -~]+\n", printed)
    [told] = objects(printed.encode())
    assert any(":skull:" in str(case["subject"]) for case in told["accounts"][0]["would_put_away"])
