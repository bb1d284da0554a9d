"""Messages that are made to be expensive: a filling, repeated, at every place that a reader looks at; values only.

A trap is a filling that costs more than in proportion to its length: brackets that never close, words that never end,
lines that all look like the beginning of something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

HEAD = (
    b"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.net\nTo: ada@example.org\nSubject: Undelivered Mail\n"
)
REPORT = (
    HEAD + b"MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
)
NOTICE = b"--b\n\nYour message could not be delivered.\n\n"
STATUS = (
    b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
    b"Final-Recipient: rfc822; bob@example.net\nAction: failed\nStatus: 5.1.1\n\n"
)
ORIGINAL = b"From: ada@example.org\nTo: bob@example.net\nMessage-ID: <own.1@example.org>\nSubject: hello\n"
RETURNED = b"--b\nContent-Type: message/rfc822\n\n" + ORIGINAL
CLOSED = b"\n\n--b--\n"
FAILED = b"\nfailed:\n\n  bob@example.net\n\n"
MARKER = b"------ This is a copy of the message, including all the headers. ------\n\n"

# Where the filling goes: what stands in front of it, and behind it.
PLACES: dict[str, tuple[bytes, bytes]] = {
    **{
        f"{name} of the bounce": (name.encode() + b": ", b"\n" + REPORT + NOTICE + STATUS)
        for name in (
            "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Received", "Content-Type",
            "Return-Path", "Delivered-To", "Auto-Submitted", "X-Failed-Recipients", "X-Loop", "Reply-To",
            "Precedence",
        )
    },
    "top of the header": (b"", b"\n" + REPORT + NOTICE + STATUS),
    "middle of the header": (HEAD, b"\nMIME-Version: 1.0\n\nfailed\n"),
    "plain body": (HEAD + b"\n", b"\n" + ORIGINAL),
    "HTML body": (HEAD + b"Content-Type: text/html\n\n<html><body><pre>", b"\n" + ORIGINAL),
    "base64 body": (HEAD + b"Content-Transfer-Encoding: base64\n\n", b"\n"),
    "quoted-printable body": (HEAD + b"Content-Transfer-Encoding: quoted-printable\n\n", b"\n" + ORIGINAL),
    "UTF-7 body": (HEAD + b"Content-Type: text/plain; charset=utf-7\n\n", b"\n" + ORIGINAL),
    "body of a vacation reply": (
        b"From: bob@example.net\nAuto-Submitted: auto-replied\nIn-Reply-To: <own.1@example.org>\nSubject: away\n\n",
        b"\n",
    ),
    "body of ordinary mail": (b"From: bob@example.net\nTo: ada@example.org\nSubject: lunch\n\n", b"\n"),
    "notice of a report": (REPORT + b"--b\n\n", b"\n" + STATUS + RETURNED),
    "between the parts": (REPORT + NOTICE, b"\n" + STATUS + RETURNED),
    "header of a part": (REPORT + NOTICE + b"--b\nContent-Type: ", b"\n\nx\n" + STATUS),
    "Final-Recipient": (REPORT + NOTICE + STATUS.partition(b"bob")[0], b"\nAction: failed\n\n--b--\n"),
    "Diagnostic-Code": (REPORT + NOTICE + STATUS.rstrip() + b"\nDiagnostic-Code: smtp; ", CLOSED),
    "delivery status": (REPORT + NOTICE + STATUS, CLOSED),
    "returned header": (REPORT + NOTICE + STATUS + RETURNED, b"\n\nhello" + CLOSED),
    **{
        f"returned {name}": (
            REPORT + NOTICE + b"--b\nContent-Type: text/rfc822-headers\n\nFrom: a@example.org\n%s: " % name.encode(),
            CLOSED,
        )
        for name in ("Message-ID", "Subject", "To", "Date", "Received")
    },
    "returned body": (REPORT + NOTICE + STATUS + RETURNED + b"\n", CLOSED),
    "pasted copy": (HEAD + FAILED + MARKER + ORIGINAL, b"\n\nhello\n"),
    "in front of a pasted copy": (HEAD + FAILED, b"\n" + MARKER + ORIGINAL + b"\n\nhello\n"),
    "quoted copy": (HEAD + FAILED + b"> " + ORIGINAL.replace(b"\n", b"\n> "), b"\n\nhello\n"),
    "receipt": (
        HEAD + b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n" + NOTICE
        + b"--b\nContent-Type: message/disposition-notification\n\nDisposition: automatic-action; displayed\n"
        + b"Original-Message-ID: ",
        CLOSED,
    ),
    "complaint": (
        HEAD + b"Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n" + NOTICE
        + b"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Rcpt-To: ",
        CLOSED,
    ),
}  # fmt: skip

FILLINGS: tuple[bytes, ...] = (
    b"<", b">", b"<>", b"=?", b"=?utf-8?q?", b"=?utf-8?b?QQ==?= ", b"?=", b" ", b"\t", b"> ", b">", b"| ",
    b":", b"a:", b"(", b")", b'"', b'"a', b"\\", b'\\"', b"@", b"a@", b"@a", b"<a@", b"<a@b", b"a@b ",
    b"a@b,", b"<a@b>", b"<a@b> ", b"a", b"a ", b"ab1.", b"1", b"1 ", b"&", b"&lt;", b"&lt;a@b", b"&#60;",
    b"-", b"--", b"- ", b"=", b"=3", b"=\n", b"_", b"*", b",", b";", b".", b"+", b"+A", b"/", b"\x00",
    b"\x80", b"\xc3\xa9", b"\xe6\x97\xa5", b"\r", b"\n", b"\n\n", b"\r\n\r\n", b"\n ", b"\n\t", b" \n",
    b"\n>", b"\n> ", b"\n:", b"\na: b", b"\na:\n b", b"\nFrom ", b"\n>From ", b"\nFrom: a@b", b"\nTo: a@b",
    b"\nSubject: a", b"\nDate: a", b"\nMessage-ID: ", b"\nMessage-ID: <a@b>", b"\nMessage-ID:\n <a@b>",
    b"\nReceived: by a id b;", b"\nReferences: <a@b>", b"\nDelivered-To: a@b",
    b"\nOriginal-Message-ID: <a@b>", b"\n\nFrom: a@b\nTo: c@d\nMessage-ID: <e@f>\nSubject: g\n\n",
    b"\n> From: a@b\n> To: c@d\n> Message-ID: <e@f>\n>\n", b"\n--b\n", b"\n--b", b"\n--bb\n", b"\n--b--\n",
    b"\n--b\n\n\n", b"\n--x\nContent-Type: text/plain\n\n", b"\n--b\nContent-Type: message/rfc822\n\n",
    b"\n--b\nContent-Type: multipart/mixed; boundary=b\n\n", b"\nContent-Type: multipart/mixed; boundary=",
    b"boundary=", b"\n----- Original message -----\n", b"\n" + MARKER,
    b"\n--- Below this line is a copy of the message.\n\n", b"\nFinal-Recipient: rfc822; a@b",
    b"\n\nFinal-Recipient: rfc822; a@b\nAction: failed\n", b"\nAction: failed",
    b"\nDiagnostic-Code: smtp; 5", b"<b>", b"</b>", b"<div>", b"<p", b"<br", b"<!--", b"<style>", b"<head>",
    b"<a href=", b"<table><tr><td>", b"<![CDATA[", b"\nbegin 644 a\n", b"550 5.1.1 ", b"\n<a@b>:\n",
    b"your message ", b"could not be delivered ", b"undeliverable ", b"virus ", b"you sent ",
)  # fmt: skip


def filled(place: str, filling: bytes, size: int) -> bytes:
    """A message with about `size` bytes of `filling` at `place`."""
    before, after = PLACES[place]
    return before + filling * (size // len(filling)) + after


def nested(levels: int) -> bytes:
    """A bounce of a bounce of a bounce ..."""
    message = ORIGINAL + b"\nhello\n"
    for level in range(levels):
        mark = b"n%d" % level
        head = HEAD + b"Content-Type: multipart/report; report-type=delivery-status; boundary=%s\n\n" % mark
        notice = b"--%s\n\nfailed\n\n--%s\nContent-Type: message/rfc822\n\n" % (mark, mark)
        message = head + notice + message + b"\n--%s--\n" % mark
    return message


def pasted(levels: int) -> bytes:
    """The same without parts: each bounce is pasted below the next one."""
    return (HEAD + b"\nYour message could not be delivered.\n\n" + MARKER) * levels + ORIGINAL + b"\nhello\n"


def multiparts(levels: int) -> bytes:
    """Multiparts within multiparts, all with the same boundary."""
    return REPORT + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * levels + NOTICE + STATUS


def own_boundaries(levels: int) -> bytes:
    """Multiparts within multiparts, each with a boundary of its own, one the beginning of the next."""
    marks = [b"m" * min(i + 1, 190) for i in range(levels)]
    opened = b"".join(
        b"--%s\nContent-Type: multipart/mixed; boundary=%s\n\n" % pair for pair in pairwise(marks)
    )
    return HEAD + b"Content-Type: multipart/mixed; boundary=m\n\n" + opened + NOTICE + STATUS


# What grows by levels instead of bytes; a level has about 150 bytes.
LEVELS: dict[str, Callable[[int], bytes]] = {
    "bounce in bounce": nested,
    "bounce pasted in bounce": pasted,
    "multipart in multipart, one boundary": multiparts,
    "multipart in multipart, own boundaries": own_boundaries,
}


def all_shapes() -> Iterator[tuple[str, Callable[[int], bytes]]]:
    """(name, size in bytes -> message), the fillings at all places and the nested ones."""
    for place in PLACES:
        for filling in FILLINGS:
            yield f"{place}: {filling!r}", partial(filled, place, filling)
    for name, build in LEVELS.items():
        yield name, partial(_of_size, build)


def _of_size(build: Callable[[int], bytes], size: int) -> bytes:
    return build(max(1, size // 150))
