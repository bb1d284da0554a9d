"""Signs of mail with a null reverse-path -> Kind | None, where no daemon, list or responder says who it is."""

from __future__ import annotations

import re

from scatterclean.bounce.signs import letters, words
from scatterclean.bounce.signs.away import begins_away
from scatterclean.bounce.signs.heads import CHALLENGER, says_you_sent_evil
from scatterclean.bounce.signs.seen import ADDRESS, Signs
from scatterclean.model import Kind

_IN_BRACKETS = re.compile(r"[(\[][^()\[\]]{4,60}[)\]]\s*$")


def of_null_path(signs: Signs) -> Kind | None:
    """Spam is sent with a null reverse-path, too: it must say that it is about another message."""
    # Manuals and newsletters tell of automatic replies in the middle of their subjects.
    cites = signs.cites or ("references" in signs.message.header and not signs.from_list)
    if _is_a_persons(signs):
        return None
    if begins_away(signs) or (cites and words.AWAY_FOR_SURE.search(signs.subject)):
        return Kind.AUTOREPLY
    if signs.cites and not signs.human and (kind := _of_null_path_that_cites(signs)):
        return kind
    if words.EVIL.search(signs.subject) and signs.returns_own and words.FAILED.search(signs.subject) is None:
        return Kind.NOTICE  # a scanner, too, says that it did not deliver what it found
    # An SMTP answer alone may be what a forum talks about.
    failed = words.FAILED.search(signs.subject) is not None and not signs.answers
    # Shops reject documents and payments; mail is spoken of where a letter is rejected.
    of_mail = words.REJECTED.search(signs.subject) is None or words.MAIL.search(
        signs.subject + " " + signs.begin
    )
    names = signs.tells_of_a_letter or (signs.tells_of_an_address and signs.answers_in_smtp)
    # Help desks and campaign reports tell of letters, people of their own.
    of_others = signs.of_a_ticket or signs.from_list or letters.MANY.search(signs.subject)
    names = names or (signs.names_an_id and signs.tells_of_your_letter)
    names = names and not (of_others or letters.MY_LETTER.search(signs.begin))
    told = signs.returns_own or (failed and (signs.returns or (of_mail and names)))
    told = told or (signs.returns and signs.from_system and not signs.answers)
    # A table of recipient, answer and id says nothing in words.
    of_yours = (
        failed and not signs.cites and signs.answers_in_smtp and letters.YOUR_LETTER.search(signs.subject)
    )
    if (signs.body_failed and told) or of_yours:
        return Kind.DELAY if words.DELAYED.search(signs.subject) else Kind.BOUNCE
    if signs.returns and signs.notice and (signs.returns_own or signs.from_system or signs.from_scanner):
        return Kind.NOTICE
    evil = signs.names_another and words.EVIL.search(signs.begin)
    if signs.says_you_wrote and (evil or words.NOTICES.search(signs.subject)):
        return Kind.NOTICE
    if not (signs.human or signs.from_list) and _challenges(signs):
        return Kind.CHALLENGE
    if not (signs.human or signs.from_list or signs.answers) and (kind := _of_what_you_sent(signs)):
        return kind
    if signs.returns_own and not signs.answers:
        said = words.NOTICES.search(signs.begin) or says_you_sent_evil(signs.subject)
        return Kind.NOTICE if said and not words.FAILED.search(signs.subject) else Kind.BOUNCE
    return None


def _is_a_persons(signs: Signs) -> bool:
    """Some servers leave a null path on people's mail, too.

    Who passes a bounce on, or answers one, says so first; others show what came back to them, not to the reader.
    """
    if signs.auto_submitted:
        return False
    if signs.answers and words.FAILED.search(signs.subject):
        return signs.cites or signs.subject.startswith(words.FORWARD)
    own = signs.human or letters.MY_LETTER.search(signs.begin) is not None
    return own and signs.returns and not signs.returns_own


def _challenges(signs: Signs) -> bool:
    """Phishing and shops hold something, too; a challenge says for whom, hands the message back, or cites it.

    Some keep the subject of what they answer (EarthLink: "Re: ... [Suspect]"): then their address must say it.
    """
    if not (signs.names_another or signs.returns_own or "references" in signs.message.header):
        return False
    subject = "" if signs.answers else signs.subject
    asked = words.CHALLENGES.search(subject) or words.CHALLENGES_FOR_SURE.search(subject)
    if not asked and not (
        any(map(CHALLENGER.match, signs.local_parts)) and words.CHALLENGES.search(signs.begin)
    ):
        return False
    return letters.held(signs.begin)


def _of_what_you_sent(signs: Signs) -> Kind | None:
    """Null reverse-path, and it speaks of the reader's message: found evil, held, or received."""
    # A responder that cites in References alone (RFC 3834, 3.1.5, wants In-Reply-To, too).
    references = "references" in signs.message.header
    away = words.AWAY.match(signs.subject) or letters.RECEIVED.search(signs.subject)
    if away and references and not signs.auto_submitted.startswith(b"auto-gen"):
        return Kind.AUTOREPLY
    if references and words.YOU_SENT.search(signs.begin) and words.CHALLENGES.search(signs.begin):
        return Kind.CHALLENGE
    # Phishing also warns of evil; a scanner says to whom the reader sent it, or names its id.
    you_sent = words.YOU_SENT.search(signs.begin) and signs.names_another
    if signs.names_an_id and (you_sent or words.NOTICES.search(f"{signs.subject} {signs.begin}")):
        return Kind.NOTICE
    if you_sent:
        said = words.NOTICES.search(signs.subject) or words.RISKS.search(signs.subject)
        if said or words.EVIL.search(signs.begin):
            return Kind.NOTICE
    if words.NOTICES.search(signs.subject) and words.YOURS.search(signs.subject):
        held = ADDRESS.search(signs.subject) and words.LIST_NOTICES.search(signs.begin)
        return Kind.NOTICE if held else None
    return None


def _of_null_path_that_cites(signs: Signs) -> Kind | None:
    """No bounce may come back to it, and it answers something: the two marks of a responder (RFC 3834, 3)."""
    if words.CHALLENGES.search(signs.begin) and letters.held(signs.begin):
        return Kind.CHALLENGE
    if signs.answers:
        if signs.challenges_for_sure:
            return Kind.CHALLENGE
        # Behind the subject that it answers, in brackets: nobody writes so by hand.
        behind = _IN_BRACKETS.search(signs.subject)
        if behind is not None and words.CHALLENGES.search(behind[0]):
            return Kind.CHALLENGE
        # Help desks tell their agents so, too, but as "auto-generated" (OTRS: SendmailNotificationEnvelopeFrom).
        bulk = signs.precedence in (b"bulk", b"junk") and not signs.auto_submitted.startswith(b"auto-gen")
        return Kind.AUTOREPLY if bulk or words.AWAY.search(signs.subject) else None
    if words.AWAY.match(signs.subject):
        return Kind.AUTOREPLY
    # "Your message violates a policy"
    yours = words.YOURS.search(signs.subject) and words.NOTICES.search(signs.subject)
    if yours and signs.names_another and words.NOTICES.search(signs.begin):
        return Kind.NOTICE
    if signs.auto_submitted.startswith(b"auto-gen") and not signs.from_scanner:
        return Kind.AUTOREPLY if words.AWAY.search(signs.subject) else None
    # People talk of spam and viruses; a program says that it is one, or speaks of the reader's message.
    program = (
        signs.auto_submitted.startswith(b"auto")
        or signs.from_system
        or signs.from_scanner
        or signs.from_list_server
        or words.YOURS.search(signs.begin)
        or words.YOU_SENT.search(signs.begin)
    )
    noticed = words.NOTICES.search(signs.subject) is not None or (
        program and words.NOTICES.search(signs.begin) is not None and b"\n>" not in signs.message.text[:2000]
    )
    if words.FAILED.search(signs.subject) and signs.body_failed:
        return Kind.NOTICE if noticed else None
    if words.CHALLENGES.search(signs.subject) or signs.challenges_for_sure:
        return Kind.CHALLENGE
    if noticed or says_you_sent_evil(signs.subject):
        return Kind.NOTICE
    return Kind.AUTOREPLY if words.AWAY.search(signs.subject) else None
