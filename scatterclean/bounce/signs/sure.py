"""Would the same be said of a message whatever stood behind its last byte?  Where it would not, no id convicts.

A kind may be decided by what comes last: a part with a calendar or a report, the copy below a notice.  A message may
be cut off although nobody says so; a multipart shows it, a text does not.
"""

from __future__ import annotations

from scatterclean.bounce.anatomy import LOOK_TEXT, STATUS_TYPES, Message
from scatterclean.bounce.signs import words
from scatterclean.bounce.signs.away import begins_away, says_so
from scatterclean.bounce.signs.seen import Signs
from scatterclean.model import Kind


def answers_for_sure(message: Message, kind: Kind) -> bool:
    """Is this an answer and no bounce?  A bounce may keep the original's In-Reply-To, which names another's letter."""
    if not message.header_ended or _ends_early(message):
        return False
    if kind is Kind.RECEIPT:
        return True
    signs = Signs(message)
    if (message.cut and signs.from_daemon) or not _is_of_a_program(signs, kind):
        return False
    if begins_away(signs) and not signs.from_daemon:
        return True  # whatever stands below it
    # Such a subject, or an SMTP answer, makes a bounce of it as soon as something is handed back.
    failed = (signs.body_failed and signs.answers_in_smtp) or words.FAILED.search(signs.subject)
    return bool(signs.begin) and (signs.answers or not failed)


def returns_for_sure(message: Message) -> bool:
    """May what it hands back convict?  Answers by programs are sorted by all of their parts."""
    if not message.type.startswith("multipart/") or message.parts[-1].ended:
        return True
    if message.type == "multipart/report" and not message.types.isdisjoint(STATUS_TYPES):
        return True  # of other types a person may be who passes it on
    signs = Signs(message)
    return signs.from_daemon or not signs.machine_reply


def _is_of_a_program(signs: Signs, kind: Kind) -> bool:
    """Does anything say so but the null path, which some servers leave on answers of people, too?"""
    if signs.auto_submitted or signs.precedence or b"x-auto-response-suppress" in signs.fields:
        return True
    if (
        signs.machine_reply
        or signs.from_daemon
        or signs.from_system
        or signs.from_scanner
        or signs.from_list_server
    ):
        return True
    return kind is Kind.CHALLENGE or says_so(signs)


def _ends_early(message: Message) -> bool:
    """Is the end of it missing, as far as it was to be looked at?"""
    if message.type.startswith("multipart/"):
        return not message.parts[-1].ended
    return message.cut and len(message.text) < LOOK_TEXT
