"""How Exim returns a message: pasted until 4.84, as a report since (src/src/moan.c, deliver.c)."""

from __future__ import annotations

from scatterclean.demo.mime import Mail, multipart, stamp
from scatterclean.demo.returns import Undelivered, report_fields, status


def _exim_id(case: Undelivered) -> str:
    dice = case.dice
    letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return f"1{dice.text(5, letters)}-{dice.text(6, letters)}-{dice.text(2, letters)}"


def exim_pasted(case: Undelivered) -> Mail:
    """Exim before 4.85: text only, the message pasted below a line of dashes."""
    queue = _exim_id(case)
    lines = case.dice.below(2)
    mark = (
        "------ This is a copy of the message, including all the headers. ------\n\n"
        if lines
        else "------ This is a copy of the message's headers. ------\n\n"
    )
    taken = case.taken("Exim 4.80", queue).under(("Return-path", f"<{case.envelope}>"))
    text = (
        "This message was created automatically by mail delivery software.\n\n"
        "A message that you sent could not be delivered to one or more of its\n"
        "recipients. This is a permanent error. The following address(es) failed:\n\n"
        f"  {case.recipient}\n    {case.words}\n\n"
        f"{mark}{taken.text if lines else taken.headers}\n"
    )
    return Mail((*_exim_head(case, queue, "Mail delivery failed: returning message to sender"),), text)


def _exim_head(case: Undelivered, queue: str, subject: str) -> tuple[tuple[str, str], ...]:
    failed = () if subject.startswith("Warning") else (("X-Failed-Recipients", case.recipient),)
    return (
        *failed,
        ("Auto-Submitted", "auto-replied"),
        ("From", f"Mail Delivery System <Mailer-Daemon@{case.reporter}>"),
        ("To", case.envelope),
        ("Subject", subject),
        ("Message-Id", f"<E{queue}@{case.reporter}>"),
        ("Date", stamp(case.when)),
    )


def exim_report(case: Undelivered) -> Mail:
    """Exim since 4.85: a report; `References` names the original."""
    queue = _exim_id(case)
    boundary = f"{int(case.when.timestamp())}-eximdsn-{case.dice.digits(9)}"
    text = (
        "This message was created automatically by mail delivery software.\n\n"
        "A message that you sent could not be delivered to one or more of its\n"
        "recipients. This is a permanent error. The following address(es) failed:\n\n"
        f"  {case.recipient}\n    host {case.domain} [{case.source[1]}]\n"
        f"    SMTP error from remote mail server after RCPT TO:<{case.recipient}>:\n"
        f"    {case.failure.code} {case.words}\n"
    )
    taken = case.taken("Exim 4.97", queue).under(("Return-path", f"<{case.envelope}>"))
    return Mail(
        (
            *_exim_head(case, queue, "Mail delivery failed: returning message to sender"),
            ("References", case.id),
            *report_fields(boundary),
        ),
        multipart(
            boundary,
            ([("Content-type", "text/plain; charset=us-ascii")], text),
            ([("Content-type", "message/delivery-status")], status(case)),
            ([("Content-type", "message/rfc822")], taken.text),
        ),
    )


def exim_delay(case: Undelivered) -> Mail:
    """`delay_warning`: the header is pasted; newer ones would attach it."""
    queue = _exim_id(case)
    text = (
        "This message was created automatically by mail delivery software.\n"
        "A message that you sent has not yet been delivered to one or more of its\n"
        f"recipients after more than 24 hours on the queue on {case.reporter}.\n\n"
        f"The message identifier is:     {queue}\n"
        f"The subject of the message is: {case.subject}\n"
        f"The date of the message is:    {case.original.get('Date')}\n\n"
        "The address to which the message has not yet been delivered is:\n\n"
        f"  {case.recipient}\n    {case.words}\n\n"
        "No action is required on your part. Delivery attempts will continue for\n"
        "some time, and this warning may be repeated.\n"
    )
    boundary = f"{int(case.when.timestamp())}-eximdsn-{case.dice.digits(9)}"
    taken = case.taken("Exim 4.96", queue)
    return Mail(
        (
            *_exim_head(case, queue, f"Warning: message {queue} delayed 24 hours"),
            ("References", case.id),
            *report_fields(boundary),
        ),
        multipart(
            boundary,
            ([("Content-type", "text/plain; charset=utf-8")], text),
            ([("Content-type", "message/delivery-status")], status(case, action="delayed")),
            ([("Content-type", "text/rfc822-headers")], taken.headers),
        ),
    )
