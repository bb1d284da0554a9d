"""What happens on the days of a life: letters, reports, answers, storms, tidying, and what goes wrong with servers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from scatterclean.demo.dice import Dice
from scatterclean.demo.mime import Mail, plain, stamp

from . import reports, routes
from .people import FRIENDS, NEW, Box, Person
from .routes import Draft

if TYPE_CHECKING:
    from .life import Life

# How mail is sent, with weights; what others do in the person's name, too.
USUAL = (
    *(routes.letter,) * 140,
    *(routes.late,) * 40,
    *(routes.list_post,) * 15,
    *(routes.phone,) * 15,
    *(routes.meeting, routes.vacation, routes.forwarded) * 8,
    *(routes.script, routes.web_form, routes.send_as) * 4,
    *(routes.unread,) * 1,
)


def plan(life: Life) -> None:
    """Enter all events of the life."""
    for person in life.persons:
        _before(life, person)
        for day in range(life.days):
            dice = life.dice.fork(f"{person.name}/{day}")
            _letters(life, person, day, dice)
            _post(life, person, day, dice)
            for _ in range(life.stray):
                _stray(life, person, _moment(life, day, dice), dice)
            for box in person.boxes:
                life.at(_moment(life, day, dice), lambda p=person, b=box: life.sweep(p, b))  # type: ignore[misc]
                if day % 9 == 8:
                    life.at(_moment(life, day, dice), lambda b=box: _tidy(life, b))  # type: ignore[misc]
        _mishaps(life, person)
    for number in range(life.storms):
        dice = life.dice.fork(f"storm/{number}")
        # The first comes early, when the log has just begun.
        day = 2 if number == 0 else dice.between(life.days // 3, life.days - 2)
        _storm(life, life.persons[number % len(life.persons)], day, dice)


def _moment(life: Life, day: int, dice: Dice) -> datetime:
    from .life import START

    return START + timedelta(days=day, seconds=dice.below(86_400))


def _box(person: Person, dice: Dice) -> Box:
    return dice.pick((person.boxes[0], *person.boxes))


def _before(life: Life, person: Person) -> None:
    """Sent holds half a year of mail when all begins."""
    dice = life.dice.fork(f"{person.name}/before")
    for ago in range(180, 0, -3):
        when = _moment(life, -ago, dice)
        for box in person.boxes:
            posted = routes.letter(Draft(person, box, dice.pick(person.write_to), f"Topic {ago}", when, dice))
            life.post(person, posted)


def _letters(life: Life, person: Person, day: int, dice: Dice) -> None:
    """What is sent on one day, and what comes of it."""
    for _ in range(dice.between(0, 2 * life.letters)):
        when, box = _moment(life, day, dice), _box(person, dice)
        stranger = dice.below(3) == 0
        recipient = (
            f"{dice.letters(5)}@{dice.pick((*NEW, *FRIENDS))}" if stranger else dice.pick(person.write_to)
        )
        route = routes.colleague if person.role and dice.below(6) == 0 else dice.pick(USUAL)
        subject = f"{dice.pick(('Minutes', 'Offer', 'Visit', 'Draft', 'Question'))} {dice.digits(4)}"
        posted = route(Draft(person, box, recipient, subject, when, dice))
        life.post(person, posted)
        if dice.below(2):
            _comes_back(life, person, box, posted, dice)
        if dice.below(8) == 0:
            later = when + timedelta(hours=dice.pick((0, 1, 30, 24 * 20)))
            life.report(person, box, posted, dice.pick(reports.ANSWERED), later, dice)
        if posted.route not in ("vacation", "forwarded", "colleague") and dice.below(3) == 0:
            life.reply(person, box, posted, when + timedelta(hours=dice.between(1, 60)), dice)


def _comes_back(life: Life, person: Person, box: Box, posted: routes.Posted, dice: Dice) -> None:
    shape = dice.pick(reports.FAILED) if dice.below(6) else dice.pick(reports.DELAYED)
    waited = timedelta(hours=dice.pick((0, 0, 0, 0, 4, 26, 120)), seconds=dice.between(1, 200))
    when = posted.when + waited
    life.report(person, box, posted, shape, when, dice)
    if dice.below(3) == 0:  # a sweep that happens to come soon after
        soon = when + timedelta(minutes=dice.pick((1, 5, 11, 16, 40)))
        life.at(soon, lambda: life.sweep(person, box))


def _post(life: Life, person: Person, day: int, dice: Dice) -> None:
    """Ordinary mail: a newsletter, a letter of somebody, a reply to somebody else's letter."""
    kind, body = plain("News\n")
    for label in ("news", "letter"):
        when, box = _moment(life, day, dice), _box(person, dice)
        sender = f"{label}@{dice.pick(FRIENDS)}"
        mail = Mail(
            (
                ("From", sender),
                ("To", person.address),
                ("Subject", f"{label} of day {day}"),
                ("Date", stamp(when)),
                ("Message-ID", f"<{dice.uuid()}@{sender.partition('@')[2]}>"),
                *((("List-Id", "<news.example>"),) if label == "news" else ()),
                *(
                    (("In-Reply-To", f"<{dice.text(20)}@{dice.pick(FRIENDS)}>"),)
                    if dice.below(4) == 0
                    else ()
                ),
                *kind,
            ),
            body,
        )
        life.ordinary(box, mail, f"mx.{sender.partition('@')[2]}", person.address, when)


def _stray(life: Life, person: Person, when: datetime, dice: Dice, *, stormy: bool = False) -> None:
    """Backscatter to the person's addresses; now and then a copy for a postmaster or for the role mailbox."""
    box = _box(person, dice)
    to = next(a for a in sorted(box.account.identities.addresses) if not a.startswith("*"))
    if person.role and dice.below(6) == 0:
        to = person.role
    shape = dice.pick((*reports.FAILED, *reports.FAILED, *reports.DELAYED, *reports.ANSWERED))
    life.backscatter(person, box, to, shape, when, dice, stormy=stormy)


def _storm(life: Life, person: Person, day: int, dice: Dice) -> None:
    night = _moment(life, day, dice)
    for number in range(life.storm):
        one = dice.fork(str(number))
        when = night + timedelta(seconds=one.below(6 * 3600))
        _stray(life, person, when, one, stormy=True)
    for hour in (1, 3, 6, 7):
        for box in person.boxes:
            life.at(
                night + timedelta(hours=hour),
                lambda b=box: life.sweep(person, b),  # type: ignore[misc]
            )


def _tidy(life: Life, box: Box) -> None:
    """The inbox is emptied of what is older than two weeks; so is, after a while, Sent."""
    for folder, age, to in (("INBOX", 14, "Trash"), ("Sent", 90, "")):
        for message in box.server.messages(folder):
            if life.now - message.arrival < timedelta(days=age):
                continue
            if to:
                box.server.move(folder, message.uid, to)
            else:
                box.server.delete(folder, message.uid)


def _mishaps(life: Life, person: Person) -> None:
    """A folder is made anew, the clock of the machine is wrong for some hours, the person drags something back."""
    dice = life.dice.fork(f"{person.name}/mishaps")
    for box in person.boxes:
        day = dice.between(life.days // 4, life.days - 5)
        folder = dice.pick(("Sent", "INBOX"))
        life.at(_moment(life, day, dice), lambda b=box, f=folder: _made_anew(life, b, f))  # type: ignore[misc]
    wrong = _moment(life, dice.between(life.days // 4, life.days - 5), dice)
    by = timedelta(hours=dice.pick((-30, -1, 1, 5, 49)))
    life.at(wrong, lambda: setattr(life, "off", by))
    life.at(wrong + timedelta(hours=dice.between(2, 30)), lambda: setattr(life, "off", timedelta()))


def _made_anew(life: Life, box: Box, folder: str) -> None:
    """All messages are still there, with other UIDs below another UIDVALIDITY."""
    if folder == "Sent":
        life.gap(box)
    messages = box.server.messages(folder)
    box.server.renew(folder)
    for message in messages:
        box.server.append(folder, message.raw, flags=message.flags, arrival=message.arrival)
