"""Ada Winter's mailbox on the morning after a storm of backscatter, made anew for any moment; it sends nothing.

The same moment gives the same bytes.  Every letter says what a sweep should find in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from scatterclean.demo import everyday, lookalikes, night, outbox
from scatterclean.demo.cast import ADA, Person
from scatterclean.demo.delivery import Letter, filed


@dataclass(frozen=True, slots=True)
class World:
    """A person and her two folders, each in the order of arrival.

    `addresses` are hers, as a configuration names them; `storm` is when the flood came.
    """

    person: Person
    addresses: tuple[str, ...]
    sent: tuple[Letter, ...]
    inbox: tuple[Letter, ...]
    storm: tuple[datetime, datetime]


def make(now: datetime) -> World:
    """`now` is aware; "last night" is that of its zone: from about 11 pm to half past five."""
    now = now.replace(microsecond=0)
    dawn = datetime.combine(now.date(), time(5, 30), now.tzinfo)
    if now < dawn + timedelta(hours=1):
        dawn -= timedelta(days=1)

    late = outbox.late(dawn)
    post = outbox.to_the_choir(now)
    written = sorted((*outbox.years(now), post, *late.values()), key=lambda w: w.when)
    inbox = [
        *everyday.letters(now, written),
        *everyday.machines(now),
        *everyday.choir(now, post),
        *lookalikes.lookalikes(now, written),
        *night.storm(dawn),
        *night.returned(late),
        *night.unclear(dawn),
        night.fresh(now),
    ]
    return World(
        person=ADA,
        addresses=(ADA.address, f"*@{ADA.domain}"),
        sent=tuple(filed(w.mail, w.when) for w in written),
        inbox=tuple(sorted(inbox, key=lambda letter: letter.arrival)),
        storm=(dawn - night.DURATION, dawn),
    )
