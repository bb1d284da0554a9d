"""On which ways the person is told, and when; each event at most once on each way, whatever dies in between.

Into an inbox a notice is put in the thread of a round that went well, by its session; on other ways in a thread of its
own.  A handover is journalled before it is tried and settled after; one that was cut off is looked for in the inbox
where it was tried, and on other ways, where nobody can look, it counts as told.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from scatterclean import tell, wording
from scatterclean.errors import ServerBusy, TimeCanMend, Trouble
from scatterclean.model import ELSEWHERE, Handover, NoticeKind, NoticeState, Refusal, SweepReport
from scatterclean.service.events import Events
from scatterclean.service.guard import Guard
from scatterclean.tell.desktop import CannotShow
from scatterclean.tell.services import CannotSend
from scatterclean.wire import Household
from scatterclean.wording import notices as words

log = logging.getLogger("scatterclean")

# How often an account is looked at while a storm is in progress, if its server does not wake us: providers throttle who
# asks more often than this (field guide, 5).
STORM_POLL = timedelta(minutes=1)
# A provider that asked for patience is not asked more often than usual for so many seconds.
_GIVING_WAY = 3600.0
# Seconds between two looks at what is due, and between two at what there is to tell.
_DUE_EVERY = 5.0
_TELL_EVERY = 60.0
# What was refused (a full mailbox) is tried again this soon, then after twice as long, and given up in the end.
_FIRST, _LONGEST, _GIVE_UP = timedelta(minutes=15), timedelta(hours=6), timedelta(days=7)
# Told so late, it says so.
_LATE = timedelta(hours=1)
# Where nobody knows whether it got there it is looked for this soon, then after twice as long.
_LOOK = timedelta(minutes=1)
_LEAVE = 1.0
# An inbox at whose every APPEND the connection breaks: so many times (half an hour), and the desktop is told in its
# place; so many (three days), and it is given up.  `status` names what was given up.
_BREAKS, _MOST_BREAKS = 5, 20
_INSTEAD = "desktop"
# A service that takes longer to say one thing is left to itself: the other ways must not wait for it.
_LONGEST_WORD = 300.0


@dataclass(slots=True)
class Telling:
    """`well`: can an account be reached now?"""

    household: Household
    stop: threading.Event
    well: Callable[[str], bool]
    events: Events = field(init=False)
    guard: Guard = field(default_factory=Guard)
    _in_hand: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _looked: dict[str, float] = field(default_factory=dict)
    _throttled: dict[str, float] = field(default_factory=dict)
    _next_due: float = 0.0
    _next_tell: float = 0.0
    _mouth: threading.Thread | None = None
    _said_at: float = 0.0

    def __post_init__(self) -> None:
        self.events = Events(self.household)

    # --- in the thread of a round -------------------------------------------------------------------------

    def after_round(self, name: str, report: SweepReport | None) -> None:
        """A round went well; None: nothing had changed."""
        if not self.stop.is_set() and name in self.household.accounts:
            self.guard.run(lambda: self._after_round(name, report))

    def _after_round(self, name: str, report: SweepReport | None) -> None:
        now = self.household.clock()
        if report is None or report.worked:
            self.events.well(name, now)
        elif report.refusal is not Refusal.STOPPED:
            self.events.cleaned_nothing(name, report, now)
        if report is not None:
            self.events.alarms(name, now)
        since = time.monotonic() - self._looked.get(name, float("-inf"))
        if since >= _TELL_EVERY and (report is not None or name in self.events.storming):
            self._looked[name] = time.monotonic()
            self.events.storm(name, now)
        self._put(name, now)

    def _put(self, name: str, now: datetime) -> None:
        for one in self._claim(now, lambda one: one.way == "inbox" and self._belongs(one, name)):
            try:
                if self.stop.is_set():
                    return
                self._put_one(name, one, now)
            finally:
                self._in_hand.discard(one.id)

    def _belongs(self, one: Handover, name: str) -> bool:
        """Is this the inbox for it?  Where an attempt was cut off, it is; else that of its own account, and if that
        cannot be reached, of another account of the person."""
        if one.state is NoticeState.TRYING and one.inbox in self.household.accounts:
            return one.inbox == name
        about = one.notice.account
        if about == name:
            return True
        if about not in self.household.accounts:
            return True  # to be given up
        return name in self.household.of_person(about) and about in self.events.failing

    def _put_one(self, name: str, one: Handover, now: datetime) -> None:
        notices = self.household.store.notices
        if self._hopeless(one, now):
            self._give_up(one, now)
            return
        notices.change(one, NoticeState.TRYING, now, inbox=name)
        notice = one.notice
        if now - notice.due > _LATE:
            notice = replace(notice, body=words.late(notice.made, now.astimezone()) + notice.body)
        try:
            self.household.put_notice(name, notice)
        except ServerBusy as busy:
            self._again(one, busy.what, now, timedelta(seconds=busy.retry_after or 0))
        except TimeCanMend as lost:
            self._unknown(one, name, lost.what, now)
        except Trouble as trouble:
            self._again(one, str(trouble), now)
        except Exception as bug:  # noqa: BLE001 - else it would be tried anew every few seconds
            self._unknown(one, name, _bug(bug), now, logging.ERROR)
        else:
            notices.change(one, NoticeState.TOLD, self.household.clock(), inbox=name)
            log.info("%s: told in its inbox: %s", name, one.notice.subject)

    # --- both -----------------------------------------------------------------------------------------------

    def _claim(
        self, now: datetime, wanted: Callable[[Handover], bool], most: int | None = None
    ) -> list[Handover]:
        """What is due, and in nobody's hands; it is in ours now."""
        with self._lock:
            due = [one for one in self.household.store.notices.due(now) if one.id not in self._in_hand]
            mine = [one for one in due if wanted(one)][:most]
            self._in_hand.update(one.id for one in mine)
        return mine

    def _unknown(self, one: Handover, name: str, said: str, now: datetime, level: int = logging.INFO) -> None:
        """It may have got there: it is looked for in this inbox, and put there only if it is not.  Not at once: a
        server that breaks off at each APPEND would be met every few seconds."""
        wait = min(_LOOK * (1 << min(one.tries, 10)), _LONGEST)
        self.household.store.notices.change(one, NoticeState.TRYING, now, inbox=name, next_try=now + wait)
        level = logging.DEBUG if one.tries else level
        told = "%s: it is not known whether this was told, looked for in %s: %s\n  %s"
        log.log(level, told, name, wording.span(wait), one.notice.subject, said)
        if one.tries + 1 == _BREAKS:
            self._say_elsewhere(one, now)

    def _say_elsewhere(self, one: Handover, now: datetime) -> None:
        """Nothing can be put into the inbox, and the person chose no other way: the desktop, if there is one."""
        if one.way != "inbox" or self.household.settings.notify.ways != ("inbox",):
            return
        notice = replace(one.notice, key=f"{one.notice.key}{ELSEWHERE}")
        self.household.store.notices.announce([notice], [_INSTEAD], now)

    def _again(self, one: Handover, said: str, now: datetime, least: timedelta = timedelta()) -> None:
        wait = max(min(_FIRST * (1 << min(one.tries, 10)), _LONGEST), min(least, _LONGEST))
        self.household.store.notices.change(one, NoticeState.DUE, now, next_try=now + wait)
        level = logging.DEBUG if one.tries else logging.WARNING
        log.log(
            level,
            "%s: not told yet (%s), tried again in %s: %s\n  %s",
            one.notice.account,
            one.way,
            wording.span(wait),
            one.notice.subject,
            said,
        )

    def _hopeless(self, one: Handover, now: datetime) -> bool:
        """Is the way or the account no longer configured, or was it tried in vain for too long?  What nobody could try,
        for the account cannot be reached, is told however late."""
        settings = self.household.settings
        elsewhere = one.way == _INSTEAD and one.notice.key.endswith(ELSEWHERE)
        wanted = elsewhere or settings.notify.wants(one.way)
        refused = one.state is NoticeState.DUE and one.tries and now - one.notice.made > _GIVE_UP
        broken = one.state is NoticeState.TRYING and one.tries >= _MOST_BREAKS
        gone = not wanted or one.notice.account not in self.household.accounts
        return gone or bool(refused) or broken

    def _give_up(self, one: Handover, now: datetime) -> None:
        self.household.store.notices.change(one, NoticeState.GIVEN_UP, now)
        log.warning(
            "%s: could not be told (%s), given up: %s", one.notice.account, one.way, one.notice.subject
        )

    # --- in the main loop -----------------------------------------------------------------------------------

    def mind(self) -> Collection[str]:
        """Look whether there is anything to tell; returns the accounts whose rounds should come now, for something is
        due in their inbox."""
        wake: set[str] = set()
        if time.monotonic() >= self._next_tell:
            self._next_tell = time.monotonic() + _TELL_EVERY
            now = self.household.clock()
            self.guard.run(lambda: self.events.troubles(now))
            self.guard.run(lambda: self.events.digests(now))
        if time.monotonic() >= self._next_due:
            self._next_due = time.monotonic() + _DUE_EVERY
            self.guard.run(lambda: wake.update(self._due()))
        return wake

    def _due(self) -> set[str]:
        now = self.household.clock()
        due = [one for one in self.household.store.notices.due(now) if one.id not in self._in_hand]
        if any(one.way != "inbox" for one in due) and not self._speaking():
            self._said_at = time.monotonic()
            # Not a thread of the interpreter's end: a service that never answers must not keep us.
            self._mouth = threading.Thread(
                target=self.guard.run, args=[self._speak], name="telling", daemon=True
            )
            self._mouth.start()
        inbox = [one for one in due if one.way == "inbox"]
        accounts = [name for name in self.household.accounts if self.well(name)]
        return {name for name in accounts for one in inbox if self._belongs(one, name)}

    def _speaking(self) -> bool:
        if self._mouth is None or not self._mouth.is_alive():
            return False
        if time.monotonic() - self._said_at < _LONGEST_WORD:
            return True
        log.warning("a service of `apprise` does not come to an end; whether it told is not known")
        return False

    def failed(self, name: str, trouble: Trouble) -> None:
        """A round did not go well."""
        if isinstance(trouble, ServerBusy):
            self.asked_for_patience(name)
        self.events.failed(name, trouble, self.household.clock())

    def asked_for_patience(self, name: str) -> None:
        """The server of this account, whoever asked it."""
        self._throttled[name] = time.monotonic()

    def clock_moved(self) -> None:
        """After a suspend, or when the clock was set."""
        self.events.clock_moved(self.household.clock())

    def pace(self, name: str) -> timedelta | None:
        """How soon to look again because of a storm; None if there is no reason to."""
        throttled = time.monotonic() - self._throttled.get(name, float("-inf")) < _GIVING_WAY
        settings = self.household.accounts.get(name)
        if name not in self.events.storming or settings is None or throttled:
            return None
        return min(settings.poll, STORM_POLL)

    def leave(self) -> None:
        """Wait a moment for what is being said."""
        if self._mouth is not None:
            self._mouth.join(_LEAVE)

    # --- desktop and services -------------------------------------------------------------------------------

    def _speak(self) -> None:
        now = self.household.clock()
        notices = self.household.store.notices
        # One by one: what hangs keeps only itself.
        while mine := self._claim(now, lambda one: one.way != "inbox", most=1):
            one, self._said_at = mine[0], time.monotonic()
            try:
                if self.stop.is_set():
                    return
                if one.state is NoticeState.TRYING:  # cut off: nobody can look whether it was told
                    notices.change(one, NoticeState.TOLD, now)
                    continue
                if self._hopeless(one, now):
                    self._give_up(one, now)
                    continue
                notices.change(one, NoticeState.TRYING, now)
                try:
                    self._say(one)
                except (CannotShow, CannotSend) as trouble:
                    self._again(one, str(trouble), now)
                except Exception as bug:  # noqa: BLE001 - left as it is, it would count as told
                    self._again(one, _bug(bug), now)
                else:
                    notices.change(one, NoticeState.TOLD, self.household.clock())
                    log.info("%s: told (%s): %s", one.notice.account, one.way, one.notice.subject)
            finally:
                self._in_hand.discard(one.id)

    def _say(self, one: Handover) -> None:
        notice = one.notice
        if one.way == "desktop":
            tell.show(notice.subject, notice.body, urgent=notice.kind is NoticeKind.ALARM)
        else:
            tell.send(notice.subject, notice.body, self.household.settings.notify.services(one.way))


def _bug(bug: Exception) -> str:
    """The text of a foreign exception may hold a piece of mail."""
    return f"a bug of scatterclean ({type(bug).__name__})"
