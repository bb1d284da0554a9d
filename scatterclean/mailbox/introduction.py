"""The first words after a login: who we are, what the server can do, where the person's folders begin.

In one write, if the server bears that, and this is how it is found out: whoever breaks off here loses nothing yet, and
is met once more.  It logs nobody in.
"""

from __future__ import annotations

from collections.abc import Iterable

from scatterclean import __version__
from scatterclean.errors import ConnectionLost
from scatterclean.mailbox.answers import Record
from scatterclean.mailbox.folders import quoted
from scatterclean.mailbox.session import Session

# RFC 2971; some providers want it before SELECT (163.com).  True data only, refusals are no harm.
_ID: tuple[bytes, ...] = (b"ID", b'("name" "scatterclean" "version" ' + quoted(__version__.encode()) + b")")


def introduce(session: Session, told: frozenset[str]) -> bool:
    """`told`: the capabilities that came with the login's OK, or none.

    False if the session is over, and the server is to be met once more, to be asked one thing at a time.
    Raises what `Session.ask` and `demand` do.
    """
    # What a server advertises before the login is often less (RFC 3501, 6.2.3): nothing is missed by asking for that.
    expected = told or session.offered()
    commands: list[tuple[bytes, ...]] = [] if told else [(b"CAPABILITY",)]
    commands += [words for words in (_ID, (b"NAMESPACE",)) if words[0].decode() in expected]
    if len(commands) == 1 and told:
        commands.append((b"CAPABILITY",))  # known, but one command alone would show nothing
    if len(commands) < 2 or session.manners.alone:
        session.capabilities = told or capabilities(session)
        if session.can("ID"):
            session.venture("ID", _ID[1])
        return True
    try:
        answers = session.ask_together(commands)
    except ConnectionLost:
        session.manners.dislikes_it()
        return False
    session.capabilities = told or words_of(answers.untagged.get("CAPABILITY", ())) or capabilities(session)
    session.naming.heard_namespace(answers.untagged.get("NAMESPACE", ()))
    if session.can("ID") and _ID not in commands:
        session.venture("ID", _ID[1])
    return True


def capabilities(session: Session) -> frozenset[str]:
    return words_of(session.demand("CAPABILITY").untagged.get("CAPABILITY", ()))


def words_of(lines: Iterable[Record]) -> frozenset[str]:
    told = (line.decode("latin-1").upper() for line in lines if isinstance(line, bytes))
    return frozenset(word for line in told for word in line.split())
