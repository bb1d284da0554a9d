"""How big providers return a message: Gmail, Yahoo, GMX and web.de, Mail.ru, Zoho; and a gateway that tells nothing."""

from __future__ import annotations

from scatterclean.demo.mime import Mail, encoded, multipart, plain, quoted, stamp
from scatterclean.demo.returns import Undelivered, report_fields, status


def gmail(case: Undelivered) -> Mail:
    """Google: text and HTML with a picture, status, header; names the id in References and In-Reply-To."""
    dice = case.dice
    boundary, related = dice.text(28), dice.text(28)
    text = (
        "\n** Address not found **\n\n"
        f"Your message wasn't delivered to {case.recipient} because the address couldn't be found, or is unable to\n"
        "receive mail.\n\nThe response from the remote server was:\n"
        f"{case.failure.code} {case.failure.status} {case.words}\n"
    )
    html = f"<html><body><h2>Address not found</h2><p>{case.recipient}</p><p>{case.words}</p></body></html>\n"
    reporter = "googlemail.com"
    trace = (
        f"from {case.upstream}\n        by mx.google.com with ESMTPS id {dice.text(16)}\n"
        f"        for <{case.recipient}>;\n        {stamp(case.arrived)}"
    )
    inside = f"by 2002:a05:6402:{dice.text(4)} with SMTP id {dice.text(22)};\n        {stamp(case.arrived)}"
    taken = case.original.under(
        ("X-Received", inside), ("Return-Path", f"<{case.envelope}>"), ("Received", trace)
    )
    return Mail(
        (
            ("From", f"Mail Delivery Subsystem <mailer-daemon@{reporter}>"),
            ("To", case.envelope),
            ("Auto-Submitted", "auto-replied"),
            ("Subject", "Delivery Status Notification (Failure)"),
            ("References", case.id),
            ("In-Reply-To", case.id),
            ("X-Failed-Recipients", case.recipient),
            ("Message-ID", f"<{dice.text(8)}.{dice.text(6)}.{dice.text(8)}.GMR@mx.google.com>"),
            ("Date", stamp(case.when)),
            ("Content-Type", f'multipart/report; boundary="{boundary}"; report-type=delivery-status'),
        ),
        multipart(
            boundary,
            (
                [("Content-Type", f'multipart/related; boundary="{related}"')],
                multipart(
                    related,
                    ([("Content-Type", 'text/plain; charset="UTF-8"')], text),
                    (
                        [
                            ("Content-Type", 'text/html; charset="UTF-8"'),
                            ("Content-Transfer-Encoding", "quoted-printable"),
                        ],
                        quoted(html),
                    ),
                ),
            ),
            ([("Content-Type", "message/delivery-status")], status(case)),
            ([("Content-Type", "message/rfc822")], taken.cut(200).text),
        ),
    )


def yahoo(case: Undelivered) -> Mail:
    """Yahoo: plain text, the message pasted below dashes."""
    text = (
        "Sorry, we were unable to deliver your message to the following address.\n\n"
        f"<{case.recipient}>:\n{case.failure.code}: {case.words}\n\n--- Below this line is a copy of the message.\n\n"
    )
    taken = case.taken("Yahoo", case.dice.text(12))
    return Mail(
        (
            ("Date", stamp(case.when)),
            ("From", "MAILER-DAEMON@yahoo.com"),
            ("To", case.envelope),
            ("Subject", "Failure Notice"),
            ("Message-ID", f"<{case.dice.digits(10)}.{case.dice.digits(6)}.atlas-bounce@{case.reporter}>"),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ),
        text + taken.text,
    )


def gmx(case: Undelivered) -> Mail:
    """GMX and web.de, in German; the header is pasted below a line of its own."""
    taken = case.taken("Nemesis", case.dice.text(12))
    text = (
        "Diese Nachricht wurde automatisch erzeugt.\n\n"
        "Eine E-Mail, die Sie versandt haben, konnte nicht an alle Empfänger\n"
        "zugestellt werden. Dies ist ein dauerhafter Fehler. Betroffen ist:\n\n"
        f'"{case.recipient}":\nSMTP-Fehler nach dem Kommando RCPT\nServer: {case.domain}\n'
        f"{case.failure.status} {case.words}\n\n\n"
        f"--- The header of the original message is following. ---\n\n{taken.headers}"
    )
    host = case.dice.pick(("gmx.net", "web.de"))
    return Mail(
        (
            ("Date", stamp(case.when)),
            ("From", f'"{host} Mailer Daemon" <mailer-daemon@{host}>'),
            ("To", case.envelope),
            ("Subject", "Mail delivery failed: returning message to sender"),
            ("Message-ID", f"<{case.dice.text(20)}@{case.reporter}>"),
            ("Auto-Submitted", "auto-replied"),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ),
        text,
    )


def mailru(case: Undelivered) -> Mail:
    """Mail.ru: two languages, and the message pasted in the manner of Exim."""
    taken = case.taken("Exim", case.dice.text(13)).under(("Return-path", f"<{case.envelope}>"))
    text = (
        "Это письмо создано автоматически, отвечать на него не нужно.\n\n"
        "Ваше письмо не доставлено одному или нескольким получателям:\n\n"
        f"  {case.recipient}\n    {case.words}\n\n**********************\n\n"
        "This message was created automatically by mail delivery software.\n\n"
        "A message that you sent could not be delivered to one or more of its\n"
        f"recipients. This is a permanent error. The following address(es) failed:\n\n  {case.recipient}\n\n"
        f"------ This is a copy of the message, including all the headers. ------\n\n{taken.text}"
    )
    kind, body = plain(text)
    return Mail(
        (
            ("Auto-Submitted", "auto-replied"),
            ("Date", stamp(case.when)),
            ("From", f"Mail Delivery System <Mailer-Daemon@{case.reporter}>"),
            ("X-Failed-Recipients", case.recipient),
            (
                "Message-Id",
                f"<E1{case.dice.text(5)}-{case.dice.text(6)}-{case.dice.upper(2)}@{case.reporter}>",
            ),
            ("Subject", encoded("Ваше сообщение не доставлено. Mail failure.")),
            ("To", case.envelope),
            ("MIME-Version", "1.0"),
            *kind,
        ),
        body,
    )


def zoho(case: Undelivered) -> Mail:
    """Zoho: quoted-printable text with a header pasted in it, without blanks behind the colons."""
    pasted = "".join(f"{name}:{value}\n" for name, value in case.taken("Zoho", case.dice.digits(16)).fields)
    boundary = f"----=_Part_{case.dice.digits(3)}_{case.dice.digits(9)}.{case.dice.digits(13)}"
    text = (
        "This message was created automatically by mail delivery software.\n"
        "A message that you sent could not be delivered to one or more of its recipients. "
        f"This is a permanent error.\n\n{case.recipient}, ERROR CODE :{case.failure.code} - {case.words}\n\n\n{pasted}"
    )
    return Mail(
        (
            ("Date", stamp(case.when)),
            ("From", "mailer-daemon@mail.zoho.com"),
            ("To", case.envelope),
            ("Message-ID", f"<{case.dice.text(11)}.{case.dice.text(15)}@zoho.com>"),
            ("Subject", "Undelivered Mail Returned to Sender"),
            ("MIME-Version", "1.0"),
            ("Content-Type", f'multipart/mixed; \n\tboundary="{boundary}"'),
        ),
        multipart(
            boundary,
            (
                [
                    ("Content-Type", 'text/plain; charset="UTF-8"'),
                    ("Content-Transfer-Encoding", "quoted-printable"),
                ],
                quoted(text),
            ),
        ),
    )


def gateway(case: Undelivered) -> Mail:
    """A filter in front of a company: a report with nothing of the original but its recipient."""
    boundary = f"MCBoundary=_{case.dice.digits(17)}"
    text = (
        "The message you sent could not be delivered to the following recipient.\n\n"
        f"Recipient: {case.recipient}\nReason: {case.words}\n\n"
        "The content of your message is not returned, for reasons of data protection.\n"
    )
    return Mail(
        (
            ("From", f"Mail Gateway <postmaster@{case.domain}>"),
            ("To", case.envelope),
            ("Subject", "[Postmaster] Email Delivery Failure"),
            ("Date", stamp(case.when)),
            ("Message-ID", f"<{case.dice.text(24)}@{case.reporter}>"),
            *report_fields(boundary),
        ),
        multipart(
            boundary,
            ([("Content-Type", "text/plain; charset=us-ascii")], text),
            ([("Content-Type", "message/delivery-status")], status(case)),
        ),
    )
