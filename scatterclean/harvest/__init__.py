"""Sent folders -> sent log and coverage: what was sent, and of which time the log knows it.  Moves nothing.

Coverage is made here alone.  It grows only when *all* Sent folders of the account were read to their end in
one harvest; what it may be called depends on what is seen:

    first harvest of an account                    backfilled, from (nearly) the oldest message on
    every folder as it was, nothing vanished       witnessed since the last harvest
    UIDs vanished that were never read             a hole between the neighbours' dates
    a folder more than last time, or the last      backfilled since the last harvest
    harvest was cut off
    the first harvest was cut off days ago         from now on
    UIDVALIDITY changed, or UIDs are given anew     a hole since the last harvest, and a warning
    a folder gone, or empty that was not           no coverage, a refusal and the way out
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from scatterclean import sent
from scatterclean.errors import FolderMissing, SentFolderUnknown, Stopped, Trouble
from scatterclean.garbage import seldom
from scatterclean.harvest.keeping import Keeping
from scatterclean.harvest.reading import Reading
from scatterclean.model import Account, Cursor, Grade, Interval, Question, Refusal, Sighting
from scatterclean.plan import WRONG_CLOCK
from scatterclean.ports import Folder, Mailbox, SentLog

# Messages in one transaction.  Of 100,000 the inserts take 54 us a message with 2,000 and 37 with 5,000: the more, the
# more often neighbours meet in a page.
BATCH = 5000
# ... or as many as these went to: a club's newsletters have thousands each.
MOST_RECIPIENTS = 50_000
# Read at once; after so many the stop flag is looked at, and progress is told.
STEP = 500
# ... unless their header fields hold more bytes than this, and maybe hundreds of thousands of recipients.
MOST_BYTES = 2**20
# A first harvest that was cut off longer ago than this does not count as one with the harvest that completes it:
# the log then begins with mail that may be long gone from the folder, and with it what came after.
_ABANDONED = timedelta(days=1)
# So far back the last message that was read is looked for, in UIDs.
_NEIGHBOURS = 100


@dataclass(slots=True)
class Harvest:
    """What one harvest did.  `refusal`: nothing may be moved now; `troubles`: sentences for the person."""

    new: int = 0
    folders: tuple[str, ...] = ()
    refusal: Refusal | None = None
    troubles: list[str] = field(default_factory=list)


def sent_folders(mailbox: Mailbox, account: Account) -> tuple[str, ...]:
    """The folders that hold the account's sent mail, as configured, else as found.

    Found are all that SPECIAL-USE calls sent (RFC 6154) and all with a well-known name: clients that do not
    know SPECIAL-USE file beside those that do, and one more folder can only acquit.
    Raises SentFolderUnknown.
    """
    folders = [f for f in mailbox.folders() if f.selectable]
    names = {f.name for f in folders}
    if account.sent:
        configured = [_as_named(name, names, mailbox) for name in account.sent]
        missing = [name for name, found in zip(account.sent, configured, strict=True) if found is None]
        if missing:
            raise SentFolderUnknown(
                f"account {account.name}: the Sent folder {_list(missing)} does not exist on the server",
                hint=f"{_like_sent(folders)}Set `sent = [...]` in the account to what it is called now.",
            )
        return tuple(name for name in configured if name is not None)
    found = [f.name for f in folders if "sent" in f.use or _last_part(f.name) in sent.FOLDER_NAMES]
    found = [name for name in found if name not in account.watch and name != account.backscatter]
    if not found:
        raise SentFolderUnknown(
            f"account {account.name}: no Sent folder was found, so nothing can be told and nothing is moved",
            hint=f'{_like_sent(folders)}Set `sent = ["NAME"]` in the account to the folder where your sent '
            "mail is filed; if no program files it on the server, let yours do so.",
        )
    return tuple(found)


def harvest(
    mailbox: Mailbox,
    log: SentLog,
    account: Account,
    *,
    now: datetime,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Harvest:
    """Read what is new in the Sent folders into the log.  `now` is taken before anything is asked.

    Resumable: every batch is committed with its cursor, and what came before it was stopped or the connection
    broke; coverage is added at the end.  Raises Stopped, and what the mailbox raises.
    """
    report = Harvest()
    cursors = log.cursors(account.name)
    covered = log.coverage([account.name])[account.name].through
    if covered is not None and covered > now + WRONG_CLOCK:
        # The clock was far ahead once: nobody can have read what is yet to be sent.
        log.retract(account.name, now)
        covered = now
    elif covered is not None and covered > now:
        # It is behind now, or was a little ahead then.  Nothing is read, so that nothing is misdated; it goes on
        # where it stopped when that time has come, and until then nobody is convicted (see `knowledge`).
        report.troubles.append(_early(account, covered))
        return report
    try:
        report.folders = sent_folders(mailbox, account)
        states = [mailbox.state(folder) for folder in report.folders]
        _none_gone(log, account, cursors, report.folders)
    except (SentFolderUnknown, FolderMissing) as unknown:
        report.refusal = Refusal.SENT_UNKNOWN
        report.troubles.append(str(unknown))
        return report

    readings = [Reading(state, cursors.get(state.place.folder), covered is not None) for state in states]
    for reading in readings:
        reading.another = _is_another(mailbox, log, account, reading)
    if covered is not None and _was_behind(log, account, readings, covered, now):
        report.troubles.append(_late(account, covered))
        log.cover(account.name, [Interval(now, now, Grade.WITNESSED)])
        covered = now
    made_anew = [r for r in readings if r.reset and r.state.exists]
    if made_anew:
        # Before the first of their messages is read: if that is cut off, the half-way cursor stands in the new
        # folder, and nothing tells of the hole any more.
        report.troubles += [_made_anew(account, r, covered) for r in made_anew]
        log.cover(account.name, [Interval(now, now, Grade.WITNESSED)])
    total = sum(r.unread for r in readings)
    with seldom():
        for reading in readings:
            report.new += _read(mailbox, log, account, reading, now, stop, lambda n: progress(n, total))

    emptied = [r for r in readings if r.state.exists == 0 and r.cursor is not None and r.cursor.exists > 0]
    if not any(r.state.exists for r in readings) or emptied:
        report.refusal = Refusal.SENT_EMPTY
        report.troubles.append(_empty(account, emptied or readings))
        # The cursor keeps saying that the folder held something, until it does again.
        return report
    # Coverage before the cursors: if we die in between, what vanished behind the last message is seen once more.
    log.cover(account.name, _new_coverage(log, account, readings, covered, now))
    for reading in readings:
        log.record(account.name, account.person, (), reading.end(now))
    return report


# --- reading --------------------------------------------------------------------------------------------


def _is_another(mailbox: Mailbox, log: SentLog, account: Account, reading: Reading) -> bool:
    """Is there another message where the last one was read?  A backup that was put back gives UIDs out again, and
    another mailbox (a changed `username`) may have the same small UIDVALIDITY.  Asked only when something came."""
    if reading.cursor is None or reading.reset or not reading.unread:
        return False
    place, first = reading.state.place, reading.first
    before = [uid for uid in mailbox.uids(place, max(1, first - _NEIGHBOURS)) if uid < first][-1:]
    ids = [one for seen in mailbox.headers(place, before, sent.FIELDS) for one in sent.read(seen).ids]
    keys = frozenset(key for one in ids for key in one.keys)
    return bool(keys) and not log.ask(Question(account.person, keys)).known


def _was_behind(
    log: SentLog, account: Account, readings: Sequence[Reading], covered: datetime, now: datetime
) -> bool:
    """Had the log mail from after the moment at which Sent was read last?  Then our clock was behind, and all that
    it names as watched is the time by which it was put right.  (A harvest that was cut off has such mail, too.)"""
    last = log.last_sent(account.name)
    cut_off = any(r.cursor is not None and r.cursor.read_at > covered for r in readings)
    return last is not None and not cut_off and covered + WRONG_CLOCK < last <= now


def _read(  # noqa: PLR0917 - one caller, and all of it is needed
    mailbox: Mailbox,
    log: SentLog,
    account: Account,
    reading: Reading,
    now: datetime,
    stop: Callable[[], bool],
    progress: Callable[[int], None],
) -> int:
    place = reading.state.place
    if reading.state.uidnext <= reading.first:
        return 0
    uids = mailbox.uids(place, reading.first)
    if stop():
        raise Stopped
    with Keeping(log, account, reading, now, len(uids)) as keeping:
        try:
            for some in in_portions(mailbox.headers(place, uids, sent.FIELDS)):
                keeping.add(sent.read_all(some))
                reading.saw(some)
                # The fewer are left to be read, the less is to be written when they are.
                enough = min(BATCH, len(uids) - reading.count)
                if len(keeping.batch) >= enough > 0 or keeping.recipients >= MOST_RECIPIENTS:
                    keeping.hand_on(reading.last)
                progress(len(some))
                if stop():
                    raise Stopped
        except (Stopped, Trouble):
            keeping.settled()
            if keeping.batch:
                keeping.keep(reading.last)
            raise
        if uids:
            keeping.keep(max(uids[-1], reading.last))
        return keeping.new


def in_portions(sightings: Iterator[Sighting]) -> Iterator[list[Sighting]]:
    """By `STEP`, but one by one where they hold very much; what came before the source raised is given first."""
    raised: Trouble | None = None
    while raised is None:
        some: list[Sighting] = []
        try:
            some.extend(islice(sightings, STEP))
        except Trouble as trouble:
            raised = trouble
        if sum([len(sighting.header) for sighting in some]) > MOST_BYTES:
            yield from ([one] for one in some)
        elif some:
            yield some
        elif raised is None:
            return
    raise raised


# --- coverage -------------------------------------------------------------------------------------------


def _new_coverage(
    log: SentLog,
    account: Account,
    readings: Sequence[Reading],
    covered: datetime | None,
    now: datetime,
) -> list[Interval]:
    if any(r.reset for r in readings):
        return [Interval(now, now, Grade.WITNESSED)]
    if covered is None:
        begun = min((r.cursor.read_at for r in readings if r.cursor is not None), default=now)
        if now - begun > _ABANDONED:
            return [Interval(now, now, Grade.WITNESSED)]
        reach = _reach(log, account)
        return [Interval(min(reach, now), now, Grade.BACKFILLED)] if reach else []
    # Cut off: what an earlier harvest read of it was not seen by this one, nor what vanished before.
    cut_off = any(r.cursor is not None and r.cursor.read_at > covered for r in readings)
    later = cut_off or any(r.cursor is None for r in readings)
    grade = Grade.BACKFILLED if later else Grade.WITNESSED
    pieces: list[Interval] = []
    start = min(covered, now)
    for hole_from, hole_to in sorted(hole for reading in readings for hole in reading.holes(covered, now)):
        if hole_from > start:
            pieces.append(Interval(start, min(hole_from, now), grade))
        start = max(start, hole_to)
    pieces.append(Interval(min(start, now), now, grade))
    return pieces


def _reach(log: SentLog, account: Account) -> datetime | None:
    """From when on a first harvest covers: the oldest message, but for outliers with a wrong clock."""
    count = log.count_account(account.name)
    skip = max(count // 100, 1) if count >= 10 else 0
    return log.first_sent(account.name, skip)


# --- what is missing ------------------------------------------------------------------------------------


def _none_gone(log: SentLog, account: Account, cursors: Mapping[str, Cursor], folders: Sequence[str]) -> None:
    """A folder that was read and is no longer a Sent folder: the person says so by `sent`, else refuse."""
    for folder, cursor in cursors.items():
        if folder in folders:
            continue
        if account.sent or cursor.exists == 0:
            log.forget_folder(account.name, folder)
            continue
        raise SentFolderUnknown(
            f"account {account.name}: the Sent folder {folder!r}, in which {cursor.exists} messages were, is "
            "gone or was renamed; nothing is moved",
            hint="Set `sent = [...]` in the account to the folders that hold your sent mail now "
            f"(found now: {_list(folders)}). What the log knows it keeps.",
        )


def _early(account: Account, covered: datetime) -> str:
    # Without the time that it is: the same words at every sweep are told once.
    return (
        f"account {account.name}: the clock of this machine is behind: by it the Sent folders are read last at "
        f"{covered:%Y-%m-%d %H:%M} UTC, which is still to come; nothing is decided until then\n"
        "  Is the clock right?"
    )


def _late(account: Account, covered: datetime) -> str:
    return (
        f"account {account.name}: the clock of this machine was behind when the Sent folders were read last (it stood "
        f"at {covered:%Y-%m-%d %H:%M} UTC); the log keeps what it knows, but has a hole since then"
    )


def _made_anew(account: Account, reading: Reading, covered: datetime | None) -> str:
    changed = reading.cursor is not None and reading.cursor.place != reading.state.place
    how = "UIDVALIDITY changed" if changed else "its UIDs are given out anew"
    hole = f"since {covered:%Y-%m-%d %H:%M} UTC" if covered else "up to now"
    return (
        f"account {account.name}: the server made the folder {reading.state.place.folder} anew "
        f"({how}); the log keeps what it knows, but has a hole {hole}"
    )


def _empty(account: Account, readings: Sequence[Reading]) -> str:
    names = _list([r.state.place.folder for r in readings])
    before = sum(r.cursor.exists for r in readings if r.cursor is not None)
    if before:
        return (
            f"account {account.name}: {names} is empty now, and held {before} messages before: "
            "nothing is moved\n"
            "  If your sent mail is filed elsewhere now, set `sent = [...]` in the account to that folder; "
            "if it was cleared on purpose, moving goes on as soon as a message is filed there again."
        )
    return (
        f"account {account.name}: {names} is empty: without a log of what you sent nothing can be told, and "
        "nothing is moved\n"
        "  Let your mail program file sent mail on the server, or set `sent = [...]` in the account to the "
        "folder where it does."
    )


def _as_named(name: str, names: set[str], mailbox: Mailbox) -> str | None:
    """A configured folder as the server calls it: as written, else below the personal namespace."""
    for candidate in (name, mailbox.personal(name)):
        if candidate in names:
            return candidate
    return None


def _last_part(name: str) -> str:
    """The folder's own name, whatever the separator is (".", "/", "\\", "|")."""
    for separator in "/.\\|":
        name = name.rpartition(separator)[2] or name
    return name.strip().casefold()


def not_there(mailbox: Mailbox, trouble: FolderMissing, *, named: bool) -> str:
    """The sentence about a folder to look into, with those that there are; `named`: not by the configuration."""
    hint = "Is the name spelled as it is there?" if named else trouble.hint
    return f"{trouble.what}\n  {_like_sent(mailbox.folders())}{hint}"


def _like_sent(folders: Sequence[Folder]) -> str:
    return f"The server has: {_list([f.name for f in folders][:30])}. " if folders else ""


def _list(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
