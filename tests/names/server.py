"""A DNS server on loopback, over UDP and TCP, with a zone given as text; it counts what it is asked."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

Zone = Mapping[str, Mapping[str, list[str]] | str]
"""{name: {"TXT": ['"text"', ...]}}, or instead of the records "silent", "servfail", "garbage"."""


@dataclass
class LoopbackDns:
    zone: dict[str, Mapping[str, list[str]] | str]
    ttl: int = 300
    port: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, wire: bytes, *, by_tcp: bool) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        if not by_tcp:
            self.asked.append((name, kind))
        here = self.zone.get(name)
        if here is None and "." in name:  # RFC 4592
            here = self.zone.get(f"*.{name.partition('.')[2]}")
        if here == "silent":
            return None
        if here == "garbage":
            return wire[:2] + b"\xff" * 20
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        if here == "servfail":
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif here is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        else:
            assert not isinstance(here, str)
            self._fill(reply, question.name.to_text(), here, kind)
        whole = reply.to_wire(max_size=65535)
        if not by_tcp and len(whole) > 512:
            short = dns.message.make_response(query)
            short.flags |= dns.flags.TC
            return short.to_wire()
        return whole

    def _fill(self, reply: dns.message.Message, name: str, here: Mapping[str, list[str]], kind: str) -> None:
        for _ in range(20):
            if "CNAME" not in here:
                break
            target = here["CNAME"][0]
            reply.answer.append(dns.rrset.from_text(name, self.ttl, "IN", "CNAME", target))
            there = self.zone.get(target.rstrip("."), {})
            assert not isinstance(there, str)
            name, here = target, there
        if kind in here:
            reply.answer.append(dns.rrset.from_text(name, self.ttl, "IN", kind, *here[kind]))


@contextmanager
def loopback_dns(zone: Zone, ttl: int = 300) -> Iterator[LoopbackDns]:
    """Serves `zone` on 127.0.0.1 at `.port` while the context is open."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with udp, tcp:
        _bind_both(udp, tcp)
        server = LoopbackDns(dict(zone), ttl, udp.getsockname()[1])
        stop = threading.Event()
        threads = [
            threading.Thread(target=_serve_udp, args=(udp, server, stop)),
            threading.Thread(target=_serve_tcp, args=(tcp, server, stop)),
        ]
        for thread in threads:
            thread.start()
        try:
            yield server
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def _bind_both(udp: socket.socket, tcp: socket.socket) -> None:
    """The same free port for both."""
    for _ in range(50):
        tcp.bind(("127.0.0.1", 0))
        with suppress(OSError):
            udp.bind(tcp.getsockname())
            break
    tcp.listen()
    udp.settimeout(0.05)
    tcp.settimeout(0.05)


def _serve_udp(udp: socket.socket, server: LoopbackDns, stop: threading.Event) -> None:
    while not stop.is_set():
        with suppress(TimeoutError):
            wire, peer = udp.recvfrom(65535)
            reply = server.answer(wire, by_tcp=False)
            if reply is not None:
                udp.sendto(reply, peer)


def _serve_tcp(tcp: socket.socket, server: LoopbackDns, stop: threading.Event) -> None:
    while not stop.is_set():
        with suppress(TimeoutError):
            connection, _ = tcp.accept()
            with connection, suppress(OSError):
                connection.settimeout(2)
                (length,) = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))
                reply = server.answer(connection.recv(length, socket.MSG_WAITALL), by_tcp=True)
                if reply is not None:
                    connection.sendall(struct.pack("!H", len(reply)) + reply)


def quoted(text: str) -> str:
    """A TXT record as zone files write it: strings of at most 255 bytes."""
    return " ".join(f'"{text[i : i + 255]}"' for i in range(0, len(text), 255)) or '""'
