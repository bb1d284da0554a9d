"""Paths, sizes, headers, slow clients and many of them, tried on the process itself over real sockets."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scatterclean.web.listener import MOST
from tests.web.conftest import AWAY, configured
from tests.web.house import Running, Visitor
from tests.web.test_withstands import FORM, PATHS, PROGRAM, refused, wishes

# --- paths and sizes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/../../../../etc/passwd",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "/style.css/../../setting.py",
        "/%2e%2e/setting.py",
        "//etc/passwd",
        "/templates/base.html",
        "/static/../log.db",
        "/log.db",
        "/away/1/../../log.db",
        "/away/%D9%A3",
        "/away/-1",
        "/away/99999999999999999999",
        "/away/1%00",
        "/AWAY",
        "/away/",
        "http://evil.example/away/x",
    ],
)
def test_no_path_leads_to_a_file(visitor: Visitor, path: str) -> None:
    said = visitor.running.ask(path, headers={"Cookie": visitor.cookie})
    assert said.status in (400, 404), said
    assert "root:" not in said.text
    assert "SQLite" not in said.text


def test_numbers_that_lead_to_nothing_are_pages_that_say_so(visitor: Visitor) -> None:
    for path in ("/away/999", "/stays/999", "/wishes/999", "/away/999/bring-back", "/stays/0/put-away"):
        assert refused(visitor.get(path), 404)
    form = visitor.form(FORM)
    assert refused(visitor.post("/away/999/bring-back", form), 404)
    assert refused(visitor.post("/stays/1/put-away", {**form, "form": "x"}), 404)


@pytest.mark.parametrize(
    "query",
    [
        "older=x&newer=-1",
        "older=1.99999999999999999999999",
        "older=999999999999999.999999999999999999",
        "newer=1.-999999999999999999",
        "since=2026-13-45&until=%00",
        "since=0001-01-01&until=9999-12-31",
        "kind=%27%20OR%201&state=x&verdict=x&account=nobody",
        "text=" + "%F0%9F%92%8A%00%25_'" * 30,
        "text=a&text=b&" + "&".join(f"x{n}=1" for n in range(500)),
    ],
)
def test_a_list_bears_whatever_is_asked_of_it(visitor: Visitor, query: str) -> None:
    for path in ("/away", "/stays"):
        assert visitor.get(f"{path}?{query}").status == 200


def test_what_is_too_large_is_refused(shared: Running, visitor: Visitor, house: Path) -> None:
    form = visitor.form(FORM)
    assert visitor.post(FORM, {**form, "more": "x" * 100_000}).status == 413
    assert visitor.get("/away", **{"X-More": "x" * 100_000}).status == 431
    assert shared.ask("/away?" + "x" * 100_000).status in (400, 414, 431)
    assert wishes(house) == 0
    assert visitor.get("/away").status == 200


def test_every_answer_says_what_a_browser_may_do_with_it(shared: Running, visitor: Visitor) -> None:
    answers = [
        *(visitor.get(path) for path in (*PATHS, "/nothing", "/style.css", "/live.js")),
        shared.ask("/away"),
        shared.ask("/enter?token=x"),
        shared.ask("/away", headers={"Host": "evil.example"}),
        visitor.post(FORM, {}),
    ]
    for said in answers:
        policy = said.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert said.headers["x-content-type-options"] == "nosniff"
        assert said.headers["cross-origin-opener-policy"] == "same-origin"
        assert said.headers["cross-origin-resource-policy"] == "same-origin"
        assert said.headers["cache-control"] == "no-store"
        assert said.headers["referrer-policy"] in ("same-origin", "no-referrer")
        assert "server" not in said.headers
        inline = (
            re.findall(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", said.text)
            if "<html" in said.text
            else []
        )
        assert inline == []


# --- slow clients, and many -----------------------------------------------------------------------------


def connections(dashboard: Running) -> int:
    """How many connections the process has, whoever waits on them."""
    lines = Path(f"/proc/{dashboard.process.pid}/net/tcp").read_text().splitlines()[1:]
    of = {line.split()[9] for line in lines if line.split()[1].endswith(f":{dashboard.port:04X}")}
    held = set()
    for one in Path(f"/proc/{dashboard.process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since
            held.add(str(one.readlink()))
    return sum(f"socket:[{inode}]" in held for inode in of) - 1  # the one that listens


def test_slow_clients_hold_up_nobody_however_many_there_are(dashboard: Running) -> None:
    """300 connections that say half a request and fall silent: more than are kept, many more than there are workers."""
    visitor = dashboard.let_in()
    half = f"GET /away HTTP/1.1\r\nHost: {dashboard.host}\r\nCookie: {visitor.cookie}\r\n".encode()
    body = f"POST {FORM} HTTP/1.1\r\nHost: {dashboard.host}\r\nContent-Length: 20000\r\n\r\ncsrf=".encode()
    with ExitStack() as stack:
        for number in range(300):
            with suppress(OSError):
                stack.enter_context(dashboard.raw(half if number % 2 else body))
            if number % 50 == 0:
                # Whoever is answered has seen the loop turn, which parts with those that are too many.
                assert visitor.get("/away").status == 200
                assert connections(dashboard) <= MOST + 2
        assert visitor.get("/away").status == 200


def test_a_client_that_sends_a_byte_now_and_then_is_hung_up_on(dashboard: Running) -> None:
    dripping = dashboard.raw(b"GET / HT")
    dripping.settimeout(0.2)
    until = time.monotonic() + 60
    ended = False
    while not ended and time.monotonic() < until:
        try:
            dripping.sendall(b"x")
            ended = dripping.recv(1) == b""
        except TimeoutError:
            continue
        except OSError:
            ended = True
    dripping.close()
    assert ended
    assert dashboard.let_in().get("/away").status == 200


def test_a_client_that_takes_no_answer_holds_up_nobody(dashboard: Running) -> None:
    visitor = dashboard.let_in()
    asked = f"GET /style.css HTTP/1.1\r\nHost: {dashboard.host}\r\n\r\n".encode() * 200
    with ExitStack() as stack:
        for _ in range(20):
            made = socket.socket()
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            made.connect(("127.0.0.1", dashboard.port))
            made.setblocking(False)
            with suppress(BlockingIOError):
                made.send(asked)
            stack.enter_context(made)
        assert visitor.get("/away").status == 200


@pytest.mark.parametrize(
    "data",
    [
        b"\0\1\2\3\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"A" * 70_000,
    ],
)
def test_what_is_no_http_ends_nothing(shared: Running, visitor: Visitor, data: bytes) -> None:
    with suppress(OSError), shared.raw(data) as connection:
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1000)
    assert visitor.get("/away").status == 200


# --- beginning and end ----------------------------------------------------------------------------------


def test_a_port_that_is_taken_is_said_and_nothing_listens_elsewhere(shared: Running, house: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "scatterclean",
            "--config",
            str(house / "scatterclean.toml"),
            "web",
            "--port",
            str(shared.port),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert f"port {shared.port} of this machine is taken" in done.stderr
    assert "--port" in done.stderr


def test_before_there_is_a_database_it_says_how_to_get_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "--config", str(configured(tmp_path)), "web"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 4
    assert "scatterclean sweep" in done.stderr


def test_a_form_that_is_sent_many_times_at_once_is_one_wish(dashboard: Running, house: Path) -> None:
    visitor = dashboard.let_in()
    before = wishes(house)
    path = f"/away/{AWAY}/bring-back"
    form = visitor.form(path)
    with ThreadPoolExecutor(8) as many:
        said = list(many.map(lambda _: visitor.post(path, form), range(16)))
    assert {one.status for one in said} == {303}
    assert len({one.location for one in said}) == 1
    assert wishes(house) == before + 1
    assert urlsplit(said[0].location).path == said[0].location


def test_without_its_extra_it_says_what_to_install(house: Path) -> None:
    program = (
        "import sys; sys.modules['waitress'] = None; from scatterclean.cli import main; "
        f"sys.exit(main(['--config', {str(house / 'scatterclean.toml')!r}, 'web']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "needs waitress, which is not installed" in done.stderr
    assert f"{sys.prefix}/bin/pip install" in done.stderr
    assert "[web]" in done.stderr
