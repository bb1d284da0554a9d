"""Hours of the daemon in simulated time, with the first troubles of a day; bench/day.py has the whole day."""

from __future__ import annotations

from pathlib import Path

from scatterclean.demo.dovecot import ScratchDovecot
from tests.conftest import absent
from tests.day.day import Day
from tests.day.warp import can_be_built

HOURS = 9.0  # a token's expiry, a suspend, a server that hangs, a clock set forward and back, a server that is gone


def test_every_message_is_in_its_place_each_trouble_was_told_once_and_nothing_grew(
    tmp_path: Path, dovecot: ScratchDovecot
) -> None:
    if not can_be_built():
        absent("Linux with a C compiler")
    with Day(tmp_path, dovecot, hours=HOURS, seed=7) as day:
        day.run()
        assert day.code == 0
        assert day.astray() == []
        assert day.untold() == []
        assert {told.door.value for told in day.told} == {"expired", "hanging", "refused"}
        assert (day.jumps, day.backs) == (3, 1)
        assert day.counts()["Backscatter"] > 100
        first, last = day.growth()
        assert last.memory < first.memory * 1.1
        assert last.threads <= first.threads + 1
        assert last.files <= first.files + 2
