"""Questions over the wire: there, not there, no such name, and nobody knows are four answers; a policy is no page."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import dns.flags
import dns.message
import pytest

from scatterclean.model.advised import Answer, Heard, Mute, Question
from scatterclean.names.published import Published, policy_of
from tests.advise.world import PATIENCE, POLICY, World, a_world
from tests.names.server import LoopbackDns, Zone, loopback_dns, quoted
from tests.setup.site import Answer as Served
from tests.setup.site import leading_to, page

ZONE: Zone = {
    "winter.example": {
        "TXT": ['"one " "text"', '"\\255"'],
        "MX": ["20 b.winter.example.", "10 a.winter.example."],
    },
    "null.example": {"MX": ["0 ."]},
    "alias.example": {"CNAME": ["winter.example."]},
    "dangling.example": {"CNAME": ["nothing.example."]},
    "broken.example": "servfail",
    "garbage.example": "garbage",
    "silent.example": "silent",
    "big.example": {"TXT": [quoted("x" * 60_000)]},
}


@pytest.fixture
def server() -> Iterator[LoopbackDns]:
    with loopback_dns(ZONE) as server:
        yield server


def asked(server: LoopbackDns, kind: str, name: str) -> Answer:
    question = Question(kind, name)
    patience = 0.3 if name in ("silent.example", "garbage.example") else PATIENCE
    return Published(["127.0.0.1"], server.port, patience=patience).ask([question])[question]


def test_what_is_there_is_read(server: LoopbackDns) -> None:
    assert asked(server, "TXT", "winter.example") == Answer(Heard.RECORDS, ("one text", "\xff"))
    assert asked(server, "MX", "winter.example").records == ("10 a.winter.example", "20 b.winter.example")
    assert asked(server, "MX", "null.example").records == ("0 .",)


def test_what_is_not_there_is_told_apart_from_a_name_that_is_not(server: LoopbackDns) -> None:
    assert asked(server, "A", "winter.example") == Answer(Heard.NONE)
    assert asked(server, "A", "nowhere.example") == Answer(Heard.NO_NAME)
    assert asked(server, "A", "a..b") == Answer(Heard.NO_NAME)
    assert asked(server, "A", "x" * 64 + ".example") == Answer(Heard.NO_NAME)


def test_an_alias_is_followed_and_told(server: LoopbackDns) -> None:
    found = asked(server, "TXT", "alias.example")
    assert (found.heard, found.alias) == (Heard.RECORDS, "winter.example")
    assert asked(server, "TXT", "dangling.example").alias == "nothing.example"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("broken.example", Mute.SERVFAIL),
        ("silent.example", Mute.TIMEOUT),
        ("garbage.example", Mute.TIMEOUT),
    ],
)
def test_what_nobody_knows_says_why(server: LoopbackDns, name: str, why: Mute) -> None:
    assert asked(server, "TXT", name) == Answer(Heard.UNKNOWN, why=why)


def test_a_server_that_refuses_knows_nothing(server: LoopbackDns, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(wire: bytes, *, by_tcp: bool) -> bytes:
        del by_tcp
        reply = dns.message.make_response(dns.message.from_wire(wire))
        reply.set_rcode(dns.rcode.REFUSED)
        return reply.to_wire()

    monkeypatch.setattr(server, "answer", refuse)
    assert asked(server, "TXT", "winter.example") == Answer(Heard.UNKNOWN, why=Mute.REFUSED)


def test_a_large_answer_comes_by_tcp_and_is_cut(server: LoopbackDns) -> None:
    assert asked(server, "TXT", "big.example").records == ("x" * 20_000,)


def test_without_name_servers_nobody_knows(tmp_path: Path) -> None:
    world = Published(resolv_conf=tmp_path / "nothing")
    question = Question("TXT", "winter.example")
    assert world.ask([question]) == {question: Answer(Heard.UNKNOWN, why=Mute.NO_RESOLVER)}
    assert not world.reachable()


def test_silent_questions_wait_together_and_not_one_after_the_other(
    server: LoopbackDns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are on their way before the first is given up: the server holds its answers back until it has them all."""
    number, begun, held = 12, threading.Event(), []
    real = server.answer

    def wait_for_all(wire: bytes, *, by_tcp: bool) -> bytes | None:
        held.append(wire)
        if len({bytes(one) for one in held}) >= number:
            begun.set()
        return real(wire, by_tcp=by_tcp) if begun.is_set() else None

    monkeypatch.setattr(server, "answer", wait_for_all)
    questions = [Question("TXT", f"n{i}.example") for i in range(number)]
    world = Published(["127.0.0.1"], server.port, patience=PATIENCE)
    assert {one.heard for one in world.ask(questions).values()} == {Heard.NO_NAME}
    assert begun.is_set()


# --- policies ---------------------------------------------------------------------------------------------


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], certificates: Path
) -> Iterator[World]:
    with a_world({}, tmp_path, monkeypatch, capsys, certificates=certificates, policies=ANSWERS) as world:
        yield world


def _dripping(client: socket.socket, over: threading.Event) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
    while not over.wait(0.05):
        client.sendall(b"x")


HOST = "mta-sts.winter.example"
ANSWERS: dict[str, Served] = {HOST: page(b"version: STSv1\n")}


def test_a_policy_is_fetched_over_https(world: World) -> None:
    assert policy_of("winter.example", PATIENCE) == Answer(Heard.RECORDS, ("version: STSv1\n",))
    assert world.site is not None
    assert world.site.asked == [(HOST, POLICY)]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (leading_to("https://mta-sts.winter.example/elsewhere"), "the server answers 302"),
        (page(b"x" * 70_000), "it is larger than 65536 bytes"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n",
            "it is of the type text/html",
        ),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "the server answers 500"),
        (b"nothing of the kind\r\n\r\n", "it does not answer as a web server does"),
    ],
)
def test_what_is_no_policy_is_none(world: World, answer: bytes, said: str) -> None:
    assert world.site is not None
    world.site._answers = {(HOST, POLICY): answer}
    found = policy_of("winter.example", PATIENCE)
    assert found.heard is Heard.NONE
    assert said in found.said


def test_a_server_that_drips_is_given_up_and_nothing_is_claimed(world: World) -> None:
    assert world.site is not None
    world.site._answers = {(HOST, POLICY): _dripping}
    assert policy_of("winter.example", 0.3) == Answer(Heard.UNKNOWN, why=Mute.TIMEOUT)


def test_a_certificate_for_another_name_is_not_excused(world: World) -> None:
    found = policy_of("summer.example", PATIENCE)
    assert found == Answer(Heard.NONE, said="its certificate is not trusted")


def test_a_host_that_is_not_there_has_no_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with a_world({}, tmp_path, monkeypatch, capsys):
        assert policy_of("winter.example", PATIENCE) == Answer(Heard.NONE, said="there is no such server")
