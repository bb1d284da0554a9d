"""Through which machines the person's mail leaves: what DNS said of it, and the guess that the person may confirm."""

from __future__ import annotations

from scatterclean import wording
from scatterclean.ports import Names
from scatterclean.setup.talk import Talk
from scatterclean.wire import Household
from scatterclean.wire.reaching import published
from scatterclean.wording.log import Published


def told_by_dns(household: Household, name: str, names: Names | None) -> Published | None:
    """`names`: whom to ask, None for the real DNS.  None if it may not be asked."""
    return published(household.accounts[name], household.standing(name).provider.domains, names)


def guess(household: Household, name: str) -> tuple[str, ...]:
    """As the key `outbound` takes it; nothing where it is known, or not even guessed."""
    provider = household.standing(name).provider
    return () if provider.known else wording.log.outbound(provider.hosts)


def confirmed(talk: Talk, household: Household, name: str, names: Names | None) -> tuple[str, ...]:
    """The guess, if the person knows that it is right; it is asked for where nothing else tells the machines."""
    guessed = guess(household, name)
    if not guessed or wording.log.covered_by_dns(told_by_dns(household, name, names) or {}):
        return ()
    question = f"Does all your mail leave through {', '.join(guessed)} (a guess)? (no: if you do not know it)"
    return guessed if talk.confirm(question, default=False, flag="--outbound") else ()
