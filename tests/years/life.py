"""A simulated life: events in the order of time, on real servers in memory, a real database and real sweeps.

Every automatic message that is delivered has a label: what it is about in truth.  Nothing here depends on a clock
or on chance: the same seed gives the same life.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from scatterclean.demo.dice import Dice
from scatterclean.demo.mime import Mail, mailbox, plain, stamp
from scatterclean.demo.returns import Shape
from scatterclean.knowledge import Sources
from scatterclean.mailbox.memory import MemoryMailbox
from scatterclean.model import Because, Case
from scatterclean.store import Store
from scatterclean.sweep import Steps, Sweep

from . import reports
from .people import GOOGLE, MICROSOFT, Box, Person, household
from .routes import Posted

START = datetime(2024, 3, 1, 6, 0, tzinfo=UTC)
BACKSCATTER = "Backscatter"
# What comes in now was sent eight days and a zone before at most; the clock is wrong by two days at most.
REACH = timedelta(days=8, hours=26)
SLACK = timedelta(days=2)


@dataclass
class Label:
    """The truth about one automatic message, and what became of it.

    `route` is how the original really left; "" if it was forged.  `foreign`: it left through machines that are not
    the person's provider's; `unlogged`: no copy was ever filed; `late`: it came to Sent after the settle time.
    Of a forged one, by what the generator made, whoever judges it: `named`: its id came back in a returned header;
    `chained`: so did the line on which the stranger's machine hands it over; `shared`: to an address of several
    people; `failed`: a failure or delay, no answer or receipt; `watched`: the log was watched without a gap for as
    long as is needed, `proved`: replies had shown that by then, `gap`: there was one; `stormy`: one of a storm.

    `moved_at` is when it was first seen in Backscatter (the true time); `revealed`: a reply had shown the route then;
    `away`: it lay there in the end.  `why` is what was last said of it, `by_silence`: without a foreign sign.
    """

    number: int
    person: Person
    box: Box
    route: str
    shape: str
    arrival: datetime
    unlogged: bool = False
    foreign: bool = False
    late: bool = False
    pasted: bool = False
    named: bool = False
    chained: bool = False
    shared: bool = False
    failed: bool = False
    watched: bool = False
    proved: bool = False
    gap: bool = False
    stormy: bool = False
    uid: int = 0
    moved_at: datetime | None = None
    revealed: bool = False
    away: bool = False
    why: str = ""
    by_silence: bool = False

    @property
    def in_own_house(self) -> bool:
        """Is the server that returned it one of the person's own provider, so that the chain names it anyway?"""
        houses = {"exchange_online": MICROSOFT, "gmail": GOOGLE}
        return any(houses.get(self.shape) is box.provider for box in self.person.boxes)

    @property
    def hosts_known(self) -> bool:
        """Can anybody know through which machines the person's mail leaves?  It is configured; or ids survive, so
        that what comes back of it is known again, and teaches it."""
        box = self.person.boxes[0]
        return bool(box.account.hosts) or box.provider.rewrites != "plain"

    @property
    def genuine(self) -> bool:
        return bool(self.route)


@dataclass
class Life:
    """`tune` are: letters a day and person, backscatter a day, storms, messages of a storm."""

    seed: int
    store: Store
    days: int = 100
    letters: int = 2
    stray: int = 1
    storms: int = 3
    storm: int = 250
    persons: list[Person] = field(default_factory=list)
    labels: dict[int, Label] = field(default_factory=dict)
    now: datetime = START
    off: timedelta = timedelta()  # by how much the clock of the machine is wrong
    sweeps: int = 0
    alarms: list[tuple[str, str]] = field(default_factory=list)
    _events: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _revealed: set[tuple[str, str]] = field(default_factory=set)
    _telling: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    _written_to: dict[str, set[str]] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)
    _gaps: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=dict)
    _unseen: dict[str, datetime] = field(default_factory=dict)
    _swept: dict[str, datetime] = field(default_factory=dict)
    _begun: dict[str, datetime] = field(default_factory=dict)
    _proofs: set[str] = field(default_factory=set)
    _proved: set[str] = field(default_factory=set)
    _count: int = 0

    def __post_init__(self) -> None:
        self.persons = household(self.seed, self.days)
        self.dice = Dice(f"life/{self.seed}")
        self.store.sent_log.assign({b.name: p.name for p in self.persons for b in p.boxes})

    # --- time -----------------------------------------------------------------------------------------------

    def at(self, when: datetime, event: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (when.replace(microsecond=0), self._count, event))

    def clock(self) -> datetime:
        return self.now + self.off

    def live(self) -> None:
        """From the first day to the last; then everything is swept until it has settled."""
        from . import days

        days.plan(self)
        while self._events:
            self.now, _, event = heapq.heappop(self._events)
            event()
        self.off = timedelta()
        for hours in (1, 30):
            self.now += timedelta(hours=hours)
            for person in self.persons:
                for box in person.boxes:
                    self.sweep(person, box)
        self.lying_about()
        for label in self.labels.values():
            label.gap = any(
                start - SLACK < label.arrival < end + REACH + SLACK
                for start, end in self._gaps.get(label.person.name, ())
            )

    def day(self) -> int:
        return (self.now - START).days

    # --- mail -----------------------------------------------------------------------------------------------

    def post(self, person: Person, posted: Posted) -> None:
        """File the copy, if there is one."""
        if posted.filed is None:
            return
        raw, box = posted.filed.raw, posted.box

        def file() -> None:
            # A client files with the date of filing; servers that file themselves likewise.
            uid = box.server.append("Sent", raw, flags=["\\Seen"], arrival=self.now)
            if posted.route == "deleted copy":
                box.server.delete("Sent", uid)
                self.gap(box)
            else:
                self._written_to.setdefault(person.name, set()).add(posted.recipient)

        self.at(posted.when + posted.filed_after + timedelta(seconds=1), file)

    def report(  # noqa: PLR0917 - what comes back, and when
        self,
        person: Person,
        box: Box,
        posted: Posted,
        shape: Shape,
        when: datetime,
        dice: Dice,
        *,
        to: str = "",
    ) -> None:
        """What the person (or a program of the person's) really sent comes back at `when`."""
        envelope = to or posted.sender
        mail, host = reports.returned(
            posted.wire, envelope, posted.recipient, posted.source, posted.when, when, shape, dice
        )
        filed = posted.when + posted.filed_after
        settled = when + timedelta(seconds=3) + box.account.settle
        self.deliver(
            person,
            box,
            mail,
            host,
            envelope,
            when + timedelta(seconds=3),
            route=posted.route,
            shape=shape.__name__,
            unlogged=posted.filed is None,
            foreign=posted.foreign,
            late=posted.filed is not None and filed > settled,
        )

    def backscatter(  # noqa: PLR0917 - what comes back, and when
        self,
        person: Person,
        box: Box,
        to: str,
        shape: Shape,
        when: datetime,
        dice: Dice,
        *,
        stormy: bool = False,
    ) -> None:
        forged = reports.forge(person, to, dice, when - timedelta(seconds=dice.between(2, 90)))
        mail, host = reports.returned(
            forged.mail, forged.envelope, forged.recipient, forged.bot, when, when, shape, dice
        )
        self.deliver(
            person,
            box,
            mail,
            host,
            forged.envelope,
            when,
            route="",
            shape=shape.__name__,
            pasted=forged.pasted,
            named=shape is not reports.by_reply_alone and forged.id in mail.raw,
            chained=reports.hands_over(forged.bot[1], mail.raw),
            shared=to == person.role,
            failed=shape not in reports.ANSWERED,
            stormy=stormy,
        )

    def deliver(  # noqa: PLR0917 - a message, its way and its label
        self, person: Person, box: Box, mail: Mail, host: str, to: str, when: datetime, **truth: object
    ) -> None:
        self._count += 1
        number = self._count
        raw = self._received(box, mail, host, to, when).under(("X-Number", str(number))).raw
        label = Label(number, person, box, arrival=when, **truth)  # type: ignore[arg-type]  # its fields
        self.labels[number] = label

        def arrive() -> None:
            label.uid = box.server.append("INBOX", raw, arrival=self.now)
            label.watched = all(self._watched(each) for each in person.boxes)
            label.proved = all(b.name in self._proved for b in person.boxes if self.day() >= b.begins)

        self.at(when, arrive)

    def ordinary(self, box: Box, mail: Mail, host: str, to: str, when: datetime) -> None:
        raw = self._received(box, mail, host, to, when).raw
        self.at(when, lambda: void(box.server.append("INBOX", raw, arrival=self.now)))

    def reply(self, person: Person, box: Box, posted: Posted, when: datetime, dice: Dice) -> None:
        """Whom the person wrote to answers, and so shows that the message was the person's."""
        kind, body = plain("Thank you!\n")
        mail = Mail(
            (
                ("From", mailbox("", posted.recipient)),
                ("To", posted.sender),
                ("Subject", f"Re: {posted.subject}"),
                ("Date", stamp(when)),
                ("Message-ID", f"<{dice.uuid()}@{posted.recipient.partition('@')[2]}>"),
                ("In-Reply-To", posted.id),
                ("References", posted.id),
                *kind,
            ),
            body,
        )
        raw = self._received(box, mail, f"mx.{posted.recipient.partition('@')[2]}", posted.sender, when).raw

        def arrive() -> None:
            box.server.append("INBOX", raw, arrival=self.now)
            if posted.route == "letter" and posted.filed and posted.id.encode() in posted.filed.raw:
                self._proofs.add(box.name)
            own = person.own_domain and posted.id.rstrip(">").endswith(person.domain)
            if own or posted.recipient in self._written_to.get(person.name, ()):
                self._telling.setdefault(box.name, []).append((person.name, posted.route))

        self.at(when, arrive)

    def _received(self, box: Box, mail: Mail, host: str, to: str, when: datetime) -> Mail:
        mx, _ = box.provider.mx
        trace = (
            f"from {host} ({host} [203.0.113.{Dice(host).between(100, 199)}])\n\tby {mx} (Postfix) with ESMTPS id "
            f"{self._count:x}\n\tfor <{to}>; {stamp(when)}"
        )
        return mail.under(("Return-Path", "<>"), ("Delivered-To", to), ("Received", trace))

    def gap(self, box: Box) -> None:
        """Something in Sent was never seen: between the look before and the next one.

        That comes days later if the account is dead (design, 5: "a hole between its neighbours' dates")."""
        self._unseen.setdefault(box.name, self._swept.get(box.name, START))

    def _watched(self, box: Box) -> bool:
        """Since long before what comes in now can have been sent; or it is not read for days to come."""
        begun = self._begun.get(box.name)
        if begun is None:
            return box.begins > self.day() + 3
        return self.now - begun > REACH

    # --- sweeps ---------------------------------------------------------------------------------------------

    def sweep(self, person: Person, box: Box) -> None:
        """A sweep as it is; then a look at what lies in Backscatter."""
        day = self.day()
        if day < box.begins or box.dead[0] <= day < box.dead[1]:
            return
        self.sweeps += 1
        living = [b for b in person.boxes if day >= b.begins]
        steps = Steps(
            alarmed=lambda alarms: self.alarms.extend((person.name, a.kind.value) for a in alarms),
            judging=lambda: lambda cases: self._note(box, cases),
        )
        Sweep(
            account=box.account,
            sources=Sources(
                log=self.store.sent_log,
                experience=self.store.experience,
                filing={b.name: b.account.identities.addresses for b in living},
                servers=frozenset(b.account.server for b in living),
                hosts=frozenset(host for b in living for host in b.account.hosts),
                identities=tuple(b.account.identities for b in living),
            ),
            mailbox=MemoryMailbox(box.server),
            journal=self.store.journal,
            docket=self.store.docket,
            clock=self.clock,
            steps=steps,
        ).run()
        self._revealed.update(self._telling.pop(box.name, ()))
        self._begun.setdefault(box.name, self.now)
        if box.name in self._unseen:
            self._gaps.setdefault(person.name, []).append((self._unseen.pop(box.name), self.now))
        self._swept[box.name] = self.now
        if box.name in self._proofs:
            self._proved.add(box.name)
        self._look(box)

    def _note(self, box: Box, cases: Sequence[Case]) -> None:
        """What was last said of each."""
        shelf = {message.uid: message.raw for message in box.server.messages("INBOX")} if cases else {}
        for case in cases:
            finding = case.finding
            because = finding.because[0].because.value if finding.because else ""
            if because == Because.UNPROVED:
                because += f" ({finding.because[0]['why']})"
            label = self.labels[number_of(shelf[case.where.uid])]
            label.why = f"{finding.verdict.value}: {because}"
            label.by_silence = Because.FOREIGN not in {reason.because for reason in finding.because}

    def _look(self, box: Box) -> None:
        if BACKSCATTER not in box.server.folder_names():
            return
        for message in box.server.messages(BACKSCATTER):
            if message.uid < self._seen.get(box.name, 0):
                continue
            self._seen[box.name] = message.uid + 1
            label = self.labels[number_of(message.raw)]
            if label.moved_at is None:
                label.moved_at = self.now
                label.revealed = (label.person.name, label.route) in self._revealed

    def lying_about(self) -> dict[int, int]:
        """How often each automatic message lies in any folder in the end."""
        found: dict[int, int] = {}
        for person in self.persons:
            for box in person.boxes:
                for folder in box.server.folder_names():
                    for message in box.server.messages(folder):
                        if b"X-Number: " in message.raw:
                            number = number_of(message.raw)
                            found[number] = found.get(number, 0) + 1
                            self.labels[number].away = folder == BACKSCATTER
        return found


def number_of(raw: bytes) -> int:
    return int(raw.partition(b"X-Number: ")[2].partition(b"\r\n")[0])


def void(_value: object) -> None:
    """For events that return something."""
