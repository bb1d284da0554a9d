"""Did the demo keep its word?  Compares what lies in the folders, and what was found, with what was to be expected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from scatterclean.demo.delivery import Letter
from scatterclean.demo.letters import World
from scatterclean.demo.visitor import Seen, digest
from scatterclean.fingerprint import fingerprint
from scatterclean.model import Case
from scatterclean.plan import KEYWORD

_OURS = frozenset((KEYWORD,))


def findings(world: World, cases: Mapping[str, Case]) -> list[str]:
    """`cases` by fingerprint.  What was found otherwise than expected, as sentences."""
    broken = []
    for letter in world.inbox:
        case = cases.get(fingerprint(letter.raw))
        name = _name(letter)
        if letter.verdict is None:
            if case is not None:
                broken.append(f"{name} is ordinary mail, but was taken for {case.bounce.kind}")
        elif case is None:
            broken.append(f"{name} is {letter.kind}, but was taken for ordinary mail")
        elif case.finding.verdict is not letter.verdict:
            broken.append(f"{name}: found {case.finding.verdict}, should be {letter.verdict}")
        elif case.finding.because[0].because is not letter.because:
            broken.append(f"{name}: because of {case.finding.because[0].because}, should be {letter.because}")
    return broken


def swept(
    world: World, inbox: Sequence[Seen], backscatter: Sequence[Seen], sent: Sequence[Seen]
) -> list[str]:
    """After a sweep: every letter is in its folder, once, with its flags and its date."""
    moved = [letter for letter in world.inbox if letter.moves]
    stayed = [letter for letter in world.inbox if not letter.moves]
    return [
        *_differ("INBOX", _as_seen(stayed), inbox),
        *_differ("Backscatter", _as_seen(moved), backscatter),
        *_differ("Sent", _as_seen(world.sent), sent),
    ]


def as_before(
    world: World, inbox: Sequence[Seen], backscatter: Sequence[Seen], sent: Sequence[Seen]
) -> list[str]:
    """After an undo: everything is back where it was."""
    return [
        *_differ("INBOX", _as_seen(world.inbox), inbox),
        *_differ("Backscatter", [], backscatter),
        *_differ("Sent", _as_seen(world.sent), sent),
    ]


def _as_seen(letters: Iterable[Letter]) -> list[Seen]:
    return [Seen(digest(letter.raw), letter.flags, letter.arrival) for letter in letters]


def _differ(folder: str, wanted: Iterable[Seen], seen: Iterable[Seen]) -> list[str]:
    """But for our own keyword, which a letter that was put away once keeps: by it the tool knows it again."""
    have = Counter(Seen(s.digest, s.flags - _OURS, s.arrival) for s in seen)
    want = Counter(wanted)
    missing, surplus = want - have, have - want
    if not missing and not surplus:
        return []
    return [
        f"{folder}: {missing.total()} are missing or changed, {surplus.total()} should not be there or like that"
    ]


def _name(letter: Letter) -> str:
    return f"{letter.shape} of {letter.arrival:%H:%M:%S}"
