"""Signed messages, and the bounces in which they come back.  The keys were made for these tests alone."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import dkim

DOMAIN, SELECTOR = "example.org", "s1"
KEY_NAME = f"{SELECTOR}._domainkey.{DOMAIN}"
OWN = frozenset({DOMAIN})
NOW = 1_900_000_000.0  # later than every signature made in a test

PRIVATE = b"""\
-----BEGIN RSA PRIVATE KEY-----
MIICXQIBAAKBgQDjS2fQ8BehSFYtsMMlMkUTQKiOy2NctLY4N/1z/+cUhro0W1/1
c1d7skV9r6TaMjIshJ3jFZCx5DZLlyPoFMOtBJQRquPkKT96gs+CFuArpBIQoYKP
3pqbFzPVT25L9GIHeFWs0q4+JHxnGVl8VxBcOBgFZsChg25bgVlrxnOa/QIDAQAB
AoGAeZrjTUbW7aQc708N6P2vNTC3vcYVQAkzIHrcME6uXC4Eu3RTr6dpG7XyNd9e
LJsEewrsygzEoFg/sEuJm2ZYlVuj3Ou6e90nsOkZFHVEy0o1G7UToIUtPfyt8J2l
/vB1DZr1/SdIwzLyD4x8hWMJ7v+ZemKWbDRNsxXuK4oVskECQQD02QDkRoBIYZpW
xv7gmH+jcgH5zVMVy54Dadfo+AURk65OuUfQGjjL146vmm5VycucMXNKR5Oa+CAA
9yusKIBtAkEA7aW6PQWUmCDvqqR33Q7jBhsAd7cQz6EqWE+P5pP5QcPId+dvVPcF
V1IN2J0ZF2GULsJ7NuANlrvJnvdm68iK0QJBANdoZrFuGQQU4ky/65I6d+iar4RO
kG8XYR/NqYcrVII/M9XMiZJaz2b+cGira7CLxVbX5n8N850d+EIBMmnWhA0CQFDe
2te1NHHok2aAfYGudTc4rRoQJBpj/+L5gEC5DlOA6pFTIqHJRfoHJEsYetdoD2My
L3fnGvi2gtAj5NRL9GECQQDtrSWi8vuxKYqNUmiWaCiiC+cG/glZKL4dHYEmm7GC
M1PrKRyZuog5JS3euCqHDcbVa6pMmdsvXVGOVRry2Tnm
-----END RSA PRIVATE KEY-----
"""
PUBLIC = (
    "v=DKIM1; k=rsa; p="
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDjS2fQ8BehSFYtsMMlMkUTQKiOy2NctLY4N/1z/+cUhro0W1/1c1"
    "d7skV9r6TaMjIshJ3jFZCx5DZLlyPoFMOtBJQRquPkKT96gs+CFuArpBIQoYKP3pqbFzPVT25L9GIHeFWs0q4+JHxn"
    "GVl8VxBcOBgFZsChg25bgVlrxnOa/QIDAQAB"
)

# 512 bits: anybody can factor it in an afternoon.
WEAK_PRIVATE = b"""\
-----BEGIN RSA PRIVATE KEY-----
MIIBPAIBAAJBAPW7eNaxBWNFzYtXrjkWr09nCFzIRmUX4N3oDv147V4IHr6JNxER
Cw9DXMUIlnYA/EvrqUJrao21AonSTiEvuV8CAwEAAQJBAJrwC68Ciq0fVAxpynZA
cWUVR9aIiKoxNh10tg7n8nJ4W+68eoEX3L+kQdqFkgip8S36K0BIY+UyJ5D3EZOO
rTECIQD8eqQB6TVWnP7Y9CX0fb28rKhcvg84SPWPqA9HD/BTGwIhAPkovsbrjSmZ
/2qPLpuWVBA6nnK5/QlIif3PPxpH+ZMNAiA1uAJdRblLjGvMzWWl93r/Qd0wnl+u
ohddUWyuuf1wMQIhAMuVRFSq8PvWDcHW3mFYsrVUAFWDrMJiGAZfyZLCzqUdAiEA
np3MAuo1cpWR+/n4VPSoPOinauVTQpBrPEk63vPQhAU=
-----END RSA PRIVATE KEY-----
"""
WEAK_PUBLIC = (
    "v=DKIM1; k=rsa; p="
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAPW7eNaxBWNFzYtXrjkWr09nCFzIRmUX4N3oDv147V4IHr6JNxERCw9DXM"
    "UIlnYA/EvrqUJrao21AonSTiEvuV8CAwEAAQ=="
)

LETTER = (
    b"Received: from [10.0.0.5] (client.example.net [198.51.100.4])\r\n"
    b"\tby mail.example.org with ESMTPSA id 4XYZ;\r\n\tMon, 2 Mar 2026 10:00:00 +0000\r\n"
    b"From: Me <me@example.org>\r\n"
    b"To: gone@example.net\r\n"
    b"Subject: Minutes of\r\n the  meeting\r\n"
    b"Date: Mon, 2 Mar 2026 10:00:00 +0000\r\n"
    b"Message-ID: <minutes.1@example.org>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain\r\n"
    b"\r\n"
    b"Dear  all, \r\n\r\nhere they are.\r\n\r\n\r\n"
)


def signed(
    letter: bytes = LETTER,
    *,
    domain: str = DOMAIN,
    selector: str = SELECTOR,
    private: bytes = PRIVATE,
    how: Sequence[bytes] = (b"relaxed", b"relaxed"),
    length: bool = False,
    algorithm: bytes = b"rsa-sha256",
    headers: Sequence[bytes] | None = None,
) -> bytes:
    """`letter` with a DKIM-Signature on top."""
    field: bytes = dkim.sign(
        letter,
        selector.encode(),
        domain.encode(),
        private,
        canonicalize=tuple(how),
        length=length,
        signature_algorithm=algorithm,
        include_headers=list(headers) if headers else None,
    )
    return field + letter


def with_tag(private_tags: bytes, letter: bytes = LETTER) -> bytes:
    """Signed with more tags than dkimpy would write, such as x=."""
    signer = dkim.DKIM(letter)
    plain = signer.gen_header

    def more(fields: list[tuple[bytes, bytes]], *rest: object) -> bytes:
        name, _, value = private_tags.partition(b"=")
        kept = [field for field in fields if field[0] != name]
        made: bytes = plain([*kept[:-1], (name, value), kept[-1]], *rest)
        return made

    signer.gen_header = more
    field: bytes = signer.sign(SELECTOR.encode(), DOMAIN.encode(), PRIVATE)
    return field + letter


def lf(message: bytes) -> bytes:
    return message.replace(b"\r\n", b"\n")


def as_postfix(original: bytes, *, type_: str = "message/rfc822", encoding: str = "8bit") -> bytes:
    """Postfix, bounce_notify_util.c."""
    return (
        b"Return-Path: <>\r\n"
        b"Received: by mx.example.net (Postfix)\r\n\tid 4ABC; Mon,  2 Mar 2026 10:00:05 +0000 (UTC)\r\n"
        b"Date: Mon,  2 Mar 2026 10:00:05 +0000 (UTC)\r\n"
        b"From: MAILER-DAEMON@mx.example.net (Mail Delivery System)\r\n"
        b"Subject: Undelivered Mail Returned to Sender\r\n"
        b"To: me@example.org\r\n"
        b"Auto-Submitted: auto-replied\r\n"
        b"MIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="4ABC.1/mx.example.net"\r\n'
        b"Message-Id: <4ABC@mx.example.net>\r\n"
        b"\r\n"
        b"This is a MIME-encapsulated message.\r\n\r\n"
        b"--4ABC.1/mx.example.net\r\nContent-Description: Notification\r\nContent-Type: text/plain\r\n\r\n"
        b"This is the mail system at host mx.example.net.\r\n\r\n"
        b'<gone@example.net>: unknown user: "gone"\r\n\r\n'
        b"--4ABC.1/mx.example.net\r\nContent-Description: Delivery report\r\n"
        b"Content-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; mx.example.net\r\n\r\n"
        b"Final-Recipient: rfc822; gone@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        b"--4ABC.1/mx.example.net\r\nContent-Description: Undelivered Message\r\n"
        b"Content-Type: "
        + type_.encode()
        + b"\r\nContent-Transfer-Encoding: "
        + encoding.encode()
        + b"\r\n\r\n"
        + original
        + b"\r\n--4ABC.1/mx.example.net--\r\n"
    )


def as_exim(original: bytes) -> bytes:
    """Exim before 4.84, moan.c and deliver.c: everything in one text."""
    return (
        b"Return-path: <>\r\n"
        b"X-Failed-Recipients: gone@example.net\r\n"
        b"Auto-Submitted: auto-replied\r\n"
        b"From: Mail Delivery System <Mailer-Daemon@mx.example.net>\r\n"
        b"To: me@example.org\r\n"
        b"Subject: Mail delivery failed: returning message to sender\r\n"
        b"Message-Id: <E1abc-0000-Xy@mx.example.net>\r\n"
        b"Date: Mon, 02 Mar 2026 10:00:05 +0000\r\n"
        b"\r\n"
        b"This message was created automatically by mail delivery software.\r\n\r\n"
        b"A message that you sent could not be delivered to one or more of its\r\n"
        b"recipients. This is a permanent error. The following address(es) failed:\r\n\r\n"
        b"  gone@example.net\r\n    Unrouteable address\r\n\r\n"
        b"------ This is a copy of the message, including all the headers. ------\r\n\r\n" + original
    )


def as_sendmail(original: bytes) -> bytes:
    """sendmail, savemail.c: the header alone where the body is not wanted (RET=HDRS)."""
    return (
        b"Return-Path: <>\r\n"
        b"Date: Mon, 2 Mar 2026 10:00:05 GMT\r\n"
        b"From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example.net>\r\n"
        b"Message-Id: <202603021000.x@mx.example.net>\r\n"
        b"To: <me@example.org>\r\n"
        b"MIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="x.1/mx.example.net"\r\n'
        b"Subject: Returned mail: see transcript for details\r\n"
        b"Auto-Submitted: auto-generated (failure)\r\n"
        b"\r\nThis is a MIME-encapsulated message\r\n\r\n--x.1/mx.example.net\r\n\r\n"
        b"   ----- The following addresses had permanent fatal errors -----\r\n<gone@example.net>\r\n\r\n"
        b"--x.1/mx.example.net\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: RFC822; gone@example.net\r\n"
        b"Action: failed\r\nStatus: 5.1.1\r\n\r\n"
        b"--x.1/mx.example.net\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        b"Return-Path: <me@example.org>\r\n"
        + original.partition(b"\r\n\r\n")[0]
        + b"\r\n\r\n--x.1/mx.example.net--\r\n"
    )


def in_base64(original: bytes) -> bytes:
    return base64.encodebytes(original).replace(b"\n", b"\r\n")
