"""A message on its way back: what failed, where, when; and the delivery status of RFC 3464."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scatterclean.demo.dice import Dice
from scatterclean.demo.mime import Field, Mail, block, stamp


@dataclass(frozen=True, slots=True)
class Failure:
    """Why it was not delivered: SMTP code, status (RFC 3463), words with {rcpt} and {host} in them."""

    code: str
    status: str
    words: str


FAILURES = (
    Failure("550", "5.1.1", "<{rcpt}>: Recipient address rejected: User unknown in virtual mailbox table"),
    Failure("550", "5.1.1", "The account that you tried to reach is not known here"),
    Failure("550", "5.1.1", "no mailbox by that name is currently available"),
    Failure("552", "5.2.2", "<{rcpt}>: mailbox is over its quota"),
    Failure("554", "5.7.1", "Message rejected: content looks like spam (score 17.2)"),
    Failure("550", "5.7.1", "SPF check failed: client is not allowed to send for this domain"),
    Failure("550", "5.2.1", "<{rcpt}>: account is disabled"),
    Failure("554", "5.4.14", "Hop count exceeded, possible mail loop at {host}"),
)
DELAYS = (
    Failure("450", "4.4.1", "connect to {host}: Connection timed out"),
    Failure("451", "4.7.1", "<{rcpt}>: Greylisted, please try again later"),
    Failure("452", "4.2.2", "<{rcpt}>: mailbox is over its quota, try again later"),
)


@dataclass(frozen=True, slots=True)
class Undelivered:
    """One message, one recipient that it did not reach, and the server that has to say so.

    `original` has the trace fields that it had gathered when it failed.  `envelope` is its reverse-path: the
    report goes there.  `reporter` is the reporting MTA's name, `source` (name or "", address) its client.
    """

    original: Mail
    envelope: str
    recipient: str
    failure: Failure
    reporter: str
    source: tuple[str, str]
    arrived: datetime
    when: datetime
    dice: Dice

    @property
    def id(self) -> str:
        """The original's, with angle brackets."""
        return self.original.get("Message-ID")

    @property
    def subject(self) -> str:
        return self.original.get("Subject")

    @property
    def domain(self) -> str:
        return self.recipient.rpartition("@")[2]

    @property
    def upstream(self) -> str:
        """The client in words."""
        name, address = self.source
        return f"{name or 'unknown'} ({name or 'unknown'} [{address}])"

    @property
    def client(self) -> str:
        """The client as sendmail and others name it."""
        name, address = self.source
        return f"{name or 'unknown'} [{address}]"

    @property
    def words(self) -> str:
        return self.failure.words.format(rcpt=self.recipient, host=self.reporter)

    def taken(self, software: str, queue: str) -> Mail:
        """The original under the Received field of the reporter itself."""
        trace = (
            f"from {self.upstream}\n\tby {self.reporter} ({software}) with ESMTP id {queue}\n"
            f"\tfor <{self.recipient}>; {stamp(self.arrived)}"
        )
        return self.original.under(("Received", trace))


Shape = Callable[[Undelivered], Mail]


def report_fields(boundary: str) -> tuple[Field, ...]:
    """The MIME fields of a report (RFC 3462)."""
    kind = f'multipart/report; report-type=delivery-status;\n\tboundary="{boundary}"'
    return (("MIME-Version", "1.0"), ("Content-Type", kind))


def status(case: Undelivered, *, action: str = "failed", extra: tuple[Field, ...] = ()) -> str:
    """The body of a message/delivery-status part about the one recipient."""
    per_message = block([("Reporting-MTA", f"dns; {case.reporter}"), ("Arrival-Date", stamp(case.arrived))])
    failure = case.failure
    per_recipient = block(
        [
            ("Final-Recipient", f"rfc822; {case.recipient}"),
            ("Action", action),
            ("Status", failure.status),
            *extra,
            ("Diagnostic-Code", f"smtp; {failure.code} {failure.status} {case.words}"),
        ]
    )
    return f"{per_message}\n{per_recipient}"
