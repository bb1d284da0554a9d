"""Through which machines does the person's mail leave?  Read from chains of messages that the log knows."""

from __future__ import annotations

from collections.abc import Iterable

from scatterclean.origin.hops import Hop, is_public, parsed
from scatterclean.origin.sites import guessed, is_generic, is_within, site

_MAX_LINES = 200


def outbound(received: Iterable[str], sender: str | None, server: str) -> frozenset[str]:
    """The hosts (as in `Provider.hosts`) through which a message of the person left, from its chain, topmost first.

    The message must be one that the log knows, from a genuine bounce or come back as a copy; `server` is the IMAP
    server's name.  The lines were written by strangers all the same: whoever knows an id of the person can return a
    chain of his own making, so that what is learned from one message alone is good to acquit, not to convict.

    Learned are: the own sites (the sender's domain, the IMAP server's) where the chain names them; who handed the
    message over to the first foreign machine, by its address and by the name that it bears in truth; and who took it
    from the person.  Too wide keeps mail in the inbox, too narrow would hide it: so mostly whole sites.
    """
    chain = [parsed(line) for line, _ in zip(received, range(_MAX_LINES), strict=False)]
    own = _own_sites(sender, server)
    learned = {each for hop in chain for name in hop.names for each in own if _in(name, each)}
    left = _exit(chain, own)
    below = 1
    if left is not None:
        learned |= _client(chain[left], own)
        below = left + 1
    taken = [hop for hop in chain[below:] if hop.authenticated]
    for hop in (*taken, *chain[below:][-1:]):
        if hop.by:
            learned |= _wide(hop.by)
    return frozenset(learned)


def _exit(chain: list[Hop], own: frozenset[str]) -> int | None:
    """Where the message left the person's side: the topmost hand-over by an own site, for who took it may have handed
    it on; where none is named, the topmost hand-over of all."""
    found = None
    for index, hop in enumerate(chain):
        if _is_inbound(hop, own) or not is_hand_over(hop):
            continue
        if any(_in(name, each) for name in (hop.helo, hop.reverse) if name for each in own):
            return index
        found = index if found is None else found
    return found


def is_hand_over(hop: Hop, reporter: frozenset[str] = frozenset()) -> bool:
    """Does the line show that one site took the message from another, neither from room to room nor from a person?

    `reporter` are sites of who reports: where a line does not say whose it is (qmail's "by 0"), it is theirs."""
    if hop.authenticated:
        return False
    by = site(hop.by or "")
    rooms = frozenset({by}) if by else reporter
    sites = {site(name) for name in (hop.reverse, hop.helo) if name} - {""}
    return sites.isdisjoint(rooms) and (bool(sites) or any(map(is_public, hop.client)))


def _own_sites(sender: str | None, server: str) -> frozenset[str]:
    domain = site((sender or "").rpartition("@")[2])
    return guessed(server) | (frozenset({"." + domain}) if domain else frozenset())


def _in(name: str, dotted: str) -> bool:
    return is_within(name, dotted[1:])


def _is_inbound(hop: Hop, own: frozenset[str]) -> bool:
    """The person's own provider took it from a stranger: a copy that came back, by a list or an alias."""
    ours = any(_in(hop.by or "", each) for each in own)
    return ours and not any(_in(name, each) for name in (hop.helo, hop.reverse) if name for each in own)


def _client(hop: Hop, own: frozenset[str]) -> set[str]:
    """Who handed it over.  A HELO is only a claim: it counts where the reverse name agrees."""
    learned = {str(address) for address in hop.client if is_public(address)}
    for name in (hop.helo, hop.reverse):
        if name and any(_in(name, each) for each in own):
            learned |= _wide(name)
    if hop.helo and hop.reverse and site(hop.helo) == site(hop.reverse):
        learned |= _wide(hop.reverse)
    return learned


def _wide(name: str) -> set[str]:
    """The whole site: farms have hundreds of members.  Of a line among thousands only itself: its neighbours are
    strangers."""
    whole = site(name)
    if not whole:
        return set()
    return {name} if is_generic(name) else {"." + whole}
