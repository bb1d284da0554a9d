"""How qmail, sendmail, OpenSMTPD and Courier return a message."""

from __future__ import annotations

from scatterclean.demo.mime import Mail, block, multipart, stamp
from scatterclean.demo.returns import Undelivered, report_fields, status


def qmail(case: Undelivered) -> Mail:
    """QSBMF: text, then the message below a mark; neither Message-ID nor MIME."""
    text = (
        f"Hi. This is the qmail-send program at {case.reporter}.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        f"<{case.recipient}>:\n{case.source[1]} does not like recipient.\n"
        f"Remote host said: {case.failure.code} {case.words}\nGiving up on {case.source[1]}.\n\n"
        "--- Below this line is a copy of the message.\n\n"
    )
    name, address = case.source
    number = case.dice.digits(5)
    taken = case.original.under(
        ("Return-Path", f"<{case.envelope}>"),
        ("Received", f"(qmail {number} invoked by uid 89); {stamp(case.arrived)}"),
        (
            "Received",
            f"from unknown (HELO {name or address}) ({address})\n  by 0 with SMTP; {stamp(case.arrived)}",
        ),
    )
    return Mail(
        (
            ("Date", stamp(case.when)),
            ("From", f"MAILER-DAEMON@{case.reporter}"),
            ("To", case.envelope),
            ("Subject", "failure notice"),
        ),
        text + taken.text,
    )


def sendmail(case: Undelivered) -> Mail:
    queue = case.dice.text(14, "0123456789ABCDEFGHJKLMNabcdefghjklmn")
    boundary = f"{queue}.{int(case.when.timestamp())}/{case.reporter}"
    text = (
        f"The original message was received at {stamp(case.arrived)}\nfrom {case.client}\n\n"
        "   ----- The following addresses had permanent fatal errors -----\n"
        f"<{case.recipient}>\n    (reason: {case.failure.code} {case.failure.status} {case.words})\n\n"
        "   ----- Transcript of session follows -----\n"
        f"... while talking to {case.domain}.:\n"
        f">>> DATA\n<<< {case.failure.code} {case.failure.status} {case.words}\n"
        f"550 5.1.1 <{case.recipient}>... User unknown\n"
    )
    trace = (
        f"from localhost (localhost)\n\tby {case.reporter} (8.17.1/8.17.1) id {queue};\n\t{stamp(case.when)}"
    )
    taken = case.taken("8.17.1/8.17.1", queue).under(("Return-Path", f"<{case.envelope}>"))
    return Mail(
        (
            ("Received", trace),
            ("Date", stamp(case.when)),
            ("From", f"Mail Delivery Subsystem <MAILER-DAEMON@{case.reporter}>"),
            ("Message-Id", f"<{case.when:%Y%m%d%H%M}.{queue}@{case.reporter}>"),
            ("To", f"<{case.envelope}>"),
            *report_fields(boundary),
            ("Subject", "Returned mail: see transcript for details"),
            ("Auto-Submitted", "auto-generated (failure)"),
        ),
        multipart(
            boundary,
            ([], text),
            ([("Content-Type", "message/delivery-status")], status(case)),
            ([("Content-Type", "message/rfc822")], taken.text),
            preamble="This is a MIME-encapsulated message\n\n",
        ),
    )


def sendmail_old(case: Undelivered) -> Mail:
    """sendmail 8.6 and what was made of it: text, and the message below a line."""
    queue = f"{case.dice.letters(3).upper()}{case.dice.digits(5)}"
    taken = case.taken("8.6.12/8.6.12", queue)
    text = (
        f"The original message was received at {stamp(case.arrived)}\nfrom {case.client}\n\n"
        "   ----- The following addresses had delivery problems -----\n"
        f"<{case.recipient}>  (unrecoverable error)\n\n"
        "   ----- Transcript of session follows -----\n"
        f"550 <{case.recipient}>... User unknown\n\n"
        "   ----- Original message follows -----\n"
    )
    return Mail(
        (
            ("Date", stamp(case.when)),
            ("From", f"Mail Delivery Subsystem <MAILER-DAEMON@{case.reporter}>"),
            ("Subject", "Returned mail: User unknown"),
            ("Message-Id", f"<{case.when:%Y%m%d%H%M}.{queue}@{case.reporter}>"),
            ("To", case.envelope),
        ),
        text + taken.text,
    )


def opensmtpd(case: Undelivered) -> Mail:
    """multipart/mixed, not /report; Action: error."""
    queue = case.dice.text(8)
    boundary = f"{case.dice.digits(19)}/{case.reporter}"
    text = (
        "    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\n"
        "    An error has occurred while attempting to deliver a message for\n"
        f"    the following list of recipients:\n\n{case.recipient}: {case.failure.code} {case.words}\n\n"
        "    Below is a copy of the original message:\n\n"
    )
    report = block([("Reporting-MTA", f"dns; {case.reporter}")]) + "\n"
    report += block(
        [
            ("Final-Recipient", f"rfc822; {case.recipient}"),
            ("Action", "error"),
            ("Status", case.failure.status),
        ]
    )
    here = case.reporter
    trace = (
        f"from {here} ({here} [local])\n\tby {here} (OpenSMTPD) with ESMTPA id {queue}\n"
        f"\tfor <{case.envelope}>;\n\t{stamp(case.when)}"
    )
    taken = case.taken("OpenSMTPD", queue)
    return Mail(
        (
            ("Received", trace),
            ("Subject", "Delivery status notification: error"),
            ("From", f"Mailer Daemon <MAILER-DAEMON@{case.reporter}>"),
            ("To", case.envelope),
            ("Date", stamp(case.when)),
            ("MIME-Version", "1.0"),
            ("Content-Type", f'multipart/mixed;boundary="{boundary}"'),
            ("Message-ID", f"<{case.dice.text(16)}@{case.reporter}>"),
        ),
        multipart(
            boundary,
            (
                [("Content-Description", "Notification"), ("Content-Type", "text/plain; charset=us-ascii")],
                text,
            ),
            (
                [("Content-Description", "Delivery Report"), ("Content-Type", "message/delivery-status")],
                report,
            ),
            (
                [("Content-Description", "Message headers"), ("Content-Type", "text/rfc822-headers")],
                taken.headers,
            ),
            preamble="This is a MIME-encapsulated message.\n\n",
        ),
    )


def courier(case: Undelivered) -> Mail:
    """Courier's courierdsn: the header alone by default."""
    queue = case.dice.text(16).upper()
    boundary = f"=_courier-{case.dice.digits(4)}-{case.dice.digits(10)}"
    text = (
        f"This is a delivery status notification from {case.reporter},\nrunning the Courier mail server.\n\n"
        f"The original message was received on {stamp(case.arrived)}\n"
        f"from <{case.envelope}> ([{case.source[1]}])\n\n"
        "-----------------------------------------------------------------------\n\n"
        "                           UNDELIVERABLE MAIL\n\n"
        "Your message to the following recipients cannot be delivered:\n\n"
        f"<{case.recipient}>:\n    <<< {case.failure.code} {case.words}\n\n"
        "If your message was also sent to additional recipients, their delivery\n"
        "status is not included in this report.\n"
    )
    taken = case.taken("Courier 1.3", queue)
    return Mail(
        (
            ("Date", stamp(case.when)),
            ("From", f'"Courier mail server at {case.reporter}" <postmaster@{case.reporter}>'),
            ("To", case.envelope),
            ("Subject", "NOTICE: mail delivery status."),
            *report_fields(boundary),
            ("Message-ID", f"<courier.{queue}.{case.dice.digits(8)}@{case.reporter}>"),
        ),
        multipart(
            boundary,
            ([("Content-Type", "text/plain; charset=us-ascii")], text),
            ([("Content-Type", "message/delivery-status")], status(case)),
            ([("Content-Type", "text/rfc822-headers; charset=us-ascii")], taken.headers),
        ),
    )
