"""A server that keeps books: whose hand did what to which message, and what that makes of the invariants.

Every message that was ever delivered is a `Soul`; each of its copies is a `Body`.  What scatterclean does is checked
at once, effect by effect, against the truth; what other hands do is written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from scatterclean.fingerprint import fingerprint
from scatterclean.mailbox.memory import MemoryMailbox, MemoryServer, Stored
from scatterclean.model import Place, Sighting
from scatterclean.plan import ALARM_KEYWORD, KEYWORD

BACKSCATTER = "Backscatter"


class Violation(AssertionError):
    """An invariant of the design is broken."""


@dataclass(eq=False)
class Soul:
    """A message as it was delivered, however many bodies it has.

    `due`: bodies that there must be by what other hands did; `extra`: copies of ours beside them, which a move
    without MOVE has for a moment.  `away_in`: the runs in which we put a body of it away; `back`: how often we
    brought one back.  `touched`: when another hand was on any body of it (a tick of the server; 0: never).
    """

    kind: str
    raw: bytes
    arrival: datetime
    ident: str = ""
    fingerprint: str = ""
    due: int = 0
    extra: int = 0
    away_in: set[int] = field(default_factory=set)
    put_away: int = 0
    back: int = 0
    touched: int = 0
    delivered: int = 0

    def __post_init__(self) -> None:
        self.fingerprint = fingerprint(self.raw)


@dataclass(eq=False)
class Body:
    """One copy of a soul.  `was_away`: we had put it into Backscatter; `as_we_would`: maybe, nobody can tell."""

    soul: Soul
    arrival: datetime
    hands: frozenset[str]
    ours: frozenset[str] = frozenset()
    was_away: bool = False
    as_we_would: bool = False
    there: bool = True
    seen: int = 0
    touched: int = 0


@dataclass(frozen=True, slots=True)
class Tracked(Stored):
    body: Body


class Bookkeeper(MemoryServer):
    """`us` is what scatterclean is doing just now ("" while other hands act), `run` the number of its run.

    `wanted` says of a soul whether a sweep may put it away; `intended` are the (place, uid, fingerprint) that the
    journal has as intended.
    """

    def __init__(self, *, move: bool = True, keywords: bool = True) -> None:
        self.us = ""
        self.run = 0
        self.tick = 1
        self.souls: list[Soul] = []
        self.remade: dict[str, int] = {}
        super().__init__(move=move, keywords=keywords)
        self.create("Archive")

    # --- what is there -------------------------------------------------------------------------------------

    def at(self, folder: str) -> list[Tracked]:
        if folder not in self.folder_names():
            return []
        return [m for m in self.messages(folder) if isinstance(m, Tracked)]

    def everything(self) -> Iterator[tuple[str, Tracked]]:
        for folder in self.folder_names():
            for message in self.at(folder):
                yield folder, message

    def _tracked(self, folder: str, uid: int) -> Tracked:
        message = self._shelves[folder].messages[uid]
        assert isinstance(message, Tracked)
        return message

    def _put(self, folder: str, uid: int, **changes: object) -> None:
        messages = self._shelves[folder].messages
        messages[uid] = replace(messages[uid], **changes)  # type: ignore[arg-type]  # the fields of Tracked

    def _touch(self, body: Body) -> None:
        self.tick += 1
        body.touched = body.soul.touched = self.tick

    # --- both ----------------------------------------------------------------------------------------------

    def deliver(
        self, folder: str, soul: Soul, *, flags: Iterable[str] = (), at: datetime | None = None
    ) -> int:
        """`at` is the INTERNALDATE of this delivery, by default that of the first."""
        if soul not in self.souls:
            self.souls.append(soul)
        soul.due += 1
        soul.delivered += 1
        body = Body(soul, at or soul.arrival, frozenset(flags))
        return self._add(folder, Tracked(0, body.arrival, frozenset(flags), soul.raw, body))

    def move(self, folder: str, uid: int, to: str) -> int:
        message = self._tracked(folder, uid)
        if self.us:
            self._we_place(message, folder, uid, to)
            message.body.was_away = to == BACKSCATTER
            if to == BACKSCATTER:
                self._went_away(message.body.soul)
        else:
            self._touch(message.body)
            soul = message.body.soul
            if soul.extra:
                # Of a message that is half moved the hand took one half elsewhere before we could remove the source:
                # without MOVE no client can win this race, there are two now.  Undo brings ours back.
                soul.due, soul.extra = soul.due + 1, soul.extra - 1
                if to == BACKSCATTER:
                    soul.put_away += 1
                elif folder == "INBOX":
                    soul.put_away = max(soul.put_away, soul.back + 1)
            else:
                self._as_we_would(message.body, to)
        self.tick += 1
        return super().move(folder, uid, to)

    def _as_we_would(self, body: Body, to: str) -> None:
        """We died in the middle of a deed, and the hand put it where we would have: nobody can tell whose it is."""
        if to == BACKSCATTER and self.under_way(body.soul.fingerprint):
            body.as_we_would = True
            body.soul.put_away = max(body.soul.put_away, body.soul.back + 1)

    def copy(self, folder: str, uid: int, to: str) -> int:
        message = self._tracked(folder, uid)
        body = message.body
        if self.us:
            self._we_place(message, folder, uid, to)
            twin = Body(body.soul, body.arrival, body.hands, body.ours, was_away=to == BACKSCATTER)
            body.soul.extra += 1
        else:
            self._touch(body)
            twin = Body(body.soul, body.arrival, body.hands, body.ours, was_away=body.was_away)
            twin.touched = self.tick
            body.soul.due += 1
            self._as_we_would(twin, to)
        self.tick += 1
        return self._add(to, replace(message, body=twin))

    def delete(self, folder: str, uid: int) -> None:
        body = self._tracked(folder, uid).body
        self.tick += 1
        if self.us:
            self._we_delete(folder, uid, body)
        else:
            self._touch(body)
            # Of a message that is half moved the hand took one of two: what is left is the message.
            if body.soul.extra:
                body.soul.extra -= 1
                # In Backscatter that is our COPY, whose source the hand removed before we could: undo brings it back.
                if folder == "INBOX":
                    body.soul.put_away = max(body.soul.put_away, body.soul.back + 1)
            else:
                body.soul.due -= 1
        body.there = False
        super().delete(folder, uid)

    def flag(self, folder: str, uid: int, *flags: str) -> None:
        body = self._tracked(folder, uid).body
        self.tick += 1
        if self.us:
            self._we_flag(folder, body, flags)
        else:
            self._touch(body)
            body.hands |= set(flags)
        super().flag(folder, uid, *flags)

    def unflag(self, folder: str, uid: int, *flags: str) -> None:
        body = self._tracked(folder, uid).body
        if self.us:
            # Nobody can tell whose \\Deleted it was: it comes off, before it costs the message.
            if set(flags) != {"\\Deleted"} or self.us != "unmark" or folder != "INBOX":
                raise Violation(f"{self.us} in {folder!r} took off {flags}")
            body.ours -= set(flags)
            body.hands -= set(flags)
        else:
            self._touch(body)
            body.hands -= set(flags)
            body.ours -= set(flags)
        super().unflag(folder, uid, *flags)

    def create(self, folder: str) -> None:
        if self.us and folder != BACKSCATTER:
            raise Violation(f"we made the folder {folder!r}")
        super().create(folder)

    # --- other hands ---------------------------------------------------------------------------------------

    def drop(self, folder: str) -> None:
        for message in self.at(folder):
            self.delete(folder, message.uid)
        super().drop(folder)

    def reindex(self, folder: str) -> None:
        """Another UIDVALIDITY, and all UIDs anew; the messages stay."""
        kept = self.messages(folder)
        super().drop(folder)
        super().create(folder)
        for message in kept:
            self._add(folder, message)
        self.tick += 1
        self.remade[folder] = self.tick

    def reset(self, folder: str) -> None:
        """UIDs begin anew under the same UIDVALIDITY, which is forbidden and happens."""
        kept = self.messages(folder)
        shelf = self._shelves[folder]
        shelf.messages, shelf.uidnext = {}, 1
        for message in kept:
            self._add(folder, message)
        self.tick += 1
        self.remade[folder] = self.tick

    # --- what we do, as it is done ---------------------------------------------------------------------------

    def intended(self, folder: str, uidvalidity: int, uid: int, known_as: str) -> bool:
        """Is this deed in the journal?  The machine that has the journal says so."""
        raise NotImplementedError

    def under_way(self, known_as: str) -> bool:
        """Is the end of any deed with this message unknown to the journal?"""
        raise NotImplementedError

    def may_go(self, soul: Soul) -> str:
        """Why a sweep must not put this away, by the truth; "" if it may."""
        raise NotImplementedError

    def may_return(self, soul: Soul) -> str:
        raise NotImplementedError

    def _journalled(self, folder: str, uid: int, body: Body) -> None:
        if self.remade.get(folder, 0) > body.seen:
            return  # made anew between our look and the deed: a race that no client can win
        if not self.intended(folder, self._shelves[folder].uidvalidity, uid, body.soul.fingerprint):
            raise Violation(f"{self.us}: {folder}/{uid} is not in the journal, or as another message")

    def _we_place(self, message: Tracked, folder: str, uid: int, to: str) -> None:
        body, soul = message.body, message.body.soul
        # What we put away is brought back from where the hand has it now: a Backscatter of another name, an archive.
        returning = to == "INBOX" and folder not in {"INBOX", "Trash"}
        if not returning and (folder, to) != ("INBOX", BACKSCATTER):
            raise Violation(f"we moved from {folder!r} to {to!r}")
        if self.remade.get(folder, 0) > body.seen:
            return
        self._journalled(folder, uid, body)
        if returning:
            if not soul.put_away or soul.back + 1 > soul.put_away:
                raise Violation(f"brought back {soul.back + 1} times, put away {soul.put_away} times")
            if why := self.may_return(soul):
                raise Violation(f"brought back {why}")
            soul.back += self.knows_move
            return
        if why := self.may_go(soul):
            raise Violation(f"put away {why}")
        if body.was_away or soul.away_in - {self.run}:
            raise Violation(f"put away twice: {soul.ident}")
        if body.touched <= body.seen and body.hands & {"\\Flagged", "\\Answered", "\\Deleted", KEYWORD}:
            raise Violation(f"put away over the person's hand: {sorted(body.hands)}")

    def _went_away(self, soul: Soul) -> None:
        soul.away_in.add(self.run)
        soul.put_away += 1

    def _we_delete(self, folder: str, uid: int, body: Body) -> None:
        soul = body.soul
        if self.us != "remove" or folder == "Trash":
            raise Violation(f"{self.us} expunged in {folder!r}")
        self._journalled(folder, uid, body)
        if "\\Deleted" not in body.ours:
            raise Violation(f"expunged in {folder!r} what another hand had marked")
        # Ours, or one that another hand made of it: a copy has the INTERNALDATE of what it was made of.
        others = [m.body for f, m in self.everything() if f != folder and m.body.soul is soul]
        twins = [other for other in others if other.arrival == body.arrival]
        if not twins and max(soul.touched, self.remade.get(folder, 0)) <= body.seen:
            raise Violation(f"expunged without a copy: {soul.ident}")
        if folder == "INBOX" and body.touched <= body.seen and body.hands & {"\\Flagged", "\\Answered"}:
            raise Violation(f"completed over the person's hand: {sorted(body.hands)}")
        if folder == "INBOX":
            self._went_away(soul)
        else:
            soul.back += 1
        if soul.extra:
            soul.extra -= 1
        else:
            soul.due -= 1  # the hand took our copy between our look and this

    def _we_flag(self, folder: str, body: Body, flags: Sequence[str]) -> None:
        allowed = {
            "mark": {KEYWORD} if folder == BACKSCATTER else {"\\Flagged", ALARM_KEYWORD},
            "remove": {"\\Deleted"},
        }
        if not set(flags) <= allowed.get(self.us, set()):
            raise Violation(f"{self.us} in {folder!r} set {flags}")
        ours = body.was_away or body.as_we_would
        if KEYWORD in flags and not ours and self.remade.get(folder, 0) <= body.seen:
            raise Violation("marked what we did not put away")
        body.ours |= set(flags)


class Session(MemoryMailbox):
    """One session of scatterclean with the bookkeeper.

    `shows_late`: what comes into Backscatter while it lasts is not shown in it (servers of many machines).
    """

    server: Bookkeeper

    def __init__(self, server: Bookkeeper, *, shows_late: bool = False) -> None:
        super().__init__(server)
        shelf = server.shelf(BACKSCATTER) if shows_late else None
        self._hidden = None if shelf is None else (shelf.uidvalidity, shelf.uidnext)

    @contextmanager
    def _as(self, deed: str) -> Iterator[None]:
        before, self.server.us = self.server.us, deed
        try:
            yield
        finally:
            self.server.us = before

    def _hides(self, place: Place, uid: int) -> bool:
        if self._hidden is None or place.folder != BACKSCATTER:
            return False
        return place.uidvalidity == self._hidden[0] and uid >= self._hidden[1]

    def uids(self, place: Place, first: int = 1, **rest: object) -> list[int]:
        found = super().uids(place, first, **rest)  # type: ignore[arg-type]  # since
        return [uid for uid in found if not self._hides(place, uid)]

    def headers(self, place: Place, uids: Sequence[int], fields: Sequence[str]) -> Iterator[Sighting]:
        for sighting in super().headers(place, uids, fields):
            if not self._hides(place, sighting.uid):
                self.server._tracked(place.folder, sighting.uid).body.seen = self.server.tick
                yield sighting

    def create(self, folder: str) -> None:
        with self._as("create"):
            super().create(folder)

    def move(self, place: Place, uids: Sequence[int], target: Place) -> dict[int, int]:
        with self._as("move"):
            return dict(super().move(place, uids, target))

    def remove(self, place: Place, uids: Sequence[int]) -> None:
        with self._as("remove"):
            super().remove(place, uids)

    def mark(self, place: Place, uids: Sequence[int], keyword: str) -> bool:
        with self._as("mark"):
            return super().mark(place, uids, keyword)

    def unmark(self, place: Place, uids: Sequence[int], keyword: str) -> bool:
        with self._as("unmark"):
            return super().unmark(place, uids, keyword)
