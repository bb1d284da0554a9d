"""Sessions between two sweeps: one for each account, in step and alive, or none."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from scatterclean.errors import CommandRefused, ConnectionLost, ServerBusy
from scatterclean.mailbox import sessions
from scatterclean.mailbox.lasting import Lasting
from scatterclean.mailbox.login import open_mailbox
from scatterclean.mailbox.sessions import Sessions
from tests.mailbox.scripts import EXAMINED, INBOX
from tests.servers import CUT, SILENCE, ScriptedServer

CAPABLE = "AUTH=PLAIN UIDPLUS MOVE UNSELECT"
STATUS = b"* STATUS INBOX (MESSAGES 3 UIDNEXT 10 UIDVALIDITY 7)\r\nTAG OK .\r\n"
DONE = b"TAG OK .\r\n"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every session has to prove that it lives, within half a second."""
    monkeypatch.setattr(sessions, "_FRESH", 0.0)
    monkeypatch.setattr(sessions, "_PATIENCE", 0.5)


class Line:
    """Sessions with one scripted server; `met` counts the logins."""

    def __init__(self, server: ScriptedServer) -> None:
        self.server = server
        self.kept = Sessions(keeps=True)
        self.met = 0

    def connect(self) -> Lasting:
        self.met += 1
        return open_mailbox(self.server.access())

    def use(self, do: Callable[[Lasting], object] = lambda _: None, key: object = "key") -> None:
        with self.kept.use("home", key, self.connect, ()) as box:
            do(box)

    def heard(self, command: bytes) -> int:
        return sum(line.partition(b" ")[2].startswith(command) for line in self.server.heard)


@pytest.fixture
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    script: dict[str, Sequence[bytes]] = {"STATUS": [STATUS], "EXAMINE": [EXAMINED]}
    script |= getattr(request, "param", {})
    with ScriptedServer(script, capability=CAPABLE) as server:
        line = Line(server)
        yield line
        line.kept.let_go()


def look(box: Lasting) -> object:
    """Leaves INBOX open, and finds nothing new."""
    return box.uids(INBOX, 2)


def state(box: Lasting) -> object:
    return box.state("INBOX")


# --- kept -------------------------------------------------------------------------------------------------


def test_one_session_serves_sweep_after_sweep(line: Line) -> None:
    for _ in range(3):
        line.use(state)
    assert (line.met, line.heard(b"AUTHENTICATE"), line.heard(b"LOGOUT")) == (1, 1, 0)
    assert line.heard(b"NOOP") == 2  # each time but the first it has proved that it lives


def test_nothing_is_kept_where_nobody_wants_that(line: Line) -> None:
    line.kept.keeps = False
    line.use(state)
    line.use(state)
    assert (line.met, line.heard(b"LOGOUT")) == (2, 2)


def test_a_session_that_was_heard_just_now_is_not_asked_for_a_sign_of_life(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "_FRESH", 60.0)
    line.use(state)
    assert line.kept.states("home", "key", ["INBOX"])
    line.use(state)
    assert (line.met, line.heard(b"NOOP")) == (1, 0)


def test_the_folder_that_is_open_is_left_without_an_expunge(line: Line) -> None:
    line.use(look)
    line.use(state)
    assert (line.met, line.heard(b"UNSELECT"), line.heard(b"CLOSE")) == (1, 1, 0)
    assert line.heard(b"STATUS") == 1  # by STATUS again: it is the selected folder no more


@pytest.mark.parametrize("line", [{"UNSELECT": [b"TAG NO why?\r\n"]}, {"UNSELECT": [CUT]}], indirect=True)
def test_a_session_that_cannot_leave_its_folder_is_not_kept(line: Line) -> None:
    line.use(look)
    line.use(look)
    assert (line.met, line.heard(b"CLOSE")) == (2, 0)


def test_a_server_without_unselect_keeps_only_sessions_without_a_folder() -> None:
    with ScriptedServer({"STATUS": [STATUS], "EXAMINE": [EXAMINED]}, capability="AUTH=PLAIN MOVE") as server:
        line = Line(server)
        line.use(state)
        line.use(look)
        line.use(state)
        assert (line.met, line.heard(b"LOGOUT"), line.heard(b"CLOSE")) == (2, 1, 0)
        line.kept.let_go()


def test_an_answer_that_nobody_read_to_its_end_is_nobodys_beginning(line: Line) -> None:
    line.use(lambda box: next(box.headers(INBOX, [1, 2], ["Subject"]), None))
    line.use(state)
    assert line.heard(b"STATUS") == 1


@pytest.mark.parametrize(
    "line",
    [
        {
            "LIST": [
                b'* LIST () "." INBOX\r\nTAG OK .\r\n',
                b'* LIST () "." INBOX\r\n* LIST () "." INBOX.Sent\r\nTAG OK .\r\n',
            ]
        }
    ],
    indirect=True,
)
def test_what_was_guessed_from_the_folders_of_then_is_guessed_anew(line: Line) -> None:
    found: list[str] = []
    for _ in range(2):
        line.use(lambda box: found.append(box.personal("Backscatter")))
    assert (found, line.met) == (["Backscatter", "INBOX.Backscatter"], 1)


# --- dropped ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [ConnectionLost("x"), CommandRefused("x"), RuntimeError(), KeyboardInterrupt()]
)
def test_after_any_error_the_session_is_not_used_again(line: Line, error: BaseException) -> None:
    def breaks(_: Lasting) -> None:
        raise error

    with pytest.raises(type(error)):
        line.use(breaks)
    line.use(state)
    assert line.met == 2


def test_a_session_under_another_configuration_is_parted_with(line: Line) -> None:
    line.use(state)
    line.use(state, key="another password")
    assert (line.met, line.heard(b"LOGOUT")) == (2, 1)


def test_what_nobody_used_for_long_is_parted_with(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    line.use(state)
    line.kept.tidy(["home"])
    assert line.heard(b"LOGOUT") == 0
    monkeypatch.setattr(sessions, "LONGEST", 0.0)
    line.kept.tidy(["home"])
    until(lambda: line.heard(b"LOGOUT") == 1)
    assert line.kept.states("home", "key", ["INBOX"]) is None
    line.use(state)
    assert line.met == 2


def test_what_nobody_used_for_long_is_not_used_even_if_nobody_tidied(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.use(state)
    monkeypatch.setattr(sessions, "LONGEST", 0.0)
    line.use(state)
    assert line.met == 2


def test_the_session_of_an_account_that_is_gone_is_parted_with(line: Line) -> None:
    line.use(state)
    line.kept.tidy(["work"])
    until(lambda: line.heard(b"LOGOUT") == 1)


def test_there_is_never_more_than_one_for_an_account(line: Line) -> None:
    with ScriptedServer({"STATUS": [STATUS]}, capability=CAPABLE) as second:
        another = line.kept.use("home", "key", lambda: open_mailbox(second.access()), ())
        with line.kept.use("home", "key", line.connect, ()), another:  # two errands at once
            pass
        until(lambda: any(said.endswith(b"LOGOUT") for said in second.heard))
        line.use(state)
        assert (line.met, line.heard(b"LOGOUT")) == (1, 0)


# --- dead, and nobody said so -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        {"NOOP": [SILENCE]},
        {"NOOP": [CUT]},
        {"NOOP": [b"* BYE autologout\r\n" + CUT]},
        {"NOOP": [b"TAG BAD what?\r\n"]},
        {"NOOP": [b"* OK half a li" + CUT]},
    ],
    indirect=True,
    ids=["silence", "closed", "goodbye", "bad", "half a line"],
)
def test_a_dead_session_is_replaced_in_the_same_round(line: Line) -> None:
    line.use(state)
    line.use(state)
    assert line.met == 2
    assert line.heard(b"STATUS") == 2


@pytest.mark.parametrize(
    "line", [{"STATUS": [STATUS, SILENCE, STATUS]}, {"STATUS": [STATUS, CUT, STATUS]}], indirect=True
)
def test_a_session_that_dies_when_it_is_asked_for_states_knows_none(line: Line) -> None:
    line.use(state)
    assert line.kept.states("home", "key", ["INBOX"]) is None
    line.use(state)
    assert line.met == 2


def test_a_server_that_says_goodbye_between_two_sweeps_is_met_again() -> None:
    with ScriptedServer(
        {"STATUS": [STATUS + b"* BYE idle for too long\r\n" + CUT]}, capability=CAPABLE
    ) as server:
        line = Line(server)
        for _ in range(2):
            line.use(state)
        assert (line.met, line.heard(b"STATUS")) == (2, 2)
        line.kept.let_go()


@pytest.mark.parametrize("line", [{"NOOP": [CUT]}], indirect=True)
def test_where_sessions_die_again_and_again_none_is_kept(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        line.use(state)
    assert (line.met, line.heard(b"NOOP"), line.heard(b"LOGOUT")) == (4, 2, 2)
    monkeypatch.setattr(sessions, "_MOURNING", 0.0)  # after hours it is tried again
    line.use(state)
    line.use(state)
    assert line.heard(b"NOOP") == 3


@pytest.mark.parametrize(
    "line", [{"NOOP": [b"* BYE [UNAVAILABLE] try again later\r\n" + CUT]}], indirect=True
)
def test_a_server_that_wants_patience_is_not_met_anew_at_once(line: Line) -> None:
    line.use(state)
    with pytest.raises(ServerBusy):
        line.use(state)
    assert line.met == 1


@pytest.mark.parametrize("line", [{"NOOP": [SILENCE]}], indirect=True)
def test_who_waits_for_a_sign_of_life_can_be_cut_off(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_PATIENCE", 60.0)
    line.use(state)
    thread = threading.Thread(target=line.use, args=(state,), daemon=True)
    thread.start()
    until(lambda: line.heard(b"NOOP") == 1)
    line.kept.abort("home")
    thread.join(5)
    assert not thread.is_alive()
    assert line.met == 2


def test_patience_is_as_configured_again_after_the_sign_of_life(line: Line) -> None:
    found: list[float | None] = []

    def note(box: Lasting) -> None:
        found.append(box._session._connection.sock.gettimeout())  # type: ignore[attr-defined]

    line.use(note)
    line.use(note)
    assert found == [5.0, 5.0]


def test_the_system_keeps_a_session_alive_for_which_nobody_has_a_word(line: Line) -> None:
    def sock(box: Lasting) -> socket.socket:
        return box._session._connection.sock  # type: ignore[attr-defined, no-any-return]

    found: list[socket.socket] = []
    line.use(lambda box: found.append(sock(box)))
    [kept] = found
    assert kept.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    if hasattr(socket, "TCP_KEEPIDLE"):
        assert kept.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) < 300


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)
