"""A deterministic mailbox for benchmarks: sent mail as mail programs write it, put onto a server in large APPENDs."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

FIRST = datetime(2019, 3, 3, 8, 0, tzinfo=UTC)
_WORDS = "about invoice meeting garden letter report train photos monday contract".split()  # noqa: SIM905
_PEOPLE = "ada ben cleo dora emil fritz gesa hugo ines jana karl lena mona nils olga paul".split()  # noqa: SIM905


def sent(number: int, seed: int = 1) -> Iterator[tuple[datetime, bytes]]:
    """So many sent messages, ascending by date: (INTERNALDATE, message).  Equal for equal arguments.

    Of six years at most: what is from years to come bears a wrong date, and is logged as such."""
    dice = random.Random(seed)
    moment = FIRST
    longest = min(4000, 4000 * 100_000 // max(number, 1))
    for count in range(number):
        moment += timedelta(seconds=dice.randrange(60 * longest // 4000, longest))
        yield moment, _letter(dice, count, moment)


def _letter(dice: random.Random, count: int, moment: datetime) -> bytes:
    to = [
        f"{dice.choice(_PEOPLE)}.{dice.randrange(400)}@site{dice.randrange(90)}.example"
        for _ in range(dice.choice((1, 1, 1, 2, 4)))
    ]
    subject = " ".join(dice.choices(_WORDS, k=dice.randrange(2, 7)))
    token = f"{dice.getrandbits(64):016x}"
    lines = [
        "Return-Path: <ada@winter.example>",
        "Received: from [192.0.2.9] by out.winter.example with ESMTPSA id " + token,
        f"Message-ID: <{token}.{count}@winter.example>",
        moment.strftime("Date: %a, %d %b %Y %H:%M:%S +0000"),
        "MIME-Version: 1.0",
        "User-Agent: Mozilla Thunderbird",
        "From: Ada Winter <ada@winter.example>",
        "To: " + ",\r\n ".join(to),
        f"Subject: {subject}"
        if dice.random() < 0.8
        else f"Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe_{'_'.join(subject.split())}?=",
        "Content-Type: text/plain; charset=UTF-8; format=flowed",
        "Content-Transfer-Encoding: 8bit",
        "Content-Language: en-US",
        "",
        *(" ".join(dice.choices(_WORDS, k=12)) for _ in range(8)),
        "",
    ]
    return "\r\n".join(lines).encode()


def append(
    port: int,
    login: tuple[str, str],
    folder: str,
    letters: Iterable[tuple[datetime, bytes]],
    most: int = 1000,
) -> int:
    """Put them into a folder by MULTIAPPEND (RFC 3502) with LITERAL+; returns how many."""
    done = 0
    with socket.create_connection(("127.0.0.1", port)) as sock, sock.makefile("rb") as answers:
        answers.readline()
        _say(sock, answers, f"a LOGIN {' '.join(login)}\r\n".encode())
        _say(sock, answers, f"a CREATE {folder}\r\n".encode(), must=False)
        heap: list[bytes] = []
        for moment, letter in letters:
            when = moment.strftime("%d-%b-%Y %H:%M:%S +0000")
            heap.append(f' (\\Seen) "{when}" {{{len(letter)}+}}\r\n'.encode() + letter)
            done += 1
            if len(heap) == most:
                _say(sock, answers, b"a APPEND " + folder.encode() + b"".join(heap) + b"\r\n")
                heap.clear()
        if heap:
            _say(sock, answers, b"a APPEND " + folder.encode() + b"".join(heap) + b"\r\n")
    return done


def _say(sock: socket.socket, answers: Iterable[bytes], command: bytes, *, must: bool = True) -> None:
    sock.sendall(command)
    for line in answers:
        if line.startswith(b"a "):
            if must and not line.startswith(b"a OK"):
                raise RuntimeError(line.decode(errors="replace"))
            return
    raise RuntimeError("the server hung up")
