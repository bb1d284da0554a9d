"""What DNS publishes, and the file of MTA-STS, told apart: there, not there, no such name, nobody knows.

`dns.Dns` serves sweeps, to which "nobody knows" is one answer; advice must say why.  It judges nothing.
"""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scatterclean.calling import trusting, why_no_page, within
from scatterclean.model.advised import Answer, Heard, Mute, Question
from scatterclean.names.dns import RESOLV_CONF, resolver_of

if TYPE_CHECKING:
    from dns.resolver import Answer as Found
    from dns.resolver import Resolver

_PER_TRY, _PATIENCE = 1.5, 4.0  # seconds: for one try, for one question
_AT_ONCE = 32  # questions
_MAX_RECORDS, _MAX_TEXT = 100, 20_000  # an SPF record of 10,000 characters is absurd already
# RFC 8461, 3.3: "a suggested maximum policy size is 64 kilobytes"; it suggests a minute to wait, we do not.
_MAX_POLICY, _SECONDS = 65_536, 6.0


class Published:
    """`ports.published.Publications` by DNS and HTTPS.  It remembers nothing: who just published looks again."""

    def __init__(
        self,
        nameservers: Sequence[str] = (),
        port: int = 53,
        *,
        patience: float = _PATIENCE,
        seconds: float = _SECONDS,
        resolv_conf: Path = RESOLV_CONF,
    ) -> None:
        """Without `nameservers` those of the system are asked.  `patience`: seconds per question, `seconds`: for a
        file."""
        self._nameservers = list(nameservers)
        self._port = port
        self._patience = patience
        self._seconds = seconds
        self._resolv_conf = resolv_conf
        self._resolver: Resolver | None = None

    def ask(self, questions: Collection[Question]) -> Mapping[Question, Answer]:
        from concurrent.futures import ThreadPoolExecutor

        if not questions:
            return {}
        with ThreadPoolExecutor(min(_AT_ONCE, len(questions)), "scatterclean: advise") as pool:
            return dict(zip(questions, pool.map(self._one, questions), strict=True))

    def reachable(self) -> bool:
        """Does a name server answer what each one knows, the servers of "."?"""
        return not self._look_up(Question("NS", ".")).unknown

    def _one(self, question: Question) -> Answer:
        if question.kind == "POLICY":
            return policy_of(question.name, self._seconds)
        return self._look_up(question)

    def _look_up(self, question: Question) -> Answer:
        import dns.exception
        import dns.name
        import dns.resolver

        try:
            qname = dns.name.from_text(question.name)
        except (
            dns.exception.DNSException,
            ValueError,
        ):  # too long, or an empty label: no such name can exist
            return Answer(Heard.NO_NAME)
        try:
            if self._resolver is None:
                self._resolver = resolver_of(
                    self._nameservers, self._port, self._resolv_conf, per_try=_PER_TRY
                )
            found = self._resolver.resolve(
                qname, question.kind, search=False, raise_on_no_answer=False, lifetime=self._patience
            )
        except dns.resolver.NXDOMAIN as absent:
            there = absent.canonical_name
            return Answer(Heard.NO_NAME, alias="" if there == qname else there.to_text(omit_final_dot=True))
        except Exception as broken:  # noqa: BLE001 - whatever went wrong on the way there and back: nobody knows
            return Answer(Heard.UNKNOWN, why=_why(broken))
        there = found.canonical_name
        alias = "" if there == qname else there.to_text(omit_final_dot=True)
        records = _texts_of(found, question.kind)
        return Answer(Heard.RECORDS if records else Heard.NONE, records, alias)


def _why(broken: Exception) -> Mute:
    import dns.exception
    import dns.rcode
    import dns.resolver

    if isinstance(broken, dns.resolver.NoResolverConfiguration):
        return Mute.NO_RESOLVER
    if isinstance(broken, dns.exception.Timeout):
        return Mute.TIMEOUT
    if isinstance(broken, dns.resolver.NoNameservers):
        said = [error[4] for error in broken.kwargs.get("errors", ()) if error[4] is not None]
        codes = {answer.rcode() for answer in said}
        if dns.rcode.SERVFAIL in codes:
            return Mute.SERVFAIL
        if dns.rcode.REFUSED in codes:
            return Mute.REFUSED
    return Mute.FAILED


def _texts_of(found: Found, kind: str) -> tuple[str, ...]:
    texts: list[str] = []
    for record in list(found.rrset or ())[:_MAX_RECORDS]:
        if kind == "TXT":
            texts.append(b"".join(record.strings).decode("latin-1")[:_MAX_TEXT])
        elif kind == "MX":
            texts.append(f"{record.preference} {record.exchange.to_text(omit_final_dot=True) or '.'}")
        elif kind in ("A", "AAAA"):
            texts.append(str(record.address))
    return tuple(sorted(texts))  # servers rotate them, and advice should not depend on that


# --- the file of MTA-STS ----------------------------------------------------------------------------------


def policy_of(domain: str, seconds: float = _SECONDS) -> Answer:
    """The text of https://mta-sts.DOMAIN/.well-known/mta-sts.txt; NONE if what is there is no such file.

    No redirect is followed and no certificate excused (RFC 8461, 3.3)."""
    # A thread, because neither the look-up of a name nor a server that sends a byte a second heeds a time-out.
    try:
        return within(seconds + 0.5, lambda: _fetch(f"mta-sts.{domain}", time.monotonic() + seconds))
    except TimeoutError:
        return Answer(Heard.UNKNOWN, why=Mute.TIMEOUT)


def _fetch(host: str, until: float) -> Answer:
    connection = http.client.HTTPSConnection(host, timeout=_left(until), context=trusting())
    try:
        connection.request("GET", "/.well-known/mta-sts.txt", headers={"Accept": "text/plain"})
        with connection.getresponse() as answer:
            if answer.status != 200:
                return Answer(Heard.NONE, said=f"the server answers {answer.status}")
            kind = (answer.getheader("Content-Type") or "text/plain").partition(";")[0].strip().lower()
            if kind != "text/plain":
                return Answer(Heard.NONE, said=f"it is of the type {kind}, not text/plain")
            page = b""
            while step := answer.read(8192):
                page += step
                if len(page) > _MAX_POLICY:
                    return Answer(Heard.NONE, said=f"it is larger than {_MAX_POLICY} bytes")
                if time.monotonic() > until:
                    return Answer(Heard.UNKNOWN, why=Mute.TIMEOUT)
            return Answer(Heard.RECORDS, (page.decode("utf-8", "replace"),))
    except TimeoutError:
        return Answer(Heard.UNKNOWN, why=Mute.TIMEOUT)
    except socket.gaierror as broken:
        if broken.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None)):
            return Answer(Heard.NONE, said="there is no such server")
        return Answer(Heard.UNKNOWN, why=Mute.FAILED)
    except (OSError, http.client.HTTPException, ValueError) as broken:  # ssl.SSLError is an OSError
        return Answer(Heard.NONE, said=why_no_page(broken, "nobody answers there"))
    finally:
        connection.close()


def _left(until: float) -> float:
    return max(0.1, until - time.monotonic())
