"""Several commands in one write: what servers answer to them late, mixed up or not at all changes no result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pytest

from scatterclean.errors import ConnectionLost, FolderMissing, ServerBusy
from scatterclean.mailbox.imap import ImapMailbox
from scatterclean.mailbox.login import open_session
from scatterclean.mailbox.portions import Portions
from scatterclean.mailbox.together import manners_of
from scatterclean.model import Place
from scatterclean.ports import FolderState
from tests.e2e.wiretap import Wiretap
from tests.servers import CUT, SILENCE, ScriptedServer

WELCOME = b"TAG OK [CAPABILITY IMAP4rev1 ID NAMESPACE UIDPLUS MOVE UNSELECT] welcome\r\n"
PERSONAL = b'* NAMESPACE (("" "/")) NIL NIL\r\nTAG OK .\r\n'
LISTED = b'* LIST () "/" INBOX\r\n* LIST (\\Sent) "/" Sent\r\nTAG OK .\r\n'
INBOX, SENT = FolderState(Place("INBOX", 7), 10, 3), FolderState(Place("Sent", 8), 20, 5)
TOLD = {
    'STATUS "INBOX': [b"* STATUS INBOX (MESSAGES 3 UIDNEXT 10 UIDVALIDITY 7)\r\nTAG OK .\r\n"],
    'STATUS "Sent': [b"* STATUS Sent (UIDVALIDITY 8 MESSAGES 5 UIDNEXT 20)\r\nTAG OK .\r\n"],
}
SCRIPT: Mapping[str, Sequence[bytes]] = {
    "(password)": [WELCOME],
    "NAMESPACE": [PERSONAL],
    "LIST": [LISTED],
    **TOLD,
}
LATE = b""  # nothing is said until the last of them was heard: a client that waits would wait for ever


@pytest.fixture(autouse=True)
def strangers() -> Iterator[None]:
    """What was learned of the servers of other tests, which may have had the same ports, is forgotten."""
    manners_of.cache_clear()
    yield
    manners_of.cache_clear()


def opened(server: ScriptedServer, *, portions: Portions | None = None, timeout: float = 5.0) -> ImapMailbox:
    box = ImapMailbox(open_session(server.access(read_timeout=timeout)), portions)
    box.begin(["Sent", "INBOX"])
    return box


def said(server: ScriptedServer) -> list[bytes]:
    return [line.partition(b" ")[2] for line in server.heard if b" " in line]


def count(server: ScriptedServer, command: bytes) -> int:
    return sum(line.startswith(command) for line in said(server))


def all_is_found(box: ImapMailbox) -> bool:
    names = {folder.name: folder.use for folder in box.folders()}
    return (
        names == {"INBOX": frozenset(), "Sent": {"sent"}}
        and box.state("Sent") == SENT
        and box.state("INBOX") == INBOX
    )


# --- in one write -----------------------------------------------------------------------------------------


def test_the_first_words_after_the_login_are_one_write() -> None:
    both = b'* NAMESPACE (("" "/")) NIL NIL\r\n* ID NIL\r\nTAG OK .\r\nTAG-1 OK .\r\n'
    with ScriptedServer({**SCRIPT, "ID": [LATE], "NAMESPACE": [both]}) as server:
        session = open_session(server.access())
        assert session.together
        assert session.naming.namespaces().prefix == ""
        assert count(server, b"NAMESPACE") == 1
        session.close()


def test_capabilities_that_were_not_told_are_asked_for_with_the_first_words() -> None:
    script = {
        **SCRIPT,
        "(password)": [b"TAG OK welcome\r\n"],
        "CAPABILITY": [
            b"* CAPABILITY IMAP4rev1 AUTH=PLAIN ID NAMESPACE\r\nTAG OK .\r\n",
            LATE,
        ],
        "ID": [LATE],
        "NAMESPACE": [
            b"* CAPABILITY IMAP4rev1 ID NAMESPACE MOVE\r\nTAG-2 OK .\r\n* ID NIL\r\nTAG-1 OK .\r\n" + PERSONAL
        ],
    }
    with ScriptedServer(script) as server:
        session = open_session(server.access())
        assert session.together
        assert session.can("MOVE")
        session.close()


@pytest.mark.parametrize("one", ["ID", "NAMESPACE"])
def test_a_server_that_knows_only_one_of_the_first_words_is_found_out_too(one: str) -> None:
    welcome = b"TAG OK [CAPABILITY IMAP4rev1 %s] welcome\r\n" % one.encode()
    late = b"TAG-1 OK .\r\n* CAPABILITY IMAP4rev1 %s\r\nTAG OK .\r\n" % one.encode()
    asked = [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nTAG OK .\r\n", late]
    with ScriptedServer({**SCRIPT, "(password)": [welcome], one: [LATE], "CAPABILITY": asked}) as server:
        session = open_session(server.access())
        assert session.together
        session.close()


def test_what_the_greeting_tells_is_not_asked_for() -> None:
    greeting = b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR ID] [ready] for you\r\n"
    with ScriptedServer({**SCRIPT, "AUTHENTICATE": [WELCOME]}, greeting=greeting) as server:
        open_session(server.access()).close()
        assert count(server, b"CAPABILITY") == 0
        assert count(server, b"AUTHENTICATE PLAIN ") == 1  # SASL-IR, which only the greeting told


@pytest.mark.parametrize(
    "greeting",
    [b"* OK [CAPABILITY IMAP2] old\r\n", b"* OK [CAPABILITY] x\r\n", b"* OK [CAPABILITY \xff] x\r\n"],
)
def test_a_greeting_that_tells_nothing_of_use_is_asked_again(greeting: bytes) -> None:
    with ScriptedServer(SCRIPT, greeting=greeting) as server:
        open_session(server.access()).close()
        assert count(server, b"CAPABILITY") == 1


def test_the_folders_and_their_states_are_one_write() -> None:
    last = b"TAG-2 OK .\r\n".join((LISTED.replace(b"TAG OK .\r\n", b""), b""))
    last += b"* STATUS Sent (MESSAGES 5 UIDNEXT 20 UIDVALIDITY 8)\r\nTAG-1 OK .\r\n"
    script = {
        **SCRIPT,
        "LIST": [LATE],
        'STATUS "Sent': [LATE],
        'STATUS "INBOX': [last + TOLD['STATUS "INBOX'][0]],
    }
    with ScriptedServer(script) as server:
        box = opened(server)
        assert all_is_found(box)
        assert count(server, b"STATUS") == 2
        box.close()


def test_answers_in_any_order_belong_to_the_folders_that_they_name() -> None:
    backwards = (
        b"* STATUS inbox (MESSAGES 3 UIDNEXT 10 UIDVALIDITY 7)\r\n* STATUS {4}\r\nSent (MESSAGES 5 UIDNEXT 20 "
        b"UIDVALIDITY 8)\r\n* 4 EXISTS\r\nTAG OK .\r\nTAG-1 OK .\r\n" + LISTED.replace(b"TAG", b"TAG-2")
    )
    script = {**SCRIPT, "LIST": [LATE], 'STATUS "Sent': [LATE], 'STATUS "INBOX': [backwards]}
    with ScriptedServer(script) as server:
        box = opened(server)
        assert all_is_found(box)
        box.close()


def test_a_server_that_tells_its_capabilities_only_when_it_is_asked_costs_five_round_trips() -> None:
    script = {**SCRIPT, "AUTHENTICATE": [b"TAG OK welcome\r\n"]}
    with (
        ScriptedServer(script, capability="AUTH=PLAIN SASL-IR ID NAMESPACE") as server,
        Wiretap(server.port).running() as tap,
    ):
        box = ImapMailbox(open_session(server.access(port=tap.port)))
        box.begin(["Sent", "INBOX"])
        assert all_is_found(box)
        box.close()
        assert tap.turns == 5  # CAPABILITY, the login, the first words, what a sweep asks, the farewell


# --- refusals ---------------------------------------------------------------------------------------------


def test_a_folder_that_is_gone_does_not_hide_the_others() -> None:
    gone = b"TAG NO [NONEXISTENT] no such folder\r\n"
    with ScriptedServer({**SCRIPT, 'STATUS "Sent': [gone]}) as server:
        box = opened(server)
        assert len(box.folders()) == 2
        assert box.state("INBOX") == INBOX
        with pytest.raises(FolderMissing):
            box.state("Sent")
        assert box.states(["Sent", "INBOX"]) == {"INBOX": INBOX}
        box.close()


def test_a_list_that_is_refused_is_asked_for_alone() -> None:
    with ScriptedServer({**SCRIPT, "LIST": [b"TAG NO not now\r\n", LISTED]}) as server:
        box = opened(server)
        assert all_is_found(box)
        assert count(server, b"LIST") == 2
        box.close()


@pytest.mark.parametrize("command", ["NAMESPACE", "LIST", 'STATUS "Sent', 'STATUS "INBOX'])
def test_a_server_that_says_bad_is_asked_one_thing_at_a_time_from_then_on(command: str) -> None:
    with ScriptedServer({**SCRIPT, command: [b"TAG BAD what?\r\n", SCRIPT[command][0]]}) as server:
        box = opened(server)
        assert all_is_found(box)
        box.close()
        assert manners_of(f"127.0.0.1:{server.port}").alone
        server.heard.clear()
        again = opened(server)
        assert all_is_found(again)
        again.close()
        assert [line.split(b" ")[0] for line in said(server)][-6:] == [
            b"ID", b"LIST", b"NAMESPACE", b"STATUS", b"STATUS", b"LOGOUT",
        ]  # fmt: skip


def test_a_status_that_tells_too_little_is_asked_for_alone() -> None:
    little = b"* STATUS Sent (MESSAGES 5 UIDVALIDITY 8)\r\nTAG OK .\r\n"
    examined = b"* 5 EXISTS\r\n* OK [UIDVALIDITY 8] .\r\n* OK [UIDNEXT 20] .\r\nTAG OK [READ-ONLY] .\r\n"
    with ScriptedServer({**SCRIPT, 'STATUS "Sent': [little], 'EXAMINE "Sent': [examined]}) as server:
        box = opened(server)
        box.folders()
        assert box.state("Sent") == SENT
        box.close()


# --- servers that cannot bear it --------------------------------------------------------------------------


@pytest.mark.parametrize("how", [CUT, SILENCE, b"* BYE too fast\r\n" + CUT, b"TAG OK .\r\n" + CUT])
def test_a_server_that_breaks_off_is_met_once_more_and_asked_one_thing_at_a_time(how: bytes) -> None:
    timeout = 0.5 if how == SILENCE else 5.0
    with ScriptedServer({**SCRIPT, "ID": [how, b"TAG OK .\r\n"]}) as server:
        box = opened(server, timeout=timeout)
        assert all_is_found(box)
        box.close()
        assert count(server, b"AUTHENTICATE") == 2
        assert [line.split(b" ")[0] for line in said(server)][-6:] == [
            b"ID", b"LIST", b"NAMESPACE", b"STATUS", b"STATUS", b"LOGOUT",
        ]  # fmt: skip
        opened(server).close()
        assert count(server, b"AUTHENTICATE") == 3  # it is known now


def test_a_server_that_breaks_off_whatever_is_asked_is_met_twice_and_no_more() -> None:
    with ScriptedServer({**SCRIPT, "ID": [CUT]}) as server:
        with pytest.raises(ConnectionLost):
            opened(server)
        assert count(server, b"AUTHENTICATE") == 2


def test_a_server_that_wants_patience_is_not_met_once_more() -> None:
    with ScriptedServer({**SCRIPT, "ID": [b"* BYE [UNAVAILABLE] try again later\r\n" + CUT]}) as server:
        with pytest.raises(ServerBusy):
            opened(server)
        assert count(server, b"AUTHENTICATE") == 1


@pytest.mark.parametrize("how", [CUT, b"* BYE bye\r\n" + CUT, b"* STATUS Sent (MESSAGES 5 UIDNEXT 20" + CUT])
def test_a_line_that_breaks_later_ends_the_session_and_is_no_fault_of_the_server(how: bytes) -> None:
    with ScriptedServer({**SCRIPT, 'STATUS "Sent': [how]}) as server:
        box = opened(server)
        with pytest.raises(ConnectionLost):
            box.folders()
        with pytest.raises(ConnectionLost):
            box.state("INBOX")
        assert not manners_of(f"127.0.0.1:{server.port}").alone


def test_who_wants_no_answers_ahead_asks_one_thing_at_a_time() -> None:
    with ScriptedServer(SCRIPT) as server:
        box = opened(server, portions=Portions(ahead=1))
        assert all_is_found(box)
        box.close()
        asked = [line.split(b" ")[0] for line in said(server)]
        assert asked[-4:] == [b"LIST", b"STATUS", b"STATUS", b"LOGOUT"]
        assert manners_of(f"127.0.0.1:{server.port}").alone is False


# --- how long an answer counts ----------------------------------------------------------------------------


def test_a_state_that_was_asked_for_with_others_is_given_out_once() -> None:
    later = b"* STATUS Sent (UIDVALIDITY 8 MESSAGES 6 UIDNEXT 21)\r\nTAG OK .\r\n"
    with ScriptedServer({**SCRIPT, 'STATUS "Sent': [TOLD['STATUS "Sent'][0], later]}) as server:
        box = opened(server)
        box.folders()
        assert box.state("Sent") == SENT
        assert box.state("Sent") == FolderState(Place("Sent", 8), 21, 6)
        assert box.first_states() == {"Sent": SENT}
        box.close()


def test_a_state_from_before_anything_else_was_said_is_asked_for_anew() -> None:
    later = b"* STATUS Sent (UIDVALIDITY 8 MESSAGES 6 UIDNEXT 21)\r\nTAG OK .\r\n"
    with ScriptedServer({**SCRIPT, 'STATUS "Sent': [TOLD['STATUS "Sent'][0], later]}) as server:
        box = opened(server)
        box.folders()
        assert box.uids(Place("INBOX", 7)) == []
        assert box.state("Sent") == FolderState(Place("Sent", 8), 21, 6)
        box.close()


def test_folders_that_are_listed_again_are_asked_for_again() -> None:
    more = LISTED.replace(b"TAG", b'* LIST () "/" New\r\nTAG')
    with ScriptedServer({**SCRIPT, "LIST": [LISTED, more]}) as server:
        box = opened(server)
        assert len(box.folders()) == 2
        assert len(box.folders()) == 3
        box.close()


def test_nothing_that_changes_the_session_goes_with_other_commands() -> None:
    with ScriptedServer(SCRIPT) as server:
        session = open_session(server.access())
        with pytest.raises(AssertionError):
            session.ask_together([(b"EXAMINE", b"INBOX"), (b"LIST", b'""', b'"*"')])
        assert count(server, b"EXAMINE") == 0
