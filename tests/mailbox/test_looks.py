"""A look, which is a search and the reading of what it found, opens the folder once; whatever comes between, anew."""

from __future__ import annotations

from contextlib import closing

import pytest

from scatterclean.mailbox import imap
from scatterclean.mailbox.imap import ImapMailbox
from tests.mailbox.scripts import INBOX, TARGET, commands, header, opened, saying
from tests.servers import ScriptedServer

SEARCH = b"UID SEARCH UID 1:*"
ROW = {"UID FETCH": [header(1) + b"TAG OK .\r\n"]}


def opened_for(box: ImapMailbox, server: ScriptedServer) -> list[bytes]:
    """The commands of a look at what was found, but for the FETCH itself."""
    before = len(commands(server))
    assert [one.uid for one in box.headers(INBOX, [1], ["Subject"])] == [1]
    return [words.split(b" ")[0] for words in commands(server)[before:-1]]


def test_what_was_found_just_now_is_read_without_opening_the_folder_anew_once() -> None:
    with saying(ROW) as server, closing(opened(server)) as box:
        for _ in range(2):
            assert box.uids(INBOX) == [1]
            assert commands(server)[-2:] == [b'EXAMINE "INBOX"', SEARCH]
            assert opened_for(box, server) == []
            assert opened_for(box, server) == [b"EXAMINE"]


def test_what_was_found_a_while_ago_is_read_in_the_folder_as_it_is_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(imap, "_A_MOMENT", 0.0)
    with saying(ROW) as server, closing(opened(server)) as box:
        box.uids(INBOX)
        assert opened_for(box, server) == [b"EXAMINE"]


@pytest.mark.parametrize("between", ["another folder", "a mark", "the state of it"])
def test_whoever_opened_a_folder_in_between_has_it_opened_anew(between: str) -> None:
    with saying({**ROW, "UID STORE": [b"TAG OK .\r\n"]}) as server, closing(opened(server)) as box:
        box.uids(INBOX)
        if between == "another folder":
            box.uids(TARGET)
        elif between == "a mark":
            assert box.mark(INBOX, [1], "$Backscatter")
        else:
            box.state("INBOX")
        assert opened_for(box, server) == [b"EXAMINE"]
