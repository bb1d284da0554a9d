"""Bounces under an answer's subject, told from people's answers by the words that they begin with."""

from __future__ import annotations

from scatterclean.bounce.signs import words
from scatterclean.bounce.signs.seen import ADDRESS, SENTENCE_END, Signs
from scatterclean.model import Kind


def of_first_words(signs: Signs) -> Kind | None:
    """Bounces that call themselves an answer ("RE: your subject : non remis") or came through a list.

    People's answers quote, cite what they answer, or greet first; these start with what happened to whom.
    """
    message = signs.message
    header = message.header
    if signs.subject.startswith(words.FORWARD):
        return None  # who passes a bounce on says so first
    _, _, answered = signs.subject.partition(":")
    if signs.answers and words.FAILED.search(answered.rpartition(":")[0] or answered):
        return None  # an answer to a bounce: "Re: Mail delivery failed: ..."
    begin = SENTENCE_END.split(message.words[:100])[0]
    if "in-reply-to" in header or "references" in header or b"\n>" in b"\n" + message.text[:2000]:
        return None
    if not (words.FAILED.search(signs.subject) and words.FAILED.search(begin)):
        return None
    if ADDRESS.search(message.words[:300]) is None and not signs.returns:
        return None
    return Kind.BOUNCE if signs.answers or (signs.returns and signs.from_system) else None
