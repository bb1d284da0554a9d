"""The journal in SQLite: every deed, written down before it is done.  It moves nothing and deletes nothing.

Implements `ports.Journal`.  The permitted changes of a move stand in `model.PERMITTED`; they are checked
against what is stored, not against what the caller believes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, text, update
from sqlalchemy.dialects.sqlite import insert as upsert

from scatterclean.errors import NobodyCanMend
from scatterclean.model import (
    PERMITTED,
    PUTTING_AWAY,
    Alarm,
    AlarmKind,
    Errand,
    Intent,
    Kind,
    Mode,
    Move,
    MoveState,
    Place,
    Refusal,
    SweepReport,
    Whereabouts,
)
from scatterclean.ports import FolderState
from scatterclean.store import bulk, forms
from scatterclean.store.columns import cleaned, listed
from scatterclean.store.database import Database
from scatterclean.store.tables import alarms as alarms_table
from scatterclean.store.tables import moves, sweeps


class SqlJournal:
    """`ports.Journal` on the tables `sweeps` and `moves`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- sweeps -------------------------------------------------------------------------------------------

    def begin_sweep(self, account: str, mode: Mode, now: datetime) -> int:
        begun = insert(sweeps).values(account=account, mode=mode.value, started=now)
        with self._database.write() as connection:
            return int(connection.execute(begun.returning(sweeps.c.id)).scalar_one())

    def end_sweep(self, report: SweepReport) -> None:
        ended = update(sweeps).where(sweeps.c.id == report.sweep, sweeps.c.account == report.account)
        with self._database.write() as connection:
            result = connection.execute(
                ended.values(
                    mode=report.mode.value,
                    started=report.started,
                    ended=report.ended,
                    looked_at=report.looked_at,
                    harvested=report.harvested,
                    verdicts=forms.verdicts_to_json(report.verdicts),
                    moved=report.moved,
                    returned=report.returned,
                    left_alone=report.left_alone,
                    refusal=report.refusal.value if report.refusal else None,
                    troubles=forms.sentences_to_json(report.troubles),
                )
            )
            if result.rowcount != 1:
                raise NobodyCanMend(f"sweep {report.sweep} of {report.account} was ended, but never begun")

    def sweeps(self, account: str | None = None, limit: int = 20) -> Sequence[SweepReport]:
        query = select(sweeps).where(sweeps.c.ended.is_not(None)).order_by(sweeps.c.id.desc()).limit(limit)
        if account is not None:
            query = query.where(sweeps.c.account == account)
        with self._database.read() as connection:
            return tuple(_report(row) for row in connection.execute(query))

    # --- moves --------------------------------------------------------------------------------------------

    def intend(
        self, sweep: int, intents: Sequence[Intent], target: FolderState, now: datetime
    ) -> Sequence[Move]:
        """Raises NobodyCanMend, and writes nothing, if `target` is not the intents' folder, or if an undo or
        rescue takes back what is not MOVED or is being taken back already: found here, it is found before
        the server is asked."""
        if not intents:
            return ()
        with self._database.write() as connection:
            _must_be_returnable(connection, [i.returns for i in intents if i.returns is not None])
            for intent in intents:
                if intent.target_folder != target.place.folder:
                    raise NobodyCanMend(
                        f"a move to {intent.target_folder!r} was about to be journalled with the state of "
                        f"{target.place.folder!r}"
                    )
            ids = _write(connection, [_row(sweep, intent, target, now) for intent in intents])
        return tuple(
            Move(
                id=own_id,
                sweep=sweep,
                intent=intent,
                state=MoveState.INTENDED,
                target_uidvalidity=target.place.uidvalidity,
                target_uidnext=target.uidnext,
                intended_at=now,
            )
            for own_id, intent in zip(ids, intents, strict=True)
        )

    def settle(self, outcomes: Sequence[tuple[Move, MoveState, int | None]], now: datetime) -> None:
        if not outcomes:
            return
        with self._database.write() as connection:
            changes: list[tuple[int, MoveState, int | None]] = []
            for move, state, target_uid in outcomes:
                changes.append((move.id, state, target_uid))
                # A return that ended in both folders did bring it back, too: tried again, it would bring one more.
                if state in _ENDS and move.intent.returns is not None:
                    changes.append((move.intent.returns, _ENDS[state], None))
            _change(connection, changes, now)

    def moves(
        self,
        account: str | None = None,
        *,
        states: Iterable[MoveState] | None = None,
        errand: Errand | Collection[Errand] | None = None,
        sweep: int | None = None,
        since: datetime | None = None,
        message_id: str | None = None,
        fingerprint: str | None = None,
        ids: Collection[int] | None = None,
    ) -> Sequence[Move]:
        query = select(moves).order_by(moves.c.id)
        if account is not None:
            query = query.where(moves.c.account == account)
        if states is not None:
            query = query.where(moves.c.state.in_([state.value for state in states]))
        if errand is not None:
            errands = (errand,) if isinstance(errand, Errand) else errand
            query = query.where(moves.c.errand.in_([one.value for one in errands]))
        if sweep is not None:
            query = query.where(moves.c.sweep_id == sweep)
        if since is not None:
            query = query.where(moves.c.intended_at >= since)
        if message_id is not None:
            query = query.where(moves.c.message_key == forms.asked_key(message_id))
        if fingerprint is not None:
            query = query.where(moves.c.fingerprint == fingerprint)
        if ids is not None:
            query = query.where(moves.c.id.in_(listed(ids)))
        with self._database.read() as connection:
            return tuple(read_move(row) for row in connection.execute(query))

    # --- alarms -------------------------------------------------------------------------------------------

    def ring(self, alarms: Sequence[Alarm], now: datetime) -> Sequence[Alarm]:
        if not alarms:
            return ()
        new = []
        with self._database.write() as connection:
            for alarm in alarms:
                written = connection.execute(
                    upsert(alarms_table)
                    .values(
                        account=alarm.account,
                        key=alarm.key,
                        kind=alarm.kind.value,
                        at=alarm.at,
                        detail=forms.pairs_to_json(alarm.detail),
                        rung_at=now,
                    )
                    .on_conflict_do_nothing()
                )
                if written.rowcount == 1:
                    new.append(alarm)
        return tuple(new)

    def alarms(self, account: str | None = None, since: datetime | None = None) -> Sequence[Alarm]:
        query = select(alarms_table).where(alarms_table.c.kind != _NOTE).order_by(alarms_table.c.id)
        if account is not None:
            query = query.where(alarms_table.c.account == account)
        if since is not None:
            query = query.where(alarms_table.c.rung_at >= since)
        with self._database.read() as connection:
            return tuple(
                Alarm(row.account, row.key, AlarmKind(row.kind), row.at, forms.pairs_from_json(row.detail))
                for row in connection.execute(query)
            )

    def note(self, account: str, key: str, now: datetime) -> datetime:
        here = (alarms_table.c.account == account, alarms_table.c.key == key, alarms_table.c.kind == _NOTE)
        written = upsert(alarms_table).values(
            account=account, key=key, kind=_NOTE, at=now, detail=forms.pairs_to_json(()), rung_at=now
        )
        with self._database.write() as connection:
            connection.execute(written.on_conflict_do_nothing())
            told: datetime = connection.execute(select(alarms_table.c.rung_at).where(*here)).scalar_one()
            return told

    def moved_before(self, account: str, fingerprints: Iterable[str]) -> frozenset[str]:
        asked: dict[str, list[str]] = {}
        for fingerprint in fingerprints:
            asked.setdefault(cleaned(fingerprint), []).append(fingerprint)
        query = (
            select(moves.c.fingerprint)
            .distinct()
            .where(
                moves.c.account == account,
                moves.c.fingerprint.in_(listed(asked)),
                moves.c.errand.in_([errand.value for errand in PUTTING_AWAY]),
                moves.c.state != MoveState.STAYED.value,
            )
        )
        with self._database.read() as connection:
            return frozenset(f for found in connection.scalars(query) for f in asked[found])


_NEW = insert(moves)
_KNOWN = update(moves).where(moves.c.id == bindparam("known"))
_CHANGED = _KNOWN.values(
    state=bindparam("becomes"),
    settled_at=bindparam("at"),
    target_uid=func.coalesce(bindparam("given"), moves.c.target_uid),
)


def _write(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[int]:
    """The ids of the rows.  The same deed that came to nothing before takes its own row again: a server that refuses
    (a full mailbox, for days) would else add one for each message at every poll."""
    stayed = _stayed(connection, rows)
    # AUTOINCREMENT: above all that ever were, also of rows that are gone, and, as SQLite has it, above all that are: a
    # database that was put together from a damaged one may lack the sequence.  Nobody else writes in this transaction.
    ever = connection.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = 'moves'")) or 0
    last = max(ever, connection.scalar(select(func.max(moves.c.id))) or 0)
    ids: list[int] = []
    new: list[dict[str, Any]] = []
    again: list[dict[str, Any]] = []
    for row in rows:
        before = stayed.pop(_deed(row), None) if stayed else None
        if before is None:
            last += 1
            new.append({**row, "id": last})
        else:
            again.append({**row, "settled_at": None, "known": before})
        ids.append(last if before is None else before)
    bulk.execute(connection, _NEW, new)
    if again:
        changed = _KNOWN.values({name: bindparam(name) for name in again[0] if name != "known"})
        connection.execute(changed, again)
    return ids


def _stayed(connection: Connection, rows: Sequence[dict[str, Any]]) -> dict[tuple[Any, ...], int]:
    """{what makes a deed the same: the id of the last row of it that came to nothing}."""
    named = [moves.c[name] for name in _SAME]
    query = (
        select(func.max(moves.c.id), *named)
        .where(
            moves.c.account.in_({row["account"] for row in rows}),
            moves.c.fingerprint.in_(listed({cleaned(row["fingerprint"]) for row in rows})),
            moves.c.state == MoveState.STAYED.value,
        )
        .group_by(*named)
    )
    return {tuple(row[1:]): row[0] for row in connection.execute(query)}


def _deed(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(cleaned(v) if isinstance(v, str) else v for v in (row[name] for name in _SAME))


_SAME = ("account", "fingerprint", "errand", "returns", "source_folder", "source_uidvalidity", "source_uid")

# What a deed makes of the move that it takes back, or deletes, by how it ended.
_ENDS: Mapping[MoveState, MoveState] = {
    MoveState.MOVED: MoveState.RETURNED,
    MoveState.DOUBLED: MoveState.RETURNED,
    MoveState.DELETED: MoveState.DELETED,
}
# A newer version may know more of them: they are for people.
_KINDS = frozenset(kind.value for kind in Kind)
# Stands beside the kinds of alarms: what the person was told once, and is none.
_NOTE = "note"


def read_move(row: Any) -> Move:
    """A row of `moves`."""
    intent = Intent(
        account=row.account,
        fingerprint=row.fingerprint,
        source=Whereabouts(Place(row.source_folder, row.source_uidvalidity), row.source_uid),
        target_folder=row.target_folder,
        errand=Errand(row.errand),
        returns=row.returns,
        arrival=row.arrival,
        message_id=row.message_id,
        subject=row.subject,
        sender=row.sender,
        kind=Kind(row.kind) if row.kind in _KINDS else None,
        recipient=row.recipient,
    )
    return Move(
        id=row.id,
        sweep=row.sweep_id,
        intent=intent,
        state=MoveState(row.state),
        target_uidvalidity=row.target_uidvalidity,
        target_uidnext=row.target_uidnext,
        intended_at=row.intended_at,
        settled_at=row.settled_at,
        target_uid=row.target_uid,
    )


def _row(sweep: int, intent: Intent, target: FolderState, now: datetime) -> dict[str, Any]:
    return {
        "sweep_id": sweep,
        "account": intent.account,
        "fingerprint": intent.fingerprint,
        "source_folder": intent.source.place.folder,
        "source_uidvalidity": intent.source.place.uidvalidity,
        "source_uid": intent.source.uid,
        "target_folder": intent.target_folder,
        "target_uidvalidity": target.place.uidvalidity,
        "target_uidnext": target.uidnext,
        "errand": intent.errand.value,
        "returns": intent.returns,
        "arrival": intent.arrival,
        "message_id": intent.message_id,
        "message_key": forms.message_key(intent.message_id),
        "subject": intent.subject,
        "sender": intent.sender,
        "kind": intent.kind.value if intent.kind else None,
        "recipient": intent.recipient,
        "words": forms.words(intent.subject, intent.sender, intent.recipient, intent.message_id),
        "state": MoveState.INTENDED.value,
        "intended_at": now,
    }


def _must_be_returnable(connection: Connection, taken_back: Sequence[int]) -> None:
    asked = select(moves.c.id, moves.c.state).where(moves.c.id.in_(listed(taken_back)))
    states = {row.id: row.state for row in connection.execute(asked)}
    under_way = set(
        connection.scalars(
            select(moves.c.returns).where(
                moves.c.returns.in_(listed(taken_back)), moves.c.state == MoveState.INTENDED.value
            )
        )
    )
    for move_id in taken_back:
        if states.get(move_id) != MoveState.MOVED.value or move_id in under_way:
            raise NobodyCanMend(
                f"move {move_id} was about to be taken back, but is "
                f"{'being taken back already' if move_id in under_way else states.get(move_id, 'unknown')}"
            )
        under_way.add(move_id)


def _change(
    connection: Connection, changes: Sequence[tuple[int, MoveState, int | None]], now: datetime
) -> None:
    """Each (move id, state, target UID if it is known), in order; all of them, or none and NobodyCanMend."""
    query = select(moves.c.id, moves.c.state).where(
        moves.c.id.in_(listed([known for known, _, _ in changes]))
    )
    stored = {row.id: MoveState(row.state) for row in connection.execute(query)}
    for known, state, _ in changes:
        if known not in stored or state not in PERMITTED[stored[known]]:
            raise NobodyCanMend(
                f"move {known} is {stored.get(known, 'unknown')} and cannot become {state}",
                hint="This is a bug of scatterclean: please report it. Nothing was written.",
            )
        stored[known] = state
    rows = [{"known": known, "becomes": s.value, "at": now, "given": uid} for known, s, uid in changes]
    bulk.execute(connection, _CHANGED, rows)


def _report(row: Any) -> SweepReport:
    return SweepReport(
        account=row.account,
        sweep=row.id,
        mode=Mode(row.mode),
        started=row.started,
        ended=row.ended,
        looked_at=row.looked_at,
        harvested=row.harvested,
        verdicts=forms.verdicts_from_json(row.verdicts),
        moved=row.moved,
        returned=row.returned,
        left_alone=row.left_alone,
        refusal=Refusal(row.refusal) if row.refusal else None,
        troubles=forms.sentences_from_json(row.troubles),
    )
