"""What the mail that passed by taught, in SQLite.  Implements `ports.Experience`; it judges nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from scatterclean.model import Learned, Lessons, Proofs, Route, RouteCause
from scatterclean.store import asking, bulk
from scatterclean.store.database import Database
from scatterclean.store.sentlog import account_id
from scatterclean.store.tables import accounts, outbound_hosts, proofs, received_ids, routes

# Strangers can write what teaches (invariant 12): of more shapes or hosts in one account the oldest go.
MOST_ROUTES = 500
MOST_HOSTS = 500


_RECEIVED = insert(received_ids).on_conflict_do_nothing()


class SqlExperience:
    """`ports.Experience` on the tables `proofs`, `routes`, `outbound_hosts` and `received_ids`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def learn(self, account: str, person: str, lessons: Lessons) -> None:
        if not lessons:
            return
        with self._database.write() as connection:
            here = account_id(connection, account, person)
            for name, proof in lessons.proofs.items():
                _prove(connection, account_id(connection, name, person), proof)
            _note_routes(connection, here, lessons.routes)
            hosts = [{"account_id": here, "host": host} for host in sorted(lessons.hosts)]
            if hosts:
                connection.execute(insert(outbound_hosts).on_conflict_do_nothing(), hosts)
                _forget_oldest(connection, outbound_hosts, here, outbound_hosts.c.id, MOST_HOSTS)
            received = [
                {"key": key, "account_id": here, "arrived": arrived}
                for key, arrived in lessons.received.items()
            ]
            bulk.execute(connection, _RECEIVED, received)

    def learned(self, person: str, accounts_asked: Sequence[str]) -> Learned:
        of_person = asking.accounts_of(person)
        with self._database.read() as connection:
            proved = {
                row.name: Proofs(row.replies, row.last)
                for row in connection.execute(
                    select(accounts.c.name, proofs.c.replies, proofs.c.last)
                    .join(proofs, proofs.c.account_id == accounts.c.id)
                    .where(accounts.c.person == person)
                )
            }
            found: dict[str, Route] = {}
            for row in connection.execute(
                select(routes).where(routes.c.account_id.in_(of_person)).order_by(routes.c.seen_at)
            ):
                found[row.shape] = Route(row.shape, RouteCause(row.cause), row.example, row.seen_at)
            hosts = connection.scalars(
                select(outbound_hosts.c.host).where(outbound_hosts.c.account_id.in_(of_person))
            )
            return Learned(
                proofs={name: proved.get(name, Proofs()) for name in accounts_asked},
                routes=tuple(found.values()),
                hosts=frozenset(hosts),
            )

    def received(self, person: str, keys: Iterable[str]) -> frozenset[str]:
        spellings = asking.spelled(keys)
        if not spellings:
            return frozenset()
        asked = asking.asked(spellings)
        query = (
            select(asked.c.value)
            .distinct()
            .select_from(asked)
            .join(received_ids, received_ids.c.key == asked.c.value)
            .where(received_ids.c.account_id.in_(asking.accounts_of(person)))
        )
        with self._database.read() as connection:
            return frozenset(key for value in connection.scalars(query) for key in spellings[value])

    def forget_received(self, person: str, before: datetime) -> None:
        old = received_ids.c.account_id.in_(asking.accounts_of(person)) & (received_ids.c.arrived < before)
        with self._database.read() as connection:
            if connection.scalar(select(func.count()).select_from(received_ids).where(old)) == 0:
                return
        with self._database.write() as connection:
            connection.execute(delete(received_ids).where(old))


def _prove(connection: Connection, account: int, proof: Proofs) -> None:
    last = func.max(func.coalesce(proofs.c.last, -(2**62)), _microseconds(proof))
    statement = insert(proofs).values(account_id=account, replies=proof.replies, last=proof.last)
    changes: Mapping[str, Any] = {"replies": proofs.c.replies + proof.replies}
    if proof.last is not None:
        changes = {**changes, "last": last}
    connection.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=changes))


def _microseconds(proof: Proofs) -> Any:
    return insert(proofs).excluded.last if proof.last is not None else None


def _note_routes(connection: Connection, account: int, found: Sequence[Route]) -> None:
    latest: dict[str, Route] = {}
    for route in sorted(found, key=lambda each: each.seen_at):
        latest[route.shape] = route
    if not latest:
        return
    statement = insert(routes)
    newer = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "shape"],
            set_={"cause": newer.cause, "example": newer.example, "seen_at": newer.seen_at},
            where=routes.c.seen_at < newer.seen_at,
        ),
        [
            {
                "account_id": account,
                "shape": route.shape,
                "cause": route.cause.value,
                "example": route.example,
                "seen_at": route.seen_at,
            }
            for route in latest.values()
        ],
    )
    _forget_oldest(connection, routes, account, routes.c.seen_at, MOST_ROUTES)


def _forget_oldest(connection: Connection, table: Table, account: int, age: Any, most: int) -> None:
    mine = table.c.account_id == account
    surplus = connection.scalar(select(func.count()).select_from(table).where(mine)) or 0
    if surplus <= most:
        return
    name = "shape" if table is routes else "host"
    oldest = select(table.c[name]).where(mine).order_by(age, table.c[name]).limit(surplus - most)
    connection.execute(delete(table).where(mine, table.c[name].in_(oldest)))
