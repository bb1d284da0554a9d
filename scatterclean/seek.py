"""Where messages that were put away are now: in Backscatter, in Backscatter under another name, or anywhere else.

It moves nothing.  A message is known by its fingerprint wherever it is found; where equal ones make it unclear which
is meant, none is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from scatterclean import deeds, looking
from scatterclean.errors import CommandRefused, FolderChanged, FolderMissing
from scatterclean.model import Move, Place, Whereabouts
from scatterclean.ports import Folder, FolderState, Mailbox

# What is looked through elsewhere at most: SEARCHes of up to IDS ids each, and messages whose header is fetched
# because they have no Message-ID to search for.  On a Dovecot here a SEARCH takes 10 ms to 1 s by the folder's size.
SEARCHES, IDS, SCANNED = 2000, 50, 20_000

# Without SPECIAL-USE (Courier, iCloud) these are told by name; what is in them was disposed of.
_DISPOSED = frozenset(
    (
        *("trash", "deleted", "deleted items", "deleted messages", "bin", "papierkorb", "gelöschte elemente"),
        *(
            "corbeille",
            "papelera",
            "cestino",
            "prullenbak",
            "junk",
            "junk e-mail",
            "junk email",
            "spam",
            "bulk mail",
        ),
        "drafts",
    )
)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What `elsewhere` came to; `told` are sentences about what was not looked through."""

    found: Mapping[int, Whereabouts]
    told: tuple[str, ...] = ()


def find(mailbox: Mailbox, moves: Sequence[Move]) -> dict[int, Whereabouts]:
    """Where what was put away is, if it still is in Backscatter: {move id: whereabouts}.

    By UID and fingerprint first, also under another name that the person has given to the folder.  What is not there
    (the folder was made anew, another hand moved it about) is looked for in the whole folder by fingerprint; if not
    exactly as many equal messages are there as were put away, nobody can tell which is which, and none is found.
    """
    found: dict[int, Whereabouts] = {}
    for place, here in looking.grouped(moves, _place):
        found.update(_at(mailbox, place, here))
        missing = [m for m in here if m.id not in found]
        if missing and (now := looking.renamed(mailbox, place)):
            found.update(_at(mailbox, now, missing))
    lost = [m for m in moves if m.id not in found]
    for folder, missing in looking.grouped(lost, lambda m: m.intent.target_folder):
        try:
            place = mailbox.state(folder).place
            uids = mailbox.uids(place, since=looking.earliest(missing))
            there = looking.by_fingerprint(looking.look(mailbox, place, uids))
        except (FolderMissing, FolderChanged):
            continue
        taken = {where.uid for where in found.values() if where.place == place}
        for known_as, equal in looking.grouped(missing, lambda m: m.intent.fingerprint):
            left = [uid for uid in there.get(known_as, []) if uid not in taken]
            if len(left) == len(equal):
                found.update((m.id, Whereabouts(place, uid)) for m, uid in zip(equal, left, strict=True))
    return found


def _place(move: Move) -> Place:
    return Place(move.intent.target_folder, move.target_uidvalidity)


def _at(mailbox: Mailbox, place: Place, moves: Sequence[Move]) -> dict[int, Whereabouts]:
    """Those that have the UID there that they were given."""
    seen = looking.look(mailbox, place, [m.target_uid for m in moves if m.target_uid is not None])
    return {
        m.id: Whereabouts(place, m.target_uid)
        for m in moves
        if m.target_uid is not None and seen.get(m.target_uid, (None, ""))[1] == m.intent.fingerprint
    }


def elsewhere(
    mailbox: Mailbox, moves: Sequence[Move], taken: Mapping[int, Whereabouts], *, stop: deeds.Stop
) -> Elsewhere:
    """Where messages are that `find` did not find, because another hand filed them elsewhere.

    Not in folders that are used for what was disposed of (Trash, Junk), nor in views of other folders.  `taken` are
    the whereabouts of other moves.  One that is back where it was taken from is not found: the person brought it
    back.  If not exactly as many equal messages are there as are missing, none of these is found.
    """
    if not moves:
        return Elsewhere({})
    sources = {m.intent.source.place.folder for m in moves}
    there: dict[str, list[Whereabouts]] = {}
    budget = _Budget(SEARCHES, SCANNED)
    told: list[str] = []
    for state in _kept(mailbox, sources):
        if stop():
            break
        try:
            uids = _candidates(mailbox, state, moves, budget)
            for known_as, here in looking.by_fingerprint(looking.look(mailbox, state.place, uids)).items():
                there.setdefault(known_as, []).extend(Whereabouts(state.place, uid) for uid in here)
        except (FolderMissing, FolderChanged):
            continue
        except CommandRefused as refused:
            told.append(str(refused))
    if budget.over:
        told.append(
            f"account {moves[0].intent.account}: there is too much to look through for {len(moves)} messages that are "
            "not where they were put; some folders were not searched\n"
            "  Move them to the folder for backscatter, or ask for fewer: by --sweep, --since or --message."
        )
    gone = frozenset(taken.values())
    found: dict[int, Whereabouts] = {}
    for known_as, equal in looking.grouped(moves, lambda m: m.intent.fingerprint):
        left = [where for where in there.get(known_as, []) if where not in gone]
        if len(left) == len(equal) and all(where.place.folder not in sources for where in left):
            found.update((m.id, where) for m, where in zip(equal, left, strict=True))
    return Elsewhere(found, tuple(told))


@dataclass(slots=True)
class _Budget:
    searches: int
    scanned: int
    over: bool = False


def _kept(mailbox: Mailbox, sources: set[str]) -> list[FolderState]:
    """The folders in which mail is kept; first those from which it was taken, whatever they are used for."""
    names = dict.fromkeys((*sorted(sources), *(f.name for f in mailbox.folders() if _keeps(f))))
    states = []
    for name in names:
        with suppress(FolderMissing, CommandRefused):
            states.append(mailbox.state(name))
    return [state for state in states if state.exists]


def _keeps(folder: Folder) -> bool:
    last = folder.name.replace(".", "/").rpartition("/")[2].casefold()
    return folder.selectable and folder.use.isdisjoint(looking.USED_OTHERWISE) and last not in _DISPOSED


def _candidates(
    mailbox: Mailbox, state: FolderState, moves: Sequence[Move], budget: _Budget
) -> Sequence[int]:
    """UIDs of messages that may be one of these: by Message-ID, and where one has none, all that are new enough."""
    ids = [m.intent.message_id for m in moves if m.intent.message_id and m.intent.message_id.isascii()]
    nameless = [m for m in moves if not m.intent.message_id or not m.intent.message_id.isascii()]
    uids: set[int] = set()
    cost = -(-len(ids) // IDS)
    if cost <= budget.searches:
        budget.searches -= cost
        uids.update(mailbox.with_message_ids(state.place, ids) if ids else ())
    else:
        budget.over = True
    if nameless:
        recent = mailbox.uids(state.place, since=looking.earliest(nameless))
        if len(recent) <= budget.scanned:
            budget.scanned -= len(recent)
            uids.update(recent)
        else:
            budget.over = True
    return sorted(uids)
