"""Questions to the journal that are answered by SQLite, not by reading years of rows.  It writes nothing.

Implements `ports.History`.  Each goes along an index; a storm of years has tens of thousands of moves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, func, not_, select

from scatterclean.model import PUTTING_AWAY, MoveState, Refusal
from scatterclean.store.columns import cleaned
from scatterclean.store.database import Database
from scatterclean.store.tables import alarms, cases, moves, sweeps

_NO_SESSION = Refusal.NO_SESSION.value
# As `SweepReport.worked` has it.
_NO_SUCCESS = [one.value for one in Refusal if one is not Refusal.OBSERVING]


class SqlHistory:
    """`ports.History` on the tables `sweeps`, `moves`, `alarms` and `cases`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put_away(self, account: str, since: datetime | None = None) -> Mapping[MoveState, int]:
        query = select(moves.c.state, func.count()).where(
            moves.c.account == account, moves.c.errand.in_([errand.value for errand in PUTTING_AWAY])
        )
        if since is not None:
            query = query.where(moves.c.intended_at >= since)
        with self._database.read() as connection:
            found = connection.execute(query.group_by(moves.c.state))
            return {MoveState(state): number for state, number in found}

    def last_success(self, account: str) -> datetime | None:
        query = select(sweeps.c.ended).where(
            *_ended(account), func.coalesce(sweeps.c.refusal, "").not_in(_NO_SUCCESS)
        )
        with self._database.read() as connection:
            return connection.execute(query.order_by(sweeps.c.id.desc()).limit(1)).scalar()

    def said_since(self, account: str, trouble: str) -> datetime | None:
        # As it stands in the column: a JSON list of texts.
        said = func.instr(sweeps.c.troubles, json.dumps(cleaned(trouble))) > 0
        return self._since(account, said)

    def no_session_since(self, account: str) -> datetime | None:
        return self._since(account, sweeps.c.refusal.is_not_distinct_from(_NO_SESSION))

    def verdicts(self, account: str) -> Mapping[str, int]:
        query = select(cases.c.verdict, func.count()).where(cases.c.account == account)
        with self._database.read() as connection:
            rows = connection.execute(query.group_by(cases.c.verdict))
            return {row[0]: row[1] for row in rows}

    def alarms(self, account: str) -> int:
        query = select(func.count()).where(alarms.c.account == account, alarms.c.kind != "note")
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def _since(self, account: str, such: ColumnElement[bool]) -> datetime | None:
        """When the first of the latest sweeps ended that are all such; None if the latest is none."""
        other = select(func.max(sweeps.c.id)).where(*_ended(account), not_(such)).scalar_subquery()
        query = select(func.min(sweeps.c.ended)).where(
            *_ended(account), sweeps.c.id > func.coalesce(other, 0)
        )
        with self._database.read() as connection:
            return connection.execute(query).scalar()


def _ended(account: str) -> tuple[ColumnElement[bool], ...]:
    return sweeps.c.account == account, sweeps.c.ended.is_not(None)
