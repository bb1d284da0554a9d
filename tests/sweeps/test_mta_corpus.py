"""542 bounces that real servers made: which of them does a sweep put away, if half of the originals were sent?

What the laboratory made simpler than the world is undone first, nothing else is touched:

* the strangers to whom the forged mail went are the people whom the person wrote to, too.  In the forged ones they
  get other domains (`@reject.test` becomes `@far.reject.test`): else the recipient alone acquits, as it should;
* four of the person's domains are those of the reporting servers themselves: whoever owns them has these servers as
  providers.  They take part in the first test only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scatterclean import bounce
from scatterclean.dates import date_in
from scatterclean.headers import Header
from scatterclean.model import Account, Bounce, Case, Identities, Mode, Weight

from .world import World, letter

# The corpus was made on the morning of that day.
START = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
REPORTERS = frozenset({"nordwind.test", "hafenamt.test", "oldhost.test", "bsdclub.test"})


@dataclass(frozen=True)
class Sample:
    """`raw` is what lies in the inbox, `sent` the header in Sent (None: forged)."""

    file: str
    raw: bytes
    sent: bytes | None
    domain: str
    to_postmaster: bool
    read: Bounce | None

    @property
    def arrival(self) -> datetime:
        header = Header(self.raw)
        stamps = [date_in(value.rpartition(";")[2]) for value in header.all("Received")]
        return next(filter(None, [*stamps, date_in(header.get("Date"))]))

    @property
    def strong(self) -> bool:
        return self.read is not None and any(r.weight is Weight.STRONG for r in self.read.references)

    @property
    def chain(self) -> bool:
        return self.read is not None and bool(self.read.original.received)


@pytest.fixture(scope="module")
def samples(corpora: Path) -> list[Sample]:
    labels = [json.loads(line) for line in (corpora / "mta" / "labels.jsonl").read_text("utf-8").splitlines()]
    own = {label["from"].rpartition("@")[2] for label in labels}
    found = []
    for label in labels:
        raw = (corpora / "mta" / label["file"]).read_bytes()
        if not label["really_sent"]:
            raw = _to_strangers(raw, own - REPORTERS)
        found.append(
            Sample(
                file=Path(label["file"]).stem,
                raw=raw,
                sent=(corpora / "mta" / label["sent_file"]).read_bytes() if label["really_sent"] else None,
                domain=label["from"].rpartition("@")[2],
                to_postmaster=label["to_postmaster"],
                read=bounce.read(raw),
            )
        )
    assert len(found) == 542
    return found


def _to_strangers(raw: bytes, own: set[str]) -> bytes:
    def other(found: re.Match[bytes]) -> bytes:
        return found[0] if found[1].decode().lower() in own else b"@far." + found[1]

    return re.sub(rb"@((?:[\w-]+\.)*[\w-]+\.test)\b", other, raw)


def person(tmp_path: Path, samples: Sequence[Sample]) -> World:
    world = World(tmp_path / "log.db", now=START)
    domains = {sample.domain for sample in samples}
    world.account = Account(
        "home", Identities(addresses=frozenset(f"*@{domain}" for domain in domains)), mode=Mode.MOVE
    )
    return world


def wrote_before(world: World, days: int) -> None:
    """Letters of weeks before, one a day, to people of whom nothing came back."""
    for ago in range(days, 0, -1):
        write(world, START - timedelta(days=ago))


def write(world: World, at: datetime) -> str:
    day = f"{at:%Y%m%d}"
    raw = letter(
        f"Note of {day}", to=f"p{day}@old.test", sender="karin@lindqvist.test", ident=f"{day}@n.test", at=at
    )
    world.server.append("Sent", raw, arrival=at)
    return day


def answer(world: World, day: str) -> None:
    raw = letter(
        f"Re: Note of {day}",
        to="karin@lindqvist.test",
        sender=f"p{day}@old.test",
        ident=f"a{day}@old.test",
        at=world.now,
    )
    raw = raw.replace(b"Subject:", f"In-Reply-To: <{day}@n.test>\r\nSubject:".encode())
    world.server.append("INBOX", raw, arrival=world.now)


def come_back(world: World, samples: Sequence[Sample]) -> dict[int, Sample]:
    """Sent holds what was sent, the inbox what came back; one sweep when all of it has settled."""
    for sample in samples:
        if sample.sent is not None:
            date = date_in(Header(sample.sent).get("Date"))
            usual = date is not None and START <= date <= START + timedelta(days=1)
            world.server.append("Sent", sample.sent, arrival=date if usual else START + timedelta(hours=1))
    there = {world.server.append("INBOX", s.raw, arrival=s.arrival): s for s in samples}
    world.now = max(s.arrival for s in samples) + world.account.settle + timedelta(minutes=1)
    world.sweep()
    return there


def at_once(tmp_path: Path, samples: Sequence[Sample]) -> tuple[World, dict[int, Sample]]:
    """Everything is there when the first sweep looks; nothing is configured but the addresses."""
    world = person(tmp_path, samples)
    wrote_before(world, 60)
    return world, come_back(world, samples)


def watched(tmp_path: Path, samples: Sequence[Sample]) -> tuple[World, dict[int, Sample]]:
    """Swept every day for twelve days before; people replied to what was sent."""
    world = person(tmp_path, samples)
    for ago in range(30, 12, -1):
        write(world, START - timedelta(days=ago))
    for ago in range(12, -1, -1):
        world.now = START - timedelta(days=ago)
        day = write(world, world.now - timedelta(hours=1))
        answer(world, day)
        world.sweep()
    return world, come_back(world, samples)


HISTORIES = pytest.mark.parametrize("history", [at_once, watched])
History = Callable[[Path, Sequence[Sample]], tuple[World, dict[int, Sample]]]


def moved(world: World, there: dict[int, Sample]) -> list[Sample]:
    left = {message.uid for message in world.server.messages("INBOX")}
    return [sample for uid, sample in there.items() if uid not in left]


@HISTORIES
@pytest.mark.parametrize("disguised", [True, False], ids=["four domains apart", "all domains own"])
def test_none_of_the_real_ones_moves_and_no_copy_for_the_postmaster(
    history: History, disguised: bool, tmp_path: Path, samples: list[Sample]
) -> None:
    chosen = [s for s in samples if not disguised or s.domain not in REPORTERS]
    world, there = history(tmp_path, chosen)
    wrong = [s.file for s in moved(world, there) if s.sent is not None or s.to_postmaster]
    assert wrong == []
    world.close()


@HISTORIES
def test_every_forged_one_that_carries_its_id_in_a_strong_place_moves(
    history: History, tmp_path: Path, samples: list[Sample]
) -> None:
    chosen = [s for s in samples if s.domain not in REPORTERS]
    world, there = history(tmp_path, chosen)
    gone = {s.file for s in moved(world, there)}
    forged = [s for s in chosen if s.sent is None and not s.to_postmaster and s.strong]
    if history is at_once:
        forged = [s for s in forged if s.chain]
    assert len(forged) > 190
    stayed = {
        s.file: _why(world.store.docket.open_cases("home"), there, s) for s in forged if s.file not in gone
    }
    assert stayed == {}
    world.close()


def _why(cases: Sequence[Case], there: dict[int, Sample], sample: Sample) -> str:
    found = [c.finding.because[0].because for c in cases if there[c.where.uid] is sample]
    return str(found[0]) if found else "genuine"
