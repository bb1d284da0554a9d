"""A report about the worlds of tests/sweeps: what real sweeps left in a real store, as `household.report` reads it."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from scatterclean.evidence import Asked, Books, report
from scatterclean.model.report import Report
from scatterclean.store import Store
from scatterclean.wording.conclusion import Answer, answer
from tests.sweeps.world import World


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
