"""What the dashboard withstands, tried on the process itself over real sockets."""

from __future__ import annotations

import os
import re
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from scatterclean.store import open_store
from scatterclean.web.peer import a_stranger
from tests.web.house import Running, Said, Visitor, running

PATHS = ("/", "/away", "/stays", "/away/1", "/stays/4", "/wishes", "/pulse", "/away/1/bring-back")
FORM = "/away/1/bring-back"
PROGRAM = (sys.executable, "-m", "scatterclean")


def wishes(house: Path) -> int:
    with open_store(house / "log.db", read_only=True) as store:
        return len(store.wishes.latest(1000))


def refused(said: Said, status: int = 403) -> bool:
    """Refused in words, without anything of the person's."""
    return said.status == status and "<h1>" in said.text and "Undelivered" not in said.text


# --- names and origins ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "localhost:{port}",
        "127.0.0.1",
        "127.0.0.1:{other}",
        "127.0.0.1:{port}.evil.example",
        "127.0.0.1:{port}, evil.example",
        "0.0.0.0:{port}",
        "[::ffff:127.0.0.1]:{port}",
        "",
        None,
    ],
)
def test_another_name_in_host_is_refused_as_a_rebound_name_would_send_it(
    shared: Running, visitor: Visitor, host: str | None
) -> None:
    named = host.format(port=shared.port, other=shared.port + 1) if host is not None else None
    said = visitor.get("/away", Host=named)
    assert refused(said, 421), said


def test_two_hosts_are_refused(shared: Running, visitor: Visitor) -> None:
    lines = (
        f"GET /away HTTP/1.1\r\nHost: {shared.host}\r\nHost: evil.example\r\nCookie: {visitor.cookie}\r\n\r\n"
    )
    with shared.raw(lines.encode()) as connection:
        assert b" 200 " not in connection.recv(4096).split(b"\r\n")[0]


def test_both_loopback_addresses_answer_and_no_other_address_of_the_machine_does(shared: Running) -> None:
    loopback = {"0100007F"}
    if Path("/proc/net/if_inet6").exists() and Path("/proc/net/if_inet6").read_text().strip():
        loopback.add("00000000000000000000000001000000")
        with socket.create_connection(("::1", shared.port), timeout=10) as connection:
            connection.sendall(f"GET /style.css HTTP/1.0\r\nHost: [::1]:{shared.port}\r\n\r\n".encode())
            assert connection.recv(100).startswith(b"HTTP/1.0 200")
    listening = {
        (line.split()[1].rpartition(":")[0])
        for file in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(file).read_text().splitlines()[1:]
        if int(line.split()[1].rpartition(":")[2], 16) == shared.port and line.split()[3] == "0A"
    }
    assert listening == loopback


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": None},
        {"Origin": "https://{host}"},
        {"Origin": "http://localhost:{port}"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_a_form_of_another_origin_changes_nothing(
    shared: Running, visitor: Visitor, house: Path, headers: dict[str, str | None]
) -> None:
    form = visitor.form(FORM)
    named = {k: v.format(host=shared.host, port=shared.port) if v else v for k, v in headers.items()}
    assert refused(visitor.post(FORM, form, named))
    assert wishes(house) == 0


def test_a_page_of_another_site_can_neither_load_ours_into_it_nor_learn_that_we_are_here(
    shared: Running, visitor: Visitor
) -> None:
    for path in ("/away", "/style.css", "/live.js"):
        assert refused(visitor.get(path, **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}))
    framed = visitor.get("/away")
    assert "frame-ancestors 'none'" in framed.headers["content-security-policy"]


# --- the link -------------------------------------------------------------------------------------------


def test_without_the_link_nobody_sees_anything(shared: Running) -> None:
    for path in PATHS:
        assert refused(shared.ask(path))
    assert refused(shared.ask("/away", headers={"Cookie": f"scatterclean-{shared.port}=made-up"}))
    assert refused(shared.ask("/away", headers={"Cookie": "scatterclean-1=made-up"}))


def test_the_link_lets_in_once_and_a_second_use_is_told_what_to_do(dashboard: Running) -> None:
    path = f"/enter?token={dashboard.token}"
    first = dashboard.ask(path)
    assert (first.status, first.location) == (303, "/")
    cookie = first.headers["set-cookie"]
    assert re.fullmatch(
        rf"scatterclean-{dashboard.port}=[\w-]{{43}}; HttpOnly; SameSite=Strict; Path=/", cookie
    )
    again = dashboard.ask(path)
    assert refused(again)
    assert "This link was used already" in again.text
    assert "press Enter there" in again.text
    assert "set-cookie" not in again.headers
    assert dashboard.ask("/away", headers={"Cookie": cookie.partition(";")[0]}).status == 200


def test_a_link_that_was_made_up_lets_nobody_in_and_the_true_one_still_does(dashboard: Running) -> None:
    for token in ("", "x" * 43, "%00", "x" * 5000, dashboard.token[:-1], dashboard.token + "x"):
        assert refused(dashboard.ask(f"/enter?token={token}"))
    assert refused(dashboard.ask("/enter"))
    assert dashboard.let_in().get("/away").status == 200


def test_a_program_that_only_looks_at_the_link_does_not_use_it_up(dashboard: Running) -> None:
    origin = {"Origin": f"http://{dashboard.host}", "Sec-Fetch-Site": "same-origin"}
    for method in ("HEAD", "POST", "OPTIONS", "PUT"):
        said = dashboard.ask(f"/enter?token={dashboard.token}", method=method, headers=dict(origin))
        assert said.status == 405
    assert dashboard.let_in().get("/away").status == 200


def test_the_secret_is_in_no_log_no_referer_and_no_address_behind_the_first(dashboard: Running) -> None:
    token = dashboard.token
    lines = len(dashboard.said)
    first = dashboard.ask(f"/enter?token={token}")
    assert first.headers["referrer-policy"] == "no-referrer"
    assert token not in first.location
    visitor = Visitor(dashboard, first.headers["set-cookie"].partition(";")[0])
    for path in PATHS:
        said = visitor.get(path)
        assert token not in said.text
        assert visitor.cookie.partition("=")[2] not in said.text
    again = dashboard.ask(f"/enter?token={token}")
    assert again.headers["referrer-policy"] == "no-referrer"
    assert token not in again.text
    visitor.get("/away", Host="evil.example")
    visitor.post(FORM, {})
    with suppress(OSError):
        dashboard.raw(f"GET /enter?token={token} NONSENSE\r\n\r\n".encode()).close()
    assert not any(token in line for line in dashboard.said[lines:])
    told = "".join(dashboard.said)
    assert told.count(token) == 1  # where it was printed for the person
    assert visitor.cookie.partition("=")[2] not in told


def test_a_new_link_makes_the_old_one_void(dashboard: Running) -> None:
    old = dashboard.token
    new = dashboard.another_link()
    assert old not in new
    assert refused(dashboard.ask(f"/enter?token={old}"))
    assert dashboard.let_in().get("/away").status == 200


def test_of_two_dashboards_neither_takes_the_others_cookie(visitor: Visitor, house: Path) -> None:
    with running(house / "scatterclean.toml") as other:
        assert refused(other.ask("/away", headers={"Cookie": visitor.cookie}))
        renamed = visitor.cookie.replace(str(visitor.running.port), str(other.port))
        assert refused(other.ask("/away", headers={"Cookie": renamed}))
        with other.raw(b"GET / HTTP/1.1\r\n"):
            other.end()  # Ctrl-C, also with connections open
        assert other.process.returncode == 0


def test_who_leaves_is_not_let_in_any_more(dashboard: Running) -> None:
    visitor = dashboard.let_in()
    csrf = re.findall(r'name="csrf" value="([^"]+)"', visitor.get("/away").text)[0]
    assert visitor.post("/leave", {"csrf": csrf}).status == 200
    assert refused(visitor.get("/away"))


# --- forms ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("csrf", ["", "x", None, "é\0", "x" * 43])
def test_a_form_without_the_token_of_the_session_changes_nothing(
    visitor: Visitor, house: Path, csrf: str | None
) -> None:
    form = visitor.form(FORM)
    body = {"form": form["form"]} if csrf is None else {**form, "csrf": csrf}
    assert refused(visitor.post(FORM, body))
    assert wishes(house) == 0


def test_the_token_of_another_session_is_not_good_in_this_one(dashboard: Running, visitor: Visitor) -> None:
    foreign = visitor.form(FORM)["csrf"]
    dashboard.another_link()
    mine = dashboard.let_in()
    assert refused(mine.post(FORM, {**mine.form(FORM), "csrf": foreign}))


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "application/json"])
def test_a_body_that_is_no_form_of_ours_changes_nothing(visitor: Visitor, house: Path, kind: str) -> None:
    assert refused(visitor.post(FORM, visitor.form(FORM), {"Content-Type": kind}))
    assert wishes(house) == 0


def test_nothing_is_changed_by_looking(visitor: Visitor, house: Path) -> None:
    form = visitor.form(FORM)
    query = f"?csrf={form['csrf']}&form={form['form']}"
    for method in ("GET", "HEAD"):
        for path in PATHS:
            visitor.running.ask(path + query, method=method, headers={"Cookie": visitor.cookie})
    assert wishes(house) == 0


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"])
def test_other_methods_are_not_known(visitor: Visitor, house: Path, method: str) -> None:
    form = visitor.form(FORM)
    ours = {"Cookie": visitor.cookie, "Origin": f"http://{visitor.running.host}"}
    said = visitor.running.ask(FORM, method=method, body=form, headers=dict(ours))
    assert said.status in (400, 405)
    assert wishes(house) == 0


def bash_as_nobody(port: int, path: str) -> str:
    """What a program of another user of this machine is answered."""
    asked = f"GET {path} HTTP/1.0\\r\\nHost: 127.0.0.1:{port}\\r\\n\\r\\n"
    done = subprocess.run(
        ["bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port}; printf '{asked}' >&3; cat <&3"],
        user=65534,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout


@contextmanager
def as_nobody() -> Iterator[None]:
    """Sockets that are made in it belong to another user."""
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def an_address_with_a_past(connections: int = 12) -> tuple[str, int]:
    """From it there were connections that have been closed: for a minute they stand in the kernel's table."""
    address: tuple[str, int] = ("127.0.0.1", 0)
    for _ in range(connections):
        with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            client.bind(address)
            address = client.getsockname()
            client.connect(server.getsockname())
            accepted, _ = server.accept()
            client.close()
            with accepted:
                assert accepted.recv(1) == b""
    return address


@pytest.mark.skipif(os.geteuid() != 0, reason="to be another user one has to be root")
def test_another_user_of_the_machine_who_read_the_link_is_not_let_in_and_the_person_still_is(
    dashboard: Running,
) -> None:
    told = bash_as_nobody(dashboard.port, f"/enter?token={dashboard.token}")
    assert " 403 " in told.splitlines()[0]
    assert "another user" in told
    assert dashboard.let_in().get("/away").status == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="to be another user one has to be root")
def test_another_user_is_known_also_where_other_connections_had_the_same_address(dashboard: Running) -> None:
    """Of those that were closed the kernel says that they are root's."""
    address = an_address_with_a_past()
    with as_nobody(), socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.bind(address)
        client.connect(("127.0.0.1", dashboard.port))
        client.sendall(
            f"GET /enter?token={dashboard.token} HTTP/1.0\r\nHost: {dashboard.host}\r\n\r\n".encode()
        )
        assert b" 403 " in client.recv(100)
    assert dashboard.let_in().get("/away").status == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="to be another user one has to be root")
@pytest.mark.parametrize("how", ["in peace", "at once"])
def test_another_user_who_has_hung_up_does_not_use_up_the_link(dashboard: Running, how: str) -> None:
    """At once: by a reset, after which neither end stands in the kernel's table; there is a moment in which the server
    has read what it was asked, and has not looked yet who asked."""
    for number in range(5 if how == "in peace" else 60):
        with (
            as_nobody(),
            dashboard.raw(
                f"GET /enter?token={dashboard.token} HTTP/1.0\r\nHost: {dashboard.host}\r\n\r\n".encode()
            ) as visitor,
        ):
            if how == "at once":
                visitor.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                time.sleep(0.0001 * (number % 20))
    time.sleep(0.5)
    assert dashboard.let_in().get("/away").status == 200


def test_where_the_owner_of_a_connection_cannot_be_looked_up_nobody_is_let_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not one that the system has no table for: then it cannot be told at all."""
    theirs, ours = ("127.0.0.1", 1), ("127.0.0.1", 2)
    for error, expected in ((OSError(24, "Too many open files"), True), (FileNotFoundError(), False)):

        def refuse(*_: object, error: OSError = error) -> str:
            raise error

        monkeypatch.setattr(Path, "read_text", refuse)
        assert a_stranger(theirs, ours) is expected
