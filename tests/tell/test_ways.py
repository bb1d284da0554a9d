"""The desktop and the services: what reaches a program or a server, and what is said when nobody is there."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from scatterclean.installing import command_for
from scatterclean.tell import send, show
from scatterclean.tell.desktop import CannotShow
from scatterclean.tell.services import CannotSend

# apprise imports pgpy's needs, one of which Python has marked as old.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are looked for."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def install(folder: Path, name: str, ends: int = 0) -> Path:
    """A program that writes down its arguments, one JSON list."""
    heard = folder / f"{name}.heard"
    file = folder / name
    file.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        f"open({str(heard)!r}, 'w').write(json.dumps(sys.argv[1:]))\n"
        f"print('no daemon', file=sys.stderr) if {ends} else None\nsys.exit({ends})\n"
    )
    file.chmod(0o700)
    return heard


@pytest.mark.skipif(sys.platform == "darwin", reason="notify-send is asked elsewhere")
def test_the_desktop_gets_subject_and_first_paragraph_as_arguments_of_their_own(programs: Path) -> None:
    heard = install(programs, "notify-send")
    show("--help; $(touch x) `y`", "<b>First</b> & so\n\nSecond.", urgent=True)
    assert json.loads(heard.read_text()) == [
        "--app-name=scatterclean",
        "--urgency=critical",
        "--",
        "--help; $(touch x) `y`",
        "&lt;b&gt;First&lt;/b&gt; &amp; so",
    ]
    assert sorted(file.name for file in programs.iterdir()) == ["notify-send", "notify-send.heard"]


def test_on_macos_the_text_is_no_part_of_the_script(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = install(programs, "osascript")
    monkeypatch.setattr(sys, "platform", "darwin")
    show('A "storm"', 'It" & (do shell script "x")\n\nMore.')
    option, script, subject, body = json.loads(heard.read_text())
    assert option == "-e"
    assert "storm" not in script
    assert (subject, body) == ('A "storm"', 'It" & (do shell script "x")')


def test_where_nobody_can_show_it_that_is_said(programs: Path) -> None:
    with pytest.raises(CannotShow, match="is not installed"):
        show("a", "b")
    for name in ("notify-send", "osascript"):
        install(programs, name, ends=1)
    with pytest.raises(CannotShow, match="ended with 1: no daemon"):
        show("a", "b")


@pytest.mark.skipif(sys.platform == "darwin", reason="notify-send is asked elsewhere")
def test_what_was_shown_counts_as_shown_though_something_started_by_it_goes_on(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be shown again and again, for a week."""
    program = programs / "notify-send"
    program.write_text("#!/bin/sh\n/bin/sleep 5 &\nexit 0\n")
    program.chmod(0o755)
    monkeypatch.setattr("scatterclean.tell.desktop._SECONDS", 2)
    show("a", "b")


class _Listener(BaseHTTPRequestHandler):
    heard: list[dict[str, object]]
    status = 200

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        self.heard.append(json.loads(self.rfile.read(size)))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        pass


@pytest.fixture
def service() -> Iterator[tuple[str, type[_Listener]]]:
    """(its address for apprise, what it heard)."""

    class Listener(_Listener):
        heard: list[dict[str, object]] = []  # noqa: RUF012 - one class for each test

    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"json://sesame:secret@127.0.0.1:{server.server_port}/", Listener
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_service_gets_the_text_once(service: tuple[str, type[_Listener]]) -> None:
    url, listener = service
    send("A storm <b>", "It began.\nLook.", [url])
    [one] = listener.heard
    assert (one["title"], one["message"]) == ("A storm <b>", "It began.\nLook.")


def test_one_that_takes_it_is_enough_or_it_would_be_told_twice(
    service: tuple[str, type[_Listener]],
) -> None:
    url, listener = service
    send("a", "b", ["json://127.0.0.1:1/", url])
    assert len(listener.heard) == 1


def test_a_service_that_does_not_take_it_is_said_without_its_address(
    service: tuple[str, type[_Listener]], caplog: pytest.LogCaptureFixture
) -> None:
    url, listener = service
    listener.status = 500
    with caplog.at_level(logging.DEBUG), pytest.raises(CannotSend) as refused:
        send("a", "b", [url])
    assert "sesame" not in f"{refused.value}{refused.value.__context__!r}"
    assert not [record for record in caplog.records if record.name.startswith("apprise")]
    with pytest.raises(CannotSend, match="does not know"):
        send("a", "b", ["nonsense://sesame"])


def test_without_apprise_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(CannotSend, match=re.escape(command_for("notify"))):
        send("a", "b", ["json://127.0.0.1:1/"])
