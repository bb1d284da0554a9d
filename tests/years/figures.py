"""The figures of lives: what was moved of the genuine, what was left of the forged, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from .life import Label


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
    """Forged ones that the issue promises to move, by what the generator made of them: nothing that the judge says
    counts here.  (Of what no sweep ever saw, nothing can be promised.)"""
    return [one for one in labels if one.why and (by_chain(one) or by_watching(one))]


def promised(label: Label) -> bool:
    """A failure about a message in the name of the person alone, whose id came back; the log was read all the time,
    and no line of the person's own provider came back with it."""
    quiet = not label.pasted and not label.in_own_house and not label.gap
    return not label.genuine and label.named and label.failed and not label.shared and quiet


def by_chain(label: Label) -> bool:
    """With a foreign sign: the line of the stranger's machine came back, and somebody knows the person's."""
    return promised(label) and label.chained and label.hosts_known


def by_watching(label: Label) -> bool:
    """Without one, but the log is proved and was watched; alone, it might be of a phone or forwarder."""
    return promised(label) and label.watched and label.proved and label.stormy


def alone(label: Label) -> bool:
    """As before, but one alone: it is counted by itself."""
    silent = promised(label) and not label.chained and not label.stormy
    return silent and label.watched and label.proved


def hosts_unknown(label: Label) -> bool:
    """A chain came back, but nobody can tell whether it is a stranger's: counted by itself."""
    return promised(label) and label.chained and not label.hosts_known


def figures(labels: Iterable[Label]) -> Counter[str]:
    """The figures of one life, to be added up."""
    judged = [one for one in labels if one.why]
    expected = due(judged)
    return Counter(
        {
            "judged": len(judged),
            "genuine": sum(one.genuine for one in judged),
            "genuine moved": len(wrongly_moved(judged)),
            "genuine moved without a chance, by a stranger's machines": len(moved_without_a_chance(judged)),
            "forged": sum(not one.genuine for one in judged),
            "forged due": len(expected),
            "forged due and moved": sum(one.moved_at is not None for one in expected),
            "forged due without a foreign sign": sum(not one.chained for one in expected),
            "forged due without a foreign sign and moved": sum(
                not one.chained for one in expected if one.moved_at is not None
            ),
            "forged, and nobody knows the person's machines": sum(map(hosts_unknown, judged)),
            "forged, and nobody knows the person's machines, and moved": sum(
                hosts_unknown(one) for one in judged if one.moved_at is not None
            ),
            "forged alone, without a foreign sign": sum(map(alone, judged)),
            "forged alone, without a foreign sign, and moved": sum(
                alone(one) for one in judged if one.moved_at is not None
            ),
        }
    )


def reasons(labels: Iterable[Label]) -> Counter[str]:
    """Why forged ones stayed."""
    return Counter(one.why for one in labels if not one.genuine and one.moved_at is None and one.why)
