"""Quiet hours, and when a digest is due, by the person's clock, also on the days when that is set."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

_DAY = timedelta(days=1)


def _moment(day: date, at: time, zone: tzinfo | None, fold: int = 0) -> datetime:
    """A moment on the person's clock (None: the machine's zone), in UTC.  In the hour that a clock leaves out it is the
    moment that would be if it had not (PEP 495)."""
    return datetime.combine(day, at, zone).replace(fold=fold).astimezone(UTC)


def quiet_until(
    now: datetime, quiet: tuple[time, time] | None, zone: tzinfo | None = None
) -> datetime | None:
    """When the quiet hours end in which `now` lies, in UTC; None if it lies in none.  `quiet`: (start, end), the
    second may be of the next day.  An hour that comes twice, in autumn, is quiet twice."""
    if quiet is None:
        return None
    start, end = quiet
    local = now.astimezone(zone)
    clock = local.time().replace(fold=0)
    inside = start <= clock < end if start < end else clock >= start or clock < end
    if not inside:
        return None
    day = local.date() + (_DAY if start >= end and clock >= start else timedelta())
    ends = [_moment(day, end, zone, fold) for fold in (0, 1)]
    return next((moment for moment in ends if moment > now), None)


def digest_before(
    now: datetime, at: time, zone: tzinfo | None = None, weekday: int | None = None
) -> datetime:
    """The latest moment until `now` at which a digest was due, in UTC: each day at that time; with `weekday` (Monday is
    0) each week."""
    day = now.astimezone(zone).date()
    for back in range(9):
        candidate = day - back * _DAY
        moment = _moment(candidate, at, zone)
        if moment <= now and weekday in (None, candidate.weekday()):
            return moment
    raise AssertionError("a week has seven days")
