"""What stands in the log: no secret and no mail, whatever a server or a bug says, and nothing again and again."""

from __future__ import annotations

import logging
from base64 import b64encode
from pathlib import Path

import pytest

from scatterclean.config import load
from scatterclean.errors import ConfigBroken, Trouble
from scatterclean.mailbox import session
from scatterclean.mailbox.login import open_mailbox
from tests.servers import CUT, ScriptedServer

PASSWORD = "hunter-2-secret"
PLAIN = b64encode(f"\0me\0{PASSWORD}".encode())


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of the CLI set up logging, and then nothing reaches caplog any more.

    And what a server says is told once: a later server may be given the port of an earlier one."""
    monkeypatch.setattr(logging.getLogger("scatterclean"), "propagate", True)
    session._alert.cache_clear()


@pytest.mark.parametrize("said", [PASSWORD.encode(), PLAIN], ids=["password", "base64"])
@pytest.mark.parametrize(
    "reply",
    [
        b"* BYE me %b is not wanted here\r\n" + CUT,
        b"* OK [ALERT] %b was tried\r\nTAG NO no\r\n",
        b"* NO [ALERT] %b was tried\r\nTAG OK welcome\r\n",
        b"TAG NO [ALERT] %b was tried\r\n",
        b"TAG OK [ALERT] %b is a weak password\r\n",
    ],
)
@pytest.mark.parametrize("capability", ["AUTH=PLAIN", "AUTH=PLAIN SASL-IR", ""])
def test_a_password_that_a_server_repeats_is_in_no_error_and_no_log_line(
    capability: str, reply: bytes, said: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    step = {"AUTH=PLAIN": "(password)", "AUTH=PLAIN SASL-IR": "AUTHENTICATE", "": "LOGIN"}[capability]
    told = ""
    with ScriptedServer({step: [reply % said]}, capability=capability) as server:
        try:
            open_mailbox(server.access(secret=lambda: PASSWORD)).close()
        except Trouble as trouble:
            told = str(trouble)
    seen = told + caplog.text
    assert "was tried" in seen or "weak password" in seen or "not wanted" in seen or "refused" in seen
    assert PASSWORD not in seen
    assert PLAIN.decode() not in seen


@pytest.mark.parametrize("key", ["password_env", "password_credential"])
def test_a_password_that_was_written_where_its_place_belongs_is_not_repeated(
    key: str, tmp_path: Path
) -> None:
    path = tmp_path / "scatterclean.toml"
    path.write_text(f'[accounts.home]\nhost = "a.example"\nusername = "me"\n{key} = "{PASSWORD} & more"\n')
    with pytest.raises(ConfigBroken) as caught:
        load(path)
    assert f"accounts.home.{key}" in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_what_a_server_wants_people_to_read_is_told_once_not_at_every_poll(
    caplog: pytest.LogCaptureFixture,
) -> None:
    greeting = b"* NO [ALERT] Mailbox is at 93% of quota\r\n* CAPABILITY IMAP4rev1\r\nTAG OK .\r\n"
    with ScriptedServer({"CAPABILITY": [greeting]}) as server:
        for _ in range(3):
            open_mailbox(server.access()).close()
    assert caplog.text.count("93%") == 1
