"""What a report is made of, read in one pass.  It writes nothing, and holds some thousand rows at a time.

Implements `ports.evidence.Evidence`.  A hundred thousand documents cost pydantic half a minute; SQLite takes the few
fields out of each where it lies (one call of json_extract for all of them: the text is parsed once).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import compress
from typing import Any

from sqlalchemy import Select, func, select

from scatterclean.errors import DatabaseUnusable
from scatterclean.model import PUTTING_AWAY, Because, Case, Closure, Kind, MoveState, Place, Refusal, Verdict
from scatterclean.ports.evidence import Facts, Forgeries
from scatterclean.store.columns import listed, microseconds
from scatterclean.store.database import Database
from scatterclean.store.docket import read_case
from scatterclean.store.tables import accounts as accounts_table
from scatterclean.store.tables import cases as table
from scatterclean.store.tables import sweeps, watch_cursors

_PORTION = 500
_SECOND = 1_000_000
_QUARTER = 900 * _SECOND
_ANY_TIME = -(1 << 62)
_SAID = (
    "reporting_mta", "sender", "original.sender", "original.subject", "delivered_to[#-1]", "original.links",
    "original.files", "original.body",
)  # fmt: skip
_PATHS = ", ".join(f"'$.{path}'" for path in _SAID)
# The kind and the deciding reason stand at the beginning, see forms.py; within a text a quotation mark has a backslash
# before it, so that nothing that a stranger wrote looks like the name of a reason.
_KIND = "substr(bounce, 10, 20)"
_FIRST_REASON = "substr(finding, length(verdict) + 38, 40)"
# Of what is open: may it have left through the person's account?  Whatever else decided.
_OWN = " OR ".join(
    f'instr(finding, \'"because":"{why.value}"\') > 0'
    for why in (Because.MAY_BE_YOURS, Because.PROVIDER_HOP, Because.UNCHECKED)
)
_PUTTING_AWAY = ", ".join(f"'{errand.value}'" for errand in sorted(PUTTING_AWAY))
# "+": no index but the ids' own order, or SQLite would look through the whole account for each portion.
_ROWS = f"""
SELECT id, account, arrival / {_SECOND}, fingerprint, folder, uidvalidity, verdict, closure, closed_at IS NULL,
  {_FIRST_REASON}, CASE verdict WHEN 'orphan' THEN instr(finding, '"because":"foreign"') > 0
  WHEN 'undecided' THEN {_OWN} WHEN 'waiting' THEN {_OWN} ELSE 0 END, {_KIND},
  CASE verdict WHEN 'orphan' THEN json_extract(bounce, {_PATHS}) END,
  CASE WHEN verdict IN ('undecided', 'waiting') THEN json_extract(finding, '$.because[0].detail') END,
  CASE WHEN closure IS 'moved' THEN 'moved' ELSE (
    SELECT state FROM moves WHERE moves.account = cases.account AND moves.fingerprint = cases.fingerprint
      AND errand IN ({_PUTTING_AWAY}) ORDER BY moves.id DESC LIMIT 1) END
FROM cases WHERE id BETWEEN ? AND ? AND +arrival >= ? AND +account IN (SELECT value FROM json_each(?)) ORDER BY id DESC
"""  # noqa: S608 - constants alone

# Of what was put away nearly all stays away: what does not is asked once, not row by row.
_BACK = f"""
SELECT account, fingerprint FROM moves AS back
WHERE account IN (SELECT value FROM json_each(?)) AND state = '{MoveState.RETURNED.value}'
  AND errand IN ({_PUTTING_AWAY}) AND NOT EXISTS (
    SELECT 1 FROM moves WHERE moves.account = back.account AND moves.fingerprint = back.fingerprint
      AND errand IN ({_PUTTING_AWAY}) AND moves.id > back.id)
"""  # noqa: S608 - constants alone
# In how many lives of watched folders the findings of one account lie, at most.
_PLACES = """
SELECT max(places) FROM (SELECT count(*) AS places FROM (
  SELECT DISTINCT account, folder, uidvalidity FROM cases WHERE account IN (SELECT value FROM json_each(?))
) GROUP BY account)
"""

# Watched folders may not have been read, or not all that is in them.
_NO_LOOK = [one.value for one in (Refusal.NO_SESSION, Refusal.NOTHING_READ, Refusal.STOPPED)]
_KINDS = {kind.value: kind for kind in Kind}
_VERDICTS = {verdict.value: verdict for verdict in Verdict}
_REASONS = {because.value: because for because in Because}
_CLOSURES = {closure.value: closure for closure in Closure} | {None: None}
_MOVED, _RETURNED = MoveState.MOVED.value, MoveState.RETURNED.value
_MOVES = {state.value: state for state in MoveState} | {None: None}


class SqlEvidence:
    """`ports.evidence.Evidence` on the tables `cases` and `moves`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def findings(self, accounts: Sequence[str], since: datetime | None) -> Iterator[tuple[Facts, Forgeries]]:
        named = json.dumps(list(accounts))
        from_then = _ANY_TIME if since is None else microseconds(since)
        with self._database.read() as connection:
            first, last = connection.execute(_ends(accounts, since)).one()
            # The driver's own cursor: rows of SQLAlchemy would take a tenth of the time.
            driver = connection.connection.cursor()
            back = frozenset(driver.execute(_BACK, (named,)))
            # In a single folder that was never numbered anew nothing is met twice.
            [(places,)] = driver.execute(_PLACES, (named,))
            met = _Met() if (places or 0) > 1 else None
            for end in range(last or 0, (first or 1) - 1, -_PORTION):
                rows = driver.execute(_ROWS, (end - _PORTION + 1, end, from_then, named)).fetchall()
                if met is not None:
                    rows = [row for row in rows if met.is_another(row)]
                if rows:
                    yield _portion(rows, back)

    def earlier(self, accounts: Sequence[str], since: datetime) -> int:
        query = select(func.count(func.distinct(table.c.account + "/" + table.c.fingerprint))).where(
            table.c.account.in_(listed(accounts)),
            table.c.verdict.in_(list(_VERDICTS)),
            table.c.arrival < since,
        )
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def came(self, account: str, start: datetime, end: datetime) -> Mapping[int, int]:
        where = "account = ? AND verdict IN (SELECT value FROM json_each(?)) AND arrival >= ? AND arrival < ?"
        query = f"SELECT arrival / {_QUARTER}, count(*) FROM cases WHERE {where} GROUP BY 1"  # noqa: S608
        asked = (account, json.dumps(list(_VERDICTS)), microseconds(start), microseconds(end))
        with self._database.read() as connection:
            return dict(connection.connection.cursor().execute(query, asked).fetchall())

    def accounts(self, persons: Collection[str]) -> frozenset[str]:
        query = select(accounts_table.c.name).where(accounts_table.c.person.in_([*persons]))
        with self._database.read() as connection:
            return frozenset(connection.scalars(query))

    def last_look(self, account: str) -> datetime | None:
        query = select(sweeps.c.ended).where(
            sweeps.c.account == account,
            sweeps.c.ended.is_not(None),
            func.coalesce(sweeps.c.refusal, "").not_in(_NO_LOOK),
            # Without one no folder was ever read to its beginning: `sweep --since` looks at some days only.
            select(watch_cursors.c.folder).where(watch_cursors.c.account == account).exists(),
        )
        with self._database.read() as connection:
            return connection.execute(query.order_by(sweeps.c.id.desc()).limit(1)).scalar()

    def cases(self, ids: Sequence[int]) -> Mapping[int, Case]:
        found: dict[int, Case] = {}
        for start in range(0, len(ids), _PORTION):
            some = select(table).where(table.c.id.in_(listed(ids[start : start + _PORTION])))
            with self._database.read() as connection:
                found |= {row.id: read_case(row) for row in connection.execute(some)}
        return found


def _ends(accounts: Sequence[str], since: datetime | None) -> Select[Any]:
    """Between which ids they lie.  All verdicts by name: so an index finds them, and no row is touched."""
    query = select(func.min(table.c.id), func.max(table.c.id)).where(
        table.c.account.in_(listed(accounts)), table.c.verdict.in_(list(_VERDICTS))
    )
    return query if since is None else query.where(table.c.arrival >= since)


class _Met:
    """The messages that were met, rows coming with the latest first, and where each lay last."""

    def __init__(self) -> None:
        self._latest: dict[tuple[str, str], Place] = {}
        self._places: dict[tuple[str, int], Place] = {}

    def is_another(self, row: Sequence[Any]) -> bool:
        """A server that numbers a folder anew brings back all that is in it (`docket.arrivals` counts so, too), and
        what the person carries from one watched folder to another is met there once more; but two copies in one folder
        are two."""
        at = row[4], row[5]
        here = self._places.get(at) or self._places.setdefault(at, Place(*at))
        latest = self._latest.setdefault((row[1], row[3]), here)
        return latest is here or (latest.folder != here.folder and bool(row[7] != Closure.GONE.value))


def _portion(rows: Sequence[Sequence[Any]], back: frozenset[tuple[str, str]]) -> tuple[Facts, Forgeries]:
    columns = list(zip(*rows, strict=True))
    (
        ids,
        accounts,
        ats,
        prints,
        _,
        _,
        verdicts,
        closures,
        still,
        reasons,
        traced,
        kinds,
        said,
        details,
        ends,
    ) = columns
    moves: Sequence[str | None] = ends
    if back:
        moves = [
            _RETURNED if move == _MOVED and print_ in back else move
            for move, print_ in zip(ends, zip(accounts, prints, strict=True), strict=True)
        ]
    try:
        of_kind = [_KINDS[kind.partition('"')[0]] for kind in kinds]
        facts = Facts(
            ids,
            accounts,
            ats,
            of_kind,
            [_VERDICTS[verdict] for verdict in verdicts],
            [_REASONS[reason.partition('"')[0]] if reason else None for reason in reasons],
            details,
            traced,
            still,
            [_CLOSURES[closure] for closure in closures],
            [_MOVES[move] for move in moves],
        )
    except KeyError as unknown:
        raise DatabaseUnusable(
            f"a case in the database cannot be read ({unknown} is of no known form)",
            hint="It was probably written by a newer scatterclean: install that version again.",
        ) from None
    orphans = [text is not None for text in said]
    known = [tuple(compress(column, orphans)) for column in (ids, accounts, ats, of_kind)]
    told = json.loads(f"[{','.join(compress(said, orphans))}]")
    return facts, Forgeries(*known, *(zip(*told, strict=True) if told else [()] * len(_SAID)))
