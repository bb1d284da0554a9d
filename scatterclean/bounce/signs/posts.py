"""What list servers, groups and the reader's own server say of a letter: refused, held, to be confirmed."""

from __future__ import annotations

import re

from scatterclean.bounce.signs import letters, words
from scatterclean.bounce.signs.seen import Signs
from scatterclean.headers import addresses_in
from scatterclean.model import Kind

# Mailman's count of what waits for the moderator; its tokens for what is to be confirmed (Mailman/Pending.py).
_WAITING = re.compile(r"\d+ \S")
_CONFIRM = re.compile(r"confirm [0-9a-f]{20,}")


def of_list_server(signs: Signs) -> Kind | None:
    """Lists also send reminders, digests and welcomes: only what is about a message or a command counts."""
    text = signs.begin
    if signs.answers or ("list-post" in signs.message.header and b"x-list-administrivia" not in signs.fields):
        return None  # a letter to the list (RFC 2369, 3.4), whoever stands in From
    if signs.persons_path and not (signs.auto_submitted or signs.precedence or signs.cites):
        return None  # who owns a list is a person, too
    mlmmj = b"mlmmj" in signs.fields.get(b"message-id", b"")
    if _WAITING.match(signs.subject):
        return None
    confirm = words.CHALLENGES.search(signs.subject) or _CONFIRM.match(signs.subject)
    if confirm and signs.list_program and (words.CHALLENGES.search(text) or letters.held(text) or mlmmj):
        return Kind.CHALLENGE
    rejected = words.REJECTED.search(signs.subject) is not None
    if words.FAILED.search(signs.subject) and not rejected and signs.proof and not mlmmj:
        return Kind.BOUNCE
    if words.LIST_NOTICES.search(signs.subject) and (words.LIST_NOTICES.search(text) or signs.returns):
        return Kind.NOTICE
    if words.DIGESTS.search(signs.subject) and b"x-list-administrivia" not in signs.fields:
        return None  # the reader's own letter may be in it
    unknown = b"return-path" not in signs.fields and b"in-reply-to" not in signs.fields
    if (signs.list_program and (signs.cites or signs.returns_own)) or (unknown and signs.returns_own):
        return Kind.NOTICE  # an answer to what somebody sent to a list, in whatever language
    if mlmmj:
        return Kind.NOTICE if signs.returns or words.FAILED.search(signs.subject) else Kind.AUTOREPLY
    return None


def rejects_a_post(signs: Signs) -> bool:
    """A group's server under a name of its own tells the writer that a moderator, or a rule, refused a letter.

    Trackers and forums refuse requests and comments: it must speak of a letter, and cite it or say where it went.
    """
    if signs.human or signs.answers or not (signs.cites or signs.tells_of_an_address):
        return False
    if words.REJECTED.search(signs.subject) is None and "moderat" not in signs.subject:
        return False
    told = words.LIST_NOTICES.search(signs.subject) and words.LIST_NOTICES.search(signs.begin)
    return told is not None and words.YOURS.search(signs.begin) is not None


def warns_the_recipient(signs: Signs) -> bool:
    """The reader's own mail server tells of what it held back from the reader."""
    if signs.returns or signs.cites or signs.says_you_wrote or signs.names_an_id:
        return False
    if words.YOU_SENT.search(signs.begin) or words.YOURS.search(signs.subject):
        return False
    told = f"{signs.subject} {signs.begin}"
    if words.EVIL.search(told) is None and "quarant" not in told:
        return False
    homes = {address.rpartition("@")[2] for address in signs.readers}
    return any(address.rpartition("@")[2] in homes for address in addresses_in(signs.sender))
