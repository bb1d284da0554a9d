"""Reports about the worlds of tests/sweeps (real sweeps, a real store), and about cases put there by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from scatterclean.evidence import Asked, Books, report
from scatterclean.model import (
    Account,
    Because,
    Bounce,
    Case,
    Finding,
    Kind,
    Reason,
    Verdict,
)
from scatterclean.model.report import Report
from scatterclean.store import Store
from scatterclean.wording.conclusion import Answer, answer
from tests.contracts.records import case
from tests.evidence import planted
from tests.sweeps.world import World

NOW = planted.NOW
ME = planted.ME
ACCOUNT = planted.settings(Path("/nowhere/log.db")).accounts[0].account


def books(store: Store) -> Books:
    return Books(store.evidence, store.journal, store.history, store.notices)


def report_of(*worlds: World, since: datetime | None = None, zone: tzinfo = UTC) -> Report:
    """Several worlds are accounts on one store."""
    asked = [Asked(world.account, world.sources()) for world in worlds]
    return report(asked, books(worlds[0].store), worlds[0].now, since=since, zone=zone)


def answer_of(*worlds: World, since: datetime | None = None) -> Answer:
    return answer(report_of(*worlds, since=since))


def sentence_of(*worlds: World, since: datetime | None = None) -> str:
    return answer_of(*worlds, since=since).sentence


def told(store: Store, since: datetime | None = None, account: Account = ACCOUNT) -> Report:
    """About cases that were put into the store by hand."""
    world = World(store.path, account=account)
    world._store = store
    return report([Asked(account, world.sources())], books(store), NOW, since=since, zone=UTC)


def orphan(uid: int, *, foreign: bool = True, **bounce: object) -> Case:
    """One that came `uid` minutes before NOW; `bounce` are fields of Bounce."""
    support = (Reason.of(Because.FOREIGN, line="from x"),) if foreign else ()
    finding = Finding(Verdict.ORPHAN, (Reason.of(Because.UNKNOWN_ID, id="a@b.example"), *support))
    made = replace(Bounce(Kind.BOUNCE, delivered_to=(ME,)), **bounce)  # type: ignore[arg-type]
    return case(uid, finding=finding, bounce=made, arrival=NOW - timedelta(minutes=uid))
