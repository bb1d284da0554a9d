"""The figures of lives: what was moved of the genuine, what was left of the forged, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from .life import Label

# Why a forged message may stay by the rules' own words: each is what the rules promise to be careful about.
BY_RULE = frozenset(
    {
        "undecided: shared",  # it came to a role mailbox
        "undecided: role-copy",
        "undecided: not-yours",
        "undecided: correspondent",
        "undecided: unlogged-shape",
        "undecided: own-shape",
        "undecided: no-reference",  # no id came back
        "undecided: weak-only",
        "undecided: outside-coverage",
        "undecided: unproved (backfilled)",  # no foreign sign, and not watched
        "undecided: unproved (unproved)",  # no foreign sign, and not proved by replies
        "undecided: no-storm",
        "undecided: reply-id",  # the replier's domain is one that the person writes to, or made up the id
        "waiting: sent-unread",  # an account that cannot be reached
    }
)


def wrongly_moved(labels: Iterable[Label]) -> list[Label]:
    """Genuine ones that were moved at any time, rescued or not, though the rules promise that they are not."""
    return [one for one in labels if one.genuine and one.moved_at is not None and not unforeseeable(one)]


def unforeseeable(label: Label) -> bool:
    """Nothing was known of the way on which it left: no copy was ever filed, no reply had shown it, and it left
    through a stranger's machines."""
    return label.unlogged and not label.revealed and label.foreign


def moved_without_a_chance(labels: Iterable[Label]) -> list[Label]:
    """These are counted by themselves."""
    return [one for one in labels if one.genuine and one.moved_at is not None and unforeseeable(one)]


def due(labels: Iterable[Label]) -> list[Label]:
    """Forged ones that the rules promise to move."""
    return [one for one in labels if not one.genuine and (one.moved_at is not None or not excused(one))]


def excused(label: Label) -> bool:
    """By the rules' own words; or it was never judged, for it lay in an account that was not swept yet."""
    named = label.pasted or label.in_own_house
    by_chain = named and label.why in ("undecided: provider-hop", "undecided: forwarded")
    return not label.why or label.why in BY_RULE or by_chain


def figures(labels: Iterable[Label]) -> Counter[str]:
    """The figures of one life, to be added up."""
    judged = [one for one in labels if one.why]
    promised = due(judged)
    return Counter(
        {
            "judged": len(judged),
            "genuine": sum(one.genuine for one in judged),
            "genuine moved": len(wrongly_moved(judged)),
            "genuine moved without a chance, by a stranger's machines": len(moved_without_a_chance(judged)),
            "forged": sum(not one.genuine for one in judged),
            "forged due": len(promised),
            "forged due and moved": sum(one.moved_at is not None for one in promised),
            "forged moved by silence alone": sum(
                one.by_silence for one in promised if one.moved_at is not None
            ),
        }
    )


def reasons(labels: Iterable[Label]) -> Counter[str]:
    """Why forged ones stayed."""
    return Counter(one.why for one in labels if not one.genuine and one.moved_at is None and one.why)
