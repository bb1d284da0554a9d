"""Automatic answers that are no bounces: away notices, receipts, challenges, notices of scanners."""

from __future__ import annotations

from scatterclean.demo.mime import Field, Mail, block, encoded, multipart, plain, stamp
from scatterclean.demo.returns import Undelivered, report_fields, status


def _answers(case: Undelivered) -> tuple[Field, ...]:
    return (("In-Reply-To", case.id), ("References", case.id))


def _reply(case: Undelivered, subject: str, text: str, *fields: Field) -> Mail:
    kind, body = plain(text)
    return Mail(
        (
            ("From", f"<{case.recipient}>"),
            ("To", f"<{case.envelope}>"),
            ("Subject", encoded(subject)),
            ("Date", stamp(case.when)),
            ("Message-ID", f"<{case.dice.uuid()}@{case.reporter}>"),
            *_answers(case),
            *fields,
            ("MIME-Version", "1.0"),
            *kind,
        ),
        body,
    )


_AUTO_REPLIED = ("Auto-Submitted", "auto-replied")


def out_of_office(case: Undelivered) -> Mail:
    """Outlook's: the subject gets a prefix."""
    text = (
        "Thank you for your message. I am out of the office until Monday and have no access to mail.\n"
        "In urgent cases please ring the switchboard.\n"
    )
    suppress = ("X-Auto-Response-Suppress", "All")
    return _reply(case, f"Automatic reply: {case.subject}", text, _AUTO_REPLIED, suppress)


def abwesend(case: Undelivered) -> Mail:
    text = (
        "Guten Tag,\n\nich bin bis einschließlich Freitag nicht im Büro. Ihre Nachricht wird nicht\n"
        "weitergeleitet. Danach kümmere ich mich gern um Ihr Anliegen.\n"
    )
    return _reply(case, f"Abwesenheitsnotiz: {case.subject}", text, _AUTO_REPLIED)


def absence(case: Undelivered) -> Mail:
    text = "Bonjour,\n\nje suis absent du bureau jusqu'au 15. Votre message sera lu à mon retour.\n"
    return _reply(case, f"Réponse automatique : {case.subject}", text, _AUTO_REPLIED)


def vacation(case: Undelivered) -> Mail:
    """Sieve's vacation action (RFC 5230)."""
    text = "I am away on holiday and will read your message when I am back.\n"
    return _reply(
        case,
        f"Auto: {case.subject}",
        text,
        ("Auto-Submitted", "auto-replied (vacation)"),
        ("Precedence", "bulk"),
        ("X-Sieve", "Pigeonhole Sieve 0.5.21"),
    )


def receipt(case: Undelivered) -> Mail:
    """An MDN (RFC 8098): deleted unread."""
    boundary = case.dice.uuid()
    report = block(
        [
            ("Reporting-UA", f"{case.reporter}; Mailer 4.2"),
            ("Final-Recipient", f"rfc822;{case.recipient}"),
            ("Original-Message-ID", case.id),
            ("Disposition", "automatic-action/MDN-sent-automatically; deleted"),
        ]
    )
    return Mail(
        (
            ("From", f"<{case.recipient}>"),
            ("To", f"<{case.envelope}>"),
            ("Subject", f"Not read: {case.subject}"),
            ("Date", stamp(case.when)),
            ("Message-ID", f"<{case.dice.uuid()}@{case.reporter}>"),
            *_answers(case),
            ("MIME-Version", "1.0"),
            (
                "Content-Type",
                f'multipart/report; report-type=disposition-notification;\n\tboundary="{boundary}"',
            ),
        ),
        multipart(
            boundary,
            (
                [("Content-Type", "text/plain; charset=utf-8")],
                f"Your message to {case.recipient} was deleted without being read.\n",
            ),
            ([("Content-Type", "message/disposition-notification")], report),
        ),
    )


def challenge(case: Undelivered) -> Mail:
    """Challenge and response: please prove that you are a person."""
    text = (
        f"Hello,\n\nthis is the spam protection of {case.recipient}. You wrote to this address for the first\n"
        "time. To have your message delivered, please confirm that you are a person and not a machine:\n\n"
        f"    https://challenge.{case.domain}/confirm/{case.dice.text(24)}\n\n"
        "You only need to confirm once. Messages that nobody confirms are deleted after 14 days.\n"
    )
    return _reply(
        case,
        f"Please confirm your message: {case.subject}",
        text,
        _AUTO_REPLIED,
        ("Precedence", "auto_reply"),
    )


def amavis(case: Undelivered) -> Mail:
    """amavisd-new tells the presumed sender that it held the message for spam."""
    boundary = f"----------=_{int(case.when.timestamp())}-{case.dice.digits(5)}-0"
    reference = f"{case.dice.digits(5)}-{case.dice.digits(2)}/{case.dice.text(12)}"
    text = (
        f"A message from <{case.envelope}>\nto: {case.recipient}\n\n"
        "was considered unsolicited bulk e-mail (UBE).\n\n"
        f"Our internal reference code for your message is {reference}\n\n"
        "The return address may have been faked; in that case we are sorry for this notice.\n\n"
        f"First upstream SMTP client IP address: [{case.source[1]}]\n\n"
        f"Return-Path: <{case.envelope}>\nFrom: {case.original.get('From')}\n"
        f"Message-ID: {case.id}\nSubject: {case.subject}\n\nDelivery of the email was stopped!\n"
    )
    return Mail(
        (
            *report_fields(boundary),
            ("Subject", "Considered UNSOLICITED BULK EMAIL, apparently from you"),
            ("In-Reply-To", case.id),
            ("Message-ID", f"<SS{case.dice.text(12)}@{case.reporter}>"),
            ("From", f'"Content-filter at {case.reporter}" <postmaster@{case.reporter}>'),
            ("To", f"<{case.envelope}>"),
            ("Date", stamp(case.when)),
        ),
        multipart(
            boundary,
            ([("Content-Type", 'text/plain; charset="utf-8"'), ("Content-Disposition", "inline")], text),
            (
                [
                    ("Content-Type", 'message/delivery-status; name="dsn_status.dsn"'),
                    ("Content-Description", "Delivery error report"),
                ],
                status(case),
            ),
            (
                [
                    ("Content-Type", 'text/rfc822-headers; name="header.hdr"'),
                    ("Content-Description", "Message header section"),
                ],
                case.taken("amavis", case.dice.upper(11)).headers,
            ),
            preamble="This is a multi-part message in MIME format...\n\n",
        ),
    )


def virus_notice(case: Undelivered) -> Mail:
    """An antivirus gateway warns whom it takes for the sender, and quotes the header of what it found."""
    text = (
        f"ALERT: our mail gateway {case.reporter} found a virus in a message that carries your address.\n\n"
        f"  To:       {case.recipient}\n  Found:    Win.Trojan.Agent-{case.dice.digits(6)}\n\n"
        "The attachment was removed. Please check your computer for viruses.\n\n"
        f"The header of the message:\n\n{case.taken('gateway', case.dice.upper(8)).headers}"
    )
    mail = _reply(case, "VIRUS IN YOUR MAIL", text, ("Auto-Submitted", "auto-generated"))
    fields = (("From", f"Mail Gateway Antivirus <mailgate@{case.domain}>"), *mail.fields[1:])
    return Mail(fields, mail.body)
