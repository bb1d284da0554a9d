"""Does the subject say that a person is away, in the way in which programs say so?  It looks at no body."""

from __future__ import annotations

import re

from scatterclean.bounce.signs import letters, words
from scatterclean.bounce.signs.heads import SYSTEM, text_of
from scatterclean.bounce.signs.seen import Signs

# What vacation programs put between their phrase and the subject that they answer.
_BEHIND_AWAY = re.compile(r"^[^\w:(]{0,3}(?:[:(\[\uff1a\uff08]|[-\u2013]|$|auto|from |von |de |to )")
# Domino writes a sentence and no field that says that it is automatic.
_IN_A_SENTENCE = re.compile(
    r"\S (?:is out of the office|ist außer haus|ist abwesend|est absente?|è fuori ufficio|está ausente)[^:]{0,40}$"
)
# "[자동응답] your subject" (Naver), "【自動返信】...": what Signs.subject takes for the tag of a list.
_IN_BRACKETS = re.compile(rf"\s*[\[\u3010](?:{words.AWAY_FOR_SURE.pattern})[\]\u3011]")
_AWAY_AT_END = re.compile(
    rf"(?:\(| is | ist | est | está | è | is momenteel )(?:{words.AWAY.pattern})[^:]{{0,20}}$"
)


def begins_away(signs: Signs) -> bool:
    """Is the subject a vacation program's phrase and what it quotes behind it?  The phrase wins over the quoted."""
    phrase = words.AWAY_FOR_SURE.match(signs.subject)
    if phrase is None or signs.answers:
        return False
    if signs.answers_nothing and words.AWAY_OF_PEOPLE.match(signs.subject) and _is_of_a_program(signs):
        return False
    if signs.from_list and not signs.auto_submitted.startswith(b"auto-rep"):
        return False  # newsletters are about holidays, too
    return _BEHIND_AWAY.match(signs.subject[phrase.end() :].lstrip()) is not None


def _is_of_a_program(signs: Signs) -> bool:
    """Leave planners and calendars tell of their users."""
    return any(map(SYSTEM.match, signs.local_parts))


def _may_be_said(signs: Signs) -> bool:
    """Do people, too, head a letter so?  With the bare phrase, or "Out of office: who stands in?"."""
    said = signs.subject.rstrip(" .!?")
    phrase = words.AWAY_FOR_SURE.match(said)
    if phrase is None or phrase.end() == len(said):
        return True
    return words.AWAY_OF_PEOPLE.match(said) is not None and "auto" not in said[:30] and not signs.cites


def _is_of_a_person(signs: Signs) -> bool:
    """Somebody's own Return-Path, and no word of a machine."""
    path = b"return-path" in signs.fields and not signs.null_path
    return path and not signs.auto_submitted and not signs.precedence


def says_so(signs: Signs) -> bool:
    """Does the subject hold a phrase, or a sentence, that programs write and people do not?"""
    if _IN_BRACKETS.match(text_of(signs.fields.get(b"subject"))):
        return True
    phrase = words.AWAY_FOR_SURE.search(signs.subject) or _IN_A_SENTENCE.search(signs.subject)
    return phrase is not None and not signs.answers


def is_away(signs: Signs) -> bool:
    """People, too, write "Out of office on Friday"; programs write "Out of office: your subject"."""
    if signs.answers_nothing and _is_of_a_program(signs):
        return False
    if begins_away(signs) and not (_may_be_said(signs) and _is_of_a_person(signs)):
        return True
    if signs.cites and _IN_BRACKETS.match(text_of(signs.fields.get(b"subject"))):
        return True
    header = signs.message.header
    cites = signs.cites or "references" in header
    automatic = signs.precedence.startswith((b"bulk", b"junk", b"auto")) or signs.auto_submitted.startswith(
        b"auto"
    )
    behind = _AWAY_AT_END.search(signs.subject)
    for_sure = behind is not None and words.AWAY_FOR_SURE.search(behind[0]) is not None
    if automatic and for_sure and not signs.from_list:
        return True  # GroupWise cites nothing
    # Newsletters and personnel offices, too, send in bulk and automatically what speaks of holidays.
    supported = cites and automatic
    if signs.cites and not signs.answers:
        suppresses = b"x-auto-response-suppress" in signs.fields  # Exchange wants no answers to its own
        supported = supported or suppresses or _IN_A_SENTENCE.search(signs.subject) is not None
    if not supported or signs.from_list:
        return False
    if cites and not signs.answers and words.AWAY_FOR_SURE.search(signs.subject):
        return True  # "Yahoo! Auto Response"
    # "Olga Muster ist abwesend." (Domino), "Re: your subject (Out of Office)" (GroupWise).
    if not signs.answers and letters.RECEIVED.search(signs.subject):
        return True  # "Case 4711: your subject - we have received your request"
    if words.AWAY.match(signs.tag):
        return True  # Zendesk: "[Request received] your subject"
    return (not signs.answers and words.AWAY.match(signs.subject) is not None) or (
        behind is not None and ("(" in behind[0] or not signs.answers)
    )
