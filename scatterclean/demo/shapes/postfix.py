"""How Postfix returns a message: one layout, four uses of it (src/bounce/bounce_notify_util.c)."""

from __future__ import annotations

from scatterclean.demo.mime import Mail, multipart, stamp
from scatterclean.demo.returns import Undelivered, report_fields, status


def _postfix(case: Undelivered, subject: str, text: str, *, action: str, headers_only: bool) -> Mail:
    queue = case.dice.upper(10)
    boundary = f"{queue}.{int(case.when.timestamp())}/{case.reporter}"
    original = case.taken("Postfix", queue)
    extra = (("Original-Recipient", f"rfc822;{case.recipient}"),)
    returned = (
        (
            [("Content-Description", "Undelivered Message Headers"), ("Content-Type", "text/rfc822-headers")],
            original.headers,
        )
        if headers_only
        else (
            [("Content-Description", "Undelivered Message"), ("Content-Type", "message/rfc822")],
            original.text,
        )
    )
    return Mail(
        (
            ("Date", stamp(case.when)),
            ("From", f"MAILER-DAEMON@{case.reporter} (Mail Delivery System)"),
            ("Subject", subject),
            ("To", case.envelope),
            ("Auto-Submitted", "auto-replied"),
            *report_fields(boundary),
            ("Message-Id", f"<{case.when:%Y%m%d%H%M%S}.{queue}@{case.reporter}>"),
        ),
        multipart(
            boundary,
            ([("Content-Description", "Notification"), ("Content-Type", "text/plain; charset=utf-8")], text),
            (
                [("Content-Description", "Delivery report"), ("Content-Type", "message/delivery-status")],
                status(case, action=action, extra=extra),
            ),
            returned,
            preamble="This is a MIME-encapsulated message.\n\n",
        ),
    )


def _postfix_failed(case: Undelivered) -> str:
    failure = case.failure
    return (
        f"This is the mail system at host {case.reporter}.\n\n"
        "I'm sorry to have to inform you that your message could not\n"
        "be delivered to one or more recipients. It's attached below.\n\n"
        "                   The mail system\n\n"
        f"<{case.recipient}>: host {case.domain} said: {failure.code} {failure.status}\n    {case.words}"
        " (in reply to RCPT TO command)\n"
    )


def postfix(case: Undelivered) -> Mail:
    """The default template, the whole message returned."""
    subject = "Undelivered Mail Returned to Sender"
    return _postfix(case, subject, _postfix_failed(case), action="failed", headers_only=False)


def postfix_headers(case: Undelivered) -> Mail:
    """`bounce_size_limit` exceeded or RET=HDRS: only the header is returned."""
    subject = "Undelivered Mail Returned to Sender"
    return _postfix(case, subject, _postfix_failed(case), action="failed", headers_only=True)


def postfix_german(case: Undelivered) -> Mail:
    """A site's own `bounce_template_file`."""
    text = (
        f"Dies ist das Mailsystem auf {case.reporter}.\n\n"
        "Ihre Nachricht konnte leider nicht allen Empfängern zugestellt\n"
        "werden. Einzelheiten finden Sie weiter unten, Ihre Nachricht ist\nangehängt.\n\n"
        f"<{case.recipient}>: {case.words}\n"
    )
    subject = "Unzustellbar: Ihre Nachricht kommt zurueck"
    return _postfix(case, subject, text, action="failed", headers_only=bool(case.dice.below(2)))


def postfix_delay(case: Undelivered) -> Mail:
    """`delay_warning_time` is over; the message stays in the queue."""
    text = (
        f"This is the mail system at host {case.reporter}.\n\n"
        "####################################################################\n"
        "# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #\n"
        "####################################################################\n\n"
        "Your message could not be delivered for more than 4 hour(s).\n"
        "It will be retried until it is 5 day(s) old.\n\n"
        f"<{case.recipient}>: {case.words}\n"
    )
    subject = "Delayed Mail (still being retried)"
    return _postfix(case, subject, text, action="delayed", headers_only=True)
