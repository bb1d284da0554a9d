"""Whole messages for the trial, made by hand: a bounce, an ordinary letter, a copy of a sent one."""

from __future__ import annotations

ME = "ada@winter.example"


def bounce(original: str = "lost.1@winter.example", *, to: str = ME, sender: str = ME) -> bytes:
    """A Postfix-like report (RFC 3464) about a message with this id."""
    return f"""\
Return-Path: <>
Received: from mx.far.example by mail.winter.example; Mon, 12 Jan 2026 10:00:05 +0100
From: MAILER-DAEMON@mx.far.example (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Date: Mon, 12 Jan 2026 10:00:00 +0100
Message-ID: <20260112.1@mx.far.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="cut"

--cut
Content-Type: text/plain

Your message could not be delivered.

--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.far.example

Final-Recipient: rfc822; nobody@far.example
Action: failed
Status: 5.1.1

--cut
Content-Type: message/rfc822

From: {sender}
To: nobody@far.example
Subject: Minutes of Monday
Date: Mon, 12 Jan 2026 09:59:00 +0100
Message-ID: <{original}>

Dear nobody,
--cut--
""".encode()


def letter(
    message_id: str = "kept.1@winter.example",
    *,
    sender: str = ME,
    to: str = "friend@far.example",
    subject: str = "Lunch",
    date: str = "Mon, 12 Jan 2026 09:59:00 +0100",
) -> bytes:
    """An ordinary letter, also as a copy in Sent."""
    return f"""\
From: Ada <{sender}>
To: {to}
Subject: {subject}
Date: {date}
Message-ID: <{message_id}>

Shall we?
""".encode()


def mbox(*messages: bytes, line: bytes = b"From ada@winter.example Mon Jan 12 09:00:05 2026\n") -> bytes:
    """As Postfix writes one: lines that begin with "From " are quoted, a blank line behind each message."""
    quoted = (message.replace(b"\nFrom ", b"\n>From ") for message in messages)
    return b"".join(line + message + b"\n" for message in quoted)
