"""The pages: what stands in them, and what their forms ask for.  A form only writes down a wish."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from threading import Lock
from typing import TypeVar
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from scatterclean import wording
from scatterclean.model import Errand, Kind, MoveState, Verdict, Wish, WishKind, WishState
from scatterclean.model.listed import Mark, Turn, Wanted
from scatterclean.store.columns import EPOCH, microseconds
from scatterclean.web import found
from scatterclean.web.carrying import Carrier
from scatterclean.web.door import Door
from scatterclean.web.overview import Overview
from scatterclean.web.request import Request, answer, see_other
from scatterclean.web.routes import Asked, Page, Route
from scatterclean.web.setting import plain_page, shown
from scatterclean.wire import Household
from scatterclean.wording import web as words
from scatterclean.wording import wishes as wished

PAGE = 50
# So many of a list are counted: all would have to be read for more.
MANY = 1000
# Characters of what is searched for.
_LONGEST = 200
_FORM = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(slots=True)
class Views:
    """Answers in several threads at once.  `carrier` is told when something was asked for."""

    household: Household
    door: Door
    carrier: Carrier
    overview: Overview
    # A look at a mail server may take a minute, and an account is looked into by one thread at a time.
    _asking: Lock = field(default_factory=Lock)

    def routes(self) -> Sequence[Route]:
        number = "([0-9]{1,15})"
        return (
            Route("/", get=self.first),
            Route("/away", get=self.away),
            Route("/stays", get=self.stays),
            Route(f"/away/{number}", get=self.one_away),
            Route(f"/stays/{number}", get=self.one_staying),
            Route(f"/away/{number}/story", post=self.story_away),
            Route(f"/stays/{number}/story", post=self.story_staying),
            Route(f"/away/{number}/bring-back", get=self.confirm_back, post=self.bring_back),
            Route(f"/away/{number}/put-away", get=self.confirm_again, post=self.put_away_again),
            Route(f"/stays/{number}/put-away", get=self.confirm_away, post=self.put_away),
            Route("/wishes", get=self.wishes),
            Route(f"/wishes/{number}", get=self.wish),
            Route("/pulse", get=self.pulse),
            Route("/leave", post=self.leave),
        )

    def _page(self, asked: Asked, name: str, *, title: str, here: str = "", **values: object) -> Response:
        return shown(name, {"title": title, "here": here, "csrf": asked.session.csrf, "say": words, **values})

    # --- the report ---------------------------------------------------------------------------------------

    def first(self, asked: Asked) -> Response:
        content = self.overview.content()
        return self._page(
            asked,
            "first.html",
            title="What happened",
            here="/",
            content=content,
            at=self.overview.at,
            making=self.overview.making,
            trouble=self.overview.trouble,
            waiting=content is None and not self.overview.trouble,
        )

    def pulse(self, _: Asked) -> Response:
        """Another text whenever something is new on record: a page that is open asks for it, and costs next to
        nothing."""
        self.overview.mind()
        return answer(self.overview.pulse(), kind="text/plain; charset=utf-8")

    # --- lists --------------------------------------------------------------------------------------------

    def _list(
        self, asked: Asked, name: str, chosen: Chosen, count: int, *, title: str, here: str, **values: object
    ) -> Response:
        """`count` is exact up to MANY."""
        return self._page(
            asked,
            name,
            title=title,
            here=here,
            chosen=chosen,
            many=words.how_many(count, MANY),
            accounts=list(self.household.accounts),
            kinds=wording.KINDS,
            **values,
        )

    def away(self, asked: Asked) -> Response:
        chosen, lists = Chosen.of(asked.request), self.household.store.lists
        return self._list(
            asked,
            "away.html",
            chosen,
            lists.count_put_away(chosen.wanted, MANY + 1),
            title="Put away",
            here="/away",
            leaf=lists.put_away(chosen.wanted, chosen.turn, PAGE),
            states=words.MOVE_STATES,
            hands=words.HANDS,
        )

    def stays(self, asked: Asked) -> Response:
        chosen, lists = Chosen.of(asked.request), self.household.store.lists
        leaf = lists.staying(chosen.wanted, chosen.turn, PAGE)
        return self._list(
            asked,
            "stays.html",
            chosen,
            lists.count_staying(chosen.wanted, MANY + 1),
            title="What stays",
            here="/stays",
            leaf=leaf,
            verdicts=words.VERDICTS,
            reasons={case.id: words.in_short(case) for case in leaf.rows},
        )

    # --- one message --------------------------------------------------------------------------------------

    def one_away(self, asked: Asked) -> Response:
        return self._message(asked, found.put_away(self.household, asked.number))

    def one_staying(self, asked: Asked) -> Response:
        message = found.staying(self.household, asked.number)
        if message is not None and message.case is not None:
            moved = found.moved_since(self.household, message.case)
            if moved is not None:  # there is more to tell of it, and to do with it
                return see_other(f"/away/{moved.id}")
        return self._message(asked, message)

    def _message(self, asked: Asked, message: found.Message | None) -> Response:
        if message is None:
            return _unknown()
        return self._page(
            asked, "message.html", title="Why", message=message, paragraphs=message.paragraphs, live=False
        )

    def story_away(self, asked: Asked) -> Response:
        return self._story(asked, found.put_away(self.household, asked.number))

    def story_staying(self, asked: Asked) -> Response:
        return self._story(asked, found.staying(self.household, asked.number))

    def _story(self, asked: Asked, message: found.Message | None) -> Response:
        """As the mail server has it now.  Asked for by a form: it opens a session there."""
        if message is None:
            return _unknown()
        if not self._asking.acquire(timeout=1):
            return plain_page(
                "Another look at a mail server is under way",
                "Wait until it is done, and ask again.",
                HTTPStatus.SERVICE_UNAVAILABLE,
            )
        try:
            paragraphs = found.from_server(self.household, message)
        finally:
            self._asking.release()
        return self._page(
            asked, "message.html", title="Why", message=message, paragraphs=paragraphs, live=True
        )

    # --- what is asked for --------------------------------------------------------------------------------

    def confirm_back(self, asked: Asked) -> Response:
        return self._confirm(asked, WishKind.BRING_BACK, found.put_away(self.household, asked.number))

    def confirm_again(self, asked: Asked) -> Response:
        return self._confirm(asked, WishKind.PUT_AWAY, found.put_away(self.household, asked.number))

    def confirm_away(self, asked: Asked) -> Response:
        return self._confirm(asked, WishKind.PUT_AWAY, found.staying(self.household, asked.number))

    def _confirm(self, asked: Asked, kind: WishKind, message: found.Message | None) -> Response:
        if message is None:
            return _unknown()
        if message.waiting is not None or message.may is not kind:
            return see_other(f"/wishes/{message.waiting.id}" if message.waiting else message.path)
        account = self.household.accounts[message.account].account
        return self._page(
            asked,
            "confirm.html",
            title=words.QUESTIONS[kind],
            kind=kind,
            message=message,
            action=f"{message.path}/{kind}",
            form=secrets.token_urlsafe(24),
            target=account.backscatter,
            source=message.move.intent.source.place.folder if message.move else "",
        )

    def bring_back(self, asked: Asked) -> Response:
        return self._ask(asked, WishKind.BRING_BACK, found.put_away(self.household, asked.number))

    def put_away_again(self, asked: Asked) -> Response:
        return self._ask(asked, WishKind.PUT_AWAY, found.put_away(self.household, asked.number))

    def put_away(self, asked: Asked) -> Response:
        return self._ask(asked, WishKind.PUT_AWAY, found.staying(self.household, asked.number))

    def _ask(self, asked: Asked, kind: WishKind, message: found.Message | None) -> Response:
        """Written down once for each form, however often it is sent."""
        form = asked.request.field("form")
        if message is None or not _FORM.fullmatch(form):
            return _unknown()
        wish = self.household.store.wishes.ask(
            Wish(
                account=message.account,
                kind=kind,
                key=form,
                asked_at=datetime.now(UTC),
                move=message.move.id if message.move else None,
                case=None if message.move else message.case.id if message.case else None,
            )
        )
        self.carrier.hurry()
        return see_other(f"/wishes/{wish.id}")

    def wish(self, asked: Asked) -> Response:
        wish = self.household.store.wishes.get(asked.number)
        if wish is None:
            return _unknown()
        message = self._about(wish)
        return self._page(
            asked,
            "wish.html",
            title=words.WISH_TITLES[wish.kind],
            wish=wish,
            said=wished.outcome(wish),
            message=message,
            undo=_undo(wish),
            waiting=wish.state is WishState.ASKED,
            waits_for=self.carrier.waits_for(),
        )

    def wishes(self, asked: Asked) -> Response:
        latest = self.household.store.wishes.latest(PAGE)
        rows = [(wish, wished.outcome(wish), self._about(wish)) for wish in latest]
        return self._page(asked, "wishes.html", title="What you asked for", here="/wishes", rows=rows)

    def _about(self, wish: Wish) -> About | None:
        if wish.move is not None:
            moves = self.household.store.journal.moves(ids=[wish.move])
            return (
                About(moves[0].intent.subject, moves[0].intent.sender, f"/away/{wish.move}")
                if moves
                else None
            )
        case = self.household.store.docket.get(wish.case or 0)
        return About(case.bounce.subject, case.bounce.sender, f"/stays/{case.id}") if case else None

    # --- the end ------------------------------------------------------------------------------------------

    def leave(self, asked: Asked) -> Response:
        self.door.leave(asked.session)
        return plain_page(
            "You have left",
            "This browser is not let in any more. `scatterclean web` still runs: end it with Ctrl-C in its terminal.",
            HTTPStatus.OK,
        )


@dataclass(frozen=True, slots=True)
class About:
    """The message that a wish is about, as far as a line shows it."""

    subject: str | None
    sender: str | None
    path: str


def _undo(wish: Wish) -> tuple[str, str] | None:
    """(path, words) of what takes this back, if it was done."""
    if wish.state is not WishState.DONE:
        return None
    if wish.kind is WishKind.BRING_BACK:
        return f"/away/{wish.move}/put-away", words.UNDO[wish.kind]
    return (f"/away/{wish.done_by}/bring-back", words.UNDO[wish.kind]) if wish.done_by else None


def _unknown() -> Response:
    told = "It may be of an account that is not configured any more."
    return plain_page("There is no such message", told, HTTPStatus.NOT_FOUND)


E_ = TypeVar("E_", Kind, Verdict, MoveState, Errand)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen in the form of a list, as it was given in the address."""

    wanted: Wanted
    turn: Turn
    fields: Mapping[str, str]

    @staticmethod
    def of(request: Request) -> Chosen:
        """What makes no sense is passed over, as if it had not been chosen."""
        given = {name: request.args.get(name, "").strip()[:_LONGEST] for name in _FIELDS}
        wanted = Wanted(
            account=given["account"] or None,
            kind=_one_of(Kind, given["kind"]),
            verdict=_one_of(Verdict, given["verdict"]),
            state=_one_of(MoveState, given["state"]),
            errand=_one_of(Errand, given["by"]),
            since=_day(given["since"]),
            until=_day(given["until"], later=timedelta(days=1)),
            text=given["text"],
        )
        return Chosen(wanted, _turn(request), {name: text for name, text in given.items() if text})

    @property
    def narrowed(self) -> bool:
        """Is more chosen than a text?"""
        return bool(set(self.fields) - {"text"})

    def to(self, turn: Turn | None) -> str:
        """The query of the address of another page of the same list."""
        fields = dict(self.fields)
        if turn is not None and turn.mark is not None:
            fields["newer" if turn.newer else "older"] = _written(turn.mark)
        return f"?{urlencode(fields)}" if fields else "?"


_FIELDS = ("account", "kind", "verdict", "state", "by", "since", "until", "text")


def _one_of(kind: type[E_], text: str) -> E_ | None:
    try:
        return kind(text)
    except ValueError:
        return None


def _day(text: str, *, later: timedelta = timedelta(0)) -> datetime | None:
    """The beginning of a day of the person's calendar, as <input type=date> writes it."""
    try:
        return (datetime.strptime(text, "%Y-%m-%d") + later).astimezone(UTC)  # noqa: DTZ007 - the machine's zone
    except (ValueError, OverflowError, OSError):
        return None


def _written(mark: Mark) -> str:
    return f"{mark.number}" if mark.at is None else f"{mark.number}.{microseconds(mark.at)}"


def _turn(request: Request) -> Turn:
    for name in ("newer", "older"):
        if written := re.fullmatch(r"(\d{1,15})(?:\.(-?\d{1,18}))?", request.args.get(name, "")):
            try:
                at = EPOCH + timedelta(microseconds=int(written[2])) if written[2] else None
            except OverflowError:
                return Turn()
            return Turn(Mark(int(written[1]), at), newer=name == "newer")
    return Turn()


__all__ = ["PAGE", "Page", "Views"]
