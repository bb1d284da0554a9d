"""Signs -> Kind | None: which kind of automatic mail is this?  None is ordinary mail."""

from __future__ import annotations

import re

from scatterclean.bounce.anatomy import (
    COMPLAINT_TYPES,
    RECEIPT_TYPES,
    RETURNED_TYPES,
    STATUS_TYPES,
    Message,
    opened,
)
from scatterclean.bounce.signs import letters, words
from scatterclean.bounce.signs.away import begins_away, is_away
from scatterclean.bounce.signs.first_words import of_first_words
from scatterclean.bounce.signs.heads import is_nobodys_path, may_be, says_you_sent_evil
from scatterclean.bounce.signs.null_path import of_null_path
from scatterclean.bounce.signs.posts import of_list_server, rejects_a_post, warns_the_recipient
from scatterclean.bounce.signs.seen import Signs
from scatterclean.bounce.signs.services import of_pec, of_sns
from scatterclean.model import Kind

_FEEDBACK_TYPE = re.compile(rb"(?:^|\n)feedback-type[ \t]*:", re.IGNORECASE)
_ACTION = re.compile(rb"\n[>| \t]*action[ \t]*:[ \t]*\"?([a-z]+)", re.IGNORECASE)
_STATUS_FIELDS = re.compile(
    rb"(?:^|\n)(?:reporting-mta|final-recipient|original-recipient|action|status|arrival-date|diagnostic-code)[ \t]*:",
    re.IGNORECASE,
)
_PASTED_STATUS = re.compile(rb"\n[>| \t]*final-recipient[ \t]*:[ \t]*[a-z0-9]+[ \t]*;", re.IGNORECASE)
_REJECTED = re.compile(r"reject|refus|zur[uü]e?ckgewiesen|abgewiesen")
_MAX_DEPTH = 3  # hostile mail nests without end
_EARLY = 700  # characters: a warning says so at once
_KIND_OF_ACTION = {
    b"failed": Kind.BOUNCE,
    b"delayed": Kind.DELAY,
    b"delivered": Kind.SUCCESS,
    b"relayed": Kind.SUCCESS,
    b"expanded": Kind.SUCCESS,
}


def kind_of(message: Message, *, depth: int = 0, fields: dict[bytes, bytes] | None = None) -> Kind | None:
    """None for ordinary mail.  For a message at any level; it looks at no more of it than it needs.

    `depth` counts the messages within messages that had to be looked into; `fields` are the `wanted` ones of its
    header, if they are known and `may_be`.
    """
    signs = Signs(message, depth, fields)
    if fields is None and not may_be(signs.fields):
        return None
    return _by_report(signs) or _by_signs(signs)


def _by_report(signs: Signs) -> Kind | None:
    """The kinds that have a report format of their own."""
    message = signs.message
    status = message.part_of(STATUS_TYPES)
    if status is not None and _STATUS_FIELDS.search(status.content) and not _was_passed_on(signs):
        return _of_status(signs, status.content)
    receipt = message.part_of(RECEIPT_TYPES)
    if receipt is not None:
        # Sieve's reject is an MDN "deleted" with the message behind it (RFC 5429, 2.1.1); Outlook's
        # "deleted without being read" has none.
        rejected = b"rejected" in signs.auto_submitted or (
            b"deleted" in receipt.content
            and not message.types.isdisjoint(RETURNED_TYPES)
            and _REJECTED.search(signs.subject + signs.begin) is not None
        )
        return Kind.BOUNCE if rejected else Kind.RECEIPT
    complaint = message.part_of(COMPLAINT_TYPES)
    if complaint is not None:
        # maildrop's mailbot wraps vacation texts as reports without the type that RFC 5965 demands.
        if signs.machine_reply and not _FEEDBACK_TYPE.search(complaint.content):
            return Kind.AUTOREPLY
        return Kind.COMPLAINT
    return None


def _was_passed_on(signs: Signs) -> bool:
    """Outlook forwards a report as parts of the person's own mail."""
    if signs.message.type == "multipart/report" or signs.from_daemon or signs.null_path:
        return False
    if signs.answers or signs.human:
        return True
    person = signs.from_own_path or b"return-path" not in signs.fields
    return person and not (signs.from_system or signs.auto_submitted)


def _of_status(signs: Signs, fields: bytes) -> Kind:
    actions = {action.lower() for action in _ACTION.findall(b"\n" + fields)}
    if b"failed" in actions:
        if b"postmaster-notification" in signs.auto_submitted or (
            b"double-bounce" in signs.fields.get(b"return-path", b"")
            and signs.auto_submitted == b"auto-generated"
        ):
            return Kind.NOTICE  # a copy for the postmaster (sendmail, Postfix): nobody's own bounce
        return Kind.BOUNCE
    for action in actions:
        if action in _KIND_OF_ACTION:
            kind = _KIND_OF_ACTION[action]
            if kind is Kind.SUCCESS and signs.machine_reply and not signs.from_daemon:
                return Kind.AUTOREPLY  # maildrop's mailbot again
            return kind
    if not actions and words.DELAYED.search(signs.subject):
        return Kind.DELAY
    return Kind.BOUNCE


def _by_signs(signs: Signs) -> Kind | None:
    """Kinds of home-made mail: structure and words together."""
    if "x-ms-journal-report" in signs.message.header:
        return None  # Exchange keeps a copy of all mail, each in a report from its own daemon
    if signs.from_daemon or b"x-failed-recipients" in signs.fields:
        return _from_daemon(signs)
    if b"x-ricevuta" in signs.fields:
        return of_pec(signs)
    if b"x-amz-sns-message-id" in signs.fields:
        return of_sns(signs)
    if signs.from_list_server and (kind := of_list_server(signs)):
        return kind
    if signs.machine_reply and not signs.from_list:
        return _of_reply(signs)
    if signs.null_path and (kind := of_null_path(signs)):
        return kind
    if signs.auto_submitted.startswith(b"auto") and rejects_a_post(signs):
        return Kind.NOTICE
    if signs.auto_submitted.startswith(b"auto") and _returns_a_letter(signs):
        return Kind.BOUNCE
    return _of_words(signs)


def _from_daemon(signs: Signs) -> Kind | None:
    """A sender of the postmaster kind may still be a person: something must be said or handed back."""
    message = signs.message
    cites = "in-reply-to" in message.header
    answer = signs.answers and (signs.human or cites) and not signs.null_path
    # Some servers leave a null path on people's mail, too.
    answer = answer or (signs.answers and cites and (signs.human or _quotes(signs)) and not signs.returns_own)
    # James answers under the original's subject; kept without its Return-Path it still hands the message back.
    if answer and (
        signs.human or b"return-path" in signs.fields or not (signs.returns_own and signs.body_failed)
    ):
        return None
    if _is_a_person_at_postmaster(signs):
        return None
    failed = words.FAILED.search(signs.subject) is not None
    delayed = words.DELAYED.search(signs.subject) is not None
    if not (
        signs.auto_submitted.startswith(b"auto-replied")
        or _speaks_of_failure(signs, in_subject=failed or delayed)
        or _notifies(signs)
    ):
        return None
    if message.preface.find(b"inal-") >= 0 and _PASTED_STATUS.search(b"\n" + message.preface):
        actions = _ACTION.findall(b"\n" + message.preface)
        if actions and actions[0].lower() in _KIND_OF_ACTION:
            return _KIND_OF_ACTION[actions[0].lower()]
    if delayed or (
        not (failed and "permanent" in signs.begin) and words.DELAYED.search(signs.begin[:_EARLY])
    ):
        return Kind.DELAY
    if failed:
        return Kind.BOUNCE
    if words.DELIVERED.search(signs.subject):
        return Kind.SUCCESS
    if signs.notice or (not signs.body_failed and (signs.cites or words.NOTICES.search(signs.begin))):
        return Kind.NOTICE
    return Kind.BOUNCE


# Of the addresses that bounces come from, those that people read and write from, too.
_ROLES = frozenset({"postmaster", "mailadm"})


def _is_a_person_at_postmaster(signs: Signs) -> bool:
    """People, too, write as postmaster: they answer, pass bounces on, and quote them.

    Their Return-Path is their own; only a null one or that of a mailer daemon is a machine's for sure.
    """
    path = signs.fields.get(b"return-path")
    if _ROLES.isdisjoint(signs.local_parts) or b"delivery-status" in signs.fields.get(b"content-type", b""):
        return False
    if is_nobodys_path(path) or signs.auto_submitted.startswith(b"auto"):
        return False
    if b"x-failed-recipients" in signs.fields or signs.returns_own:
        return False
    return (
        signs.answers
        or signs.human
        or _quotes(signs)
        or _forwards_a_bounce(signs)
        or signs.persons_path
        or signs.greets_reader
    )


def _quotes(signs: Signs) -> bool:
    """Is something quoted with marks below an own word?"""
    return signs.message.text.find(b"\n>", 0, 2000) >= 0


def _speaks_of_one(signs: Signs) -> bool:
    """A notice about one message; digests of what was held back from the reader are about none of hers."""
    return words.NOTICES.search(signs.begin) is not None and words.DIGESTS.search(signs.subject) is None


def _notifies(signs: Signs) -> bool:
    """Does mail of a daemon tell of a virus, a quota, a frozen message?"""
    if says_you_sent_evil(signs.subject):
        return True
    if not signs.returns and signs.was_for_the_reader:
        return False
    if (
        signs.null_path
        and signs.names_another
        and words.YOU_SENT.search(signs.begin)
        and _speaks_of_one(signs)
    ):
        return True
    if signs.returns_own or (signs.returns and signs.null_path):
        return True
    if signs.null_path and not signs.answers and words.DIGESTS.search(signs.subject) is None:
        # A scanner under the postmaster's address, whose subject is its name or the number of a ticket.
        if signs.cites and signs.from_scanner:
            return True
        if signs.says_you_wrote and words.EVIL.search(signs.begin):
            return True
        you_sent = words.YOU_SENT.search(signs.begin) and signs.names_another
        if signs.names_an_id and (you_sent or words.NOTICES.search(signs.begin)):
            return True
    if signs.auto_submitted.startswith(b"auto") and (signs.returns or (signs.null_path and signs.cites)):
        return True
    if warns_the_recipient(signs):
        return False
    return signs.notice and (
        signs.returns or signs.auto_submitted.startswith(b"auto") or _speaks_of_one(signs)
    )


def _speaks_of_failure(signs: Signs, *, in_subject: bool) -> bool:
    """Does mail of a daemon say that something was not delivered?  The less a name proves, the more is asked."""
    if signs.from_mailer_daemon or b"x-failed-recipients" in signs.fields:
        return (
            in_subject
            or signs.returns
            # In a language without words here, the failed address tells.
            or (
                (signs.body_failed or (signs.null_path and signs.names_another))
                and words.DIGESTS.search(signs.subject) is None
            )
        )
    counted = words.DIGESTS.search(signs.subject) and not in_subject
    if not signs.returns and (counted or letters.MANY.search(signs.subject) or signs.was_for_the_reader):
        return False  # a mail server's statistics tell of many messages, never of one
    if signs.null_path and (signs.returns or signs.tells_of_an_address):
        return True
    if signs.null_path and not signs.human and signs.tells_of_your_letter:
        return True  # X.400 and groupware name people, not addresses
    path = signs.fields.get(b"return-path")
    nobodys = is_nobodys_path(path)
    if nobodys and signs.answers_in_smtp:
        return True
    proof = signs.returns or signs.tells_of_an_address or (path is None and signs.answers_in_smtp)
    proof = proof or (nobodys and signs.proof)
    if in_subject:
        return proof or (signs.names_another and bool(signs.local_parts))
    return signs.body_failed and not signs.human and proof


def _of_reply(signs: Signs) -> Kind | None:
    message = signs.message
    if "text/calendar" in message.types:
        return None  # an answer to an invitation is a person's
    if signs.subject.startswith(words.FORWARD) and not signs.cites:
        return None  # a rule that passes mail on (Exchange marks it like an answer)
    if begins_away(signs):
        return Kind.AUTOREPLY  # whatever the subject says that it quotes
    if not signs.answers and signs.returns_own and signs.body_failed and signs.answers_in_smtp:
        return Kind.BOUNCE  # nobody who is away quotes an SMTP answer
    failed = words.FAILED.search(signs.subject) and not signs.answers
    if failed and signs.proof:
        return Kind.BOUNCE
    if words.CHALLENGES.search(signs.subject) or (
        words.CHALLENGES.search(signs.begin) and not words.AWAY.search(signs.subject)
    ):
        return Kind.CHALLENGE
    if signs.notice and not signs.answers:
        return Kind.NOTICE
    return Kind.AUTOREPLY


def _returns_a_letter(signs: Signs) -> bool:
    """A program's address, its own word that it is one, and the reader's letter: aliases' providers bounce so."""
    if signs.answers or signs.human or signs.from_list or not signs.from_system or begins_away(signs):
        return False
    return signs.returns_own and signs.body_failed


def _of_words(signs: Signs) -> Kind | None:
    """No sign of a machine but the words: all of them must agree, and no person's hand be seen."""
    message = signs.message
    if signs.human:
        return None
    if is_away(signs):
        return Kind.AUTOREPLY
    if signs.challenges_for_sure and words.CHALLENGES.search(signs.begin) and not signs.from_list:
        return Kind.CHALLENGE
    if signs.answers or signs.from_list:
        return of_first_words(signs)
    complains = signs.subject.startswith(words.COMPLAINTS) and "in-reply-to" not in message.header
    if complains and signs.returns and signs.from_system:
        return Kind.COMPLAINT
    if "in-reply-to" in message.header and not signs.returns and not signs.from_scanner:
        return None
    failed = words.FAILED.search(signs.subject) is not None
    delayed = words.DELAYED.search(signs.subject) is not None
    if (
        (failed or delayed)
        and signs.body_failed
        and (signs.returns or signs.tells_of_an_address)
        and _is_nobodys(signs)
    ):
        return Kind.DELAY if delayed else Kind.BOUNCE
    if signs.from_scanner and _is_told(signs) and _speaks_of_one(signs):
        return Kind.NOTICE
    if signs.from_system and signs.notice and signs.returns:
        return Kind.NOTICE
    if signs.from_daemon_name and signs.notice and words.NOTICES.search(signs.begin):
        return Kind.NOTICE if signs.names_another or signs.proof or signs.says_you_wrote else None
    if not says_you_sent_evil(signs.subject) or not _is_of_a_program(signs):
        return None
    about_one = (
        signs.from_scanner
        or signs.names_another
        or signs.returns
        or signs.says_you_wrote
        or words.YOU_SENT.search(signs.begin)
    )
    return Kind.NOTICE if about_one else None


def _is_told(signs: Signs) -> bool:
    """Is it the reader's message that this speaks of?"""
    if signs.says_you_wrote or signs.returns_own:
        return True
    return signs.cites and (signs.null_path or b"return-path" not in signs.fields)


def _is_of_a_program(signs: Signs) -> bool:
    return (
        signs.null_path or signs.from_scanner or signs.from_system or signs.says_you_wrote
    ) and "in-reply-to" not in signs.message.header


def _is_nobodys(signs: Signs) -> bool:
    """A person, too, writes "my mail to x could not be delivered" and shows what came back.

    It has a person's Return-Path, what it shows is not the reader's, or it passes a bounce on.
    """
    if signs.from_system:
        if not signs.returns and not signs.from_daemon_name:
            return False  # help desks write about mail, too
        if not signs.returns and signs.from_own_path and not signs.answers_in_smtp:
            return False  # and so do people who are called system administrators
        if (
            b"return-path" in signs.fields
            and not signs.null_path
            and not signs.returns_own
            and _quotes(signs)
        ):
            return False  # and their people quote what came back to others
    elif b"from" in signs.fields and (b"return-path" in signs.fields or not signs.returns_own):
        return False
    return not _forwards_a_bounce(signs)


def _forwards_a_bounce(signs: Signs) -> bool:
    """A person who passes a bounce on by hand returns a bounce, not a letter."""
    part = signs.message.part_of(RETURNED_TYPES)
    if part is None or signs.depth >= _MAX_DEPTH:
        return False
    return kind_of(opened(part.content), depth=signs.depth + 1) is not None
