"""The table of addresses, and what stands before each: the name in Host, the session, the origin, the token of a form.

There is no other address: nothing of a path ever names a file.  GET changes nothing (but that a link is used up when
it lets in), HEAD and OPTIONS not even that.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from werkzeug.wrappers import Response

from scatterclean.errors import Trouble
from scatterclean.web.door import Door, Entry, Session, from_elsewhere
from scatterclean.web.listener import ADDRESSES
from scatterclean.web.peer import Address, a_stranger
from scatterclean.web.request import SECRETIVE, Request, answer, see_other
from scatterclean.web.setting import FILES, plain_page

log = logging.getLogger("scatterclean")

ENTRY = "/enter"


def _ends(environ: Mapping[str, Any]) -> tuple[Address, Address]:
    """Theirs and ours of a connection on this machine."""
    theirs = str(environ["REMOTE_ADDR"])
    ours = next(one for one in ADDRESSES if (":" in one) == (":" in theirs))
    return (theirs, int(environ["REMOTE_PORT"])), (ours, int(environ["SERVER_PORT"]))


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of somebody with a session; `number` is that in its path."""

    request: Request
    session: Session
    number: int = 0


Page = Callable[[Asked], Response]


@dataclass(frozen=True, slots=True)
class Route:
    """`path` is a pattern for the whole path."""

    path: str
    get: Page | None = None
    post: Page | None = None


@dataclass(slots=True)
class Application:
    """`used` is called for what a person does, and not for a page that looks by itself whether anything is new."""

    door: Door
    routes: Sequence[Route]
    used: Callable[[], None] = lambda: None

    def __call__(self, environ: Mapping[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(dict(environ))
        try:
            said = self._answer(request)
        except Trouble as trouble:
            said = plain_page("This cannot be shown now", str(trouble), HTTPStatus.SERVICE_UNAVAILABLE)
        except Exception as bug:
            # The text of a foreign exception may hold a piece of mail.
            log.error("a bug of scatterclean (%s) in the dashboard", type(bug).__name__)
            log.debug("where it arose", exc_info=True)
            said = plain_page(
                "This is a bug of scatterclean",
                f"Please report it: {type(bug).__name__}. Nothing was changed.",
                HTTPStatus.INTERNAL_SERVER_ERROR,
            )
        return said(request.environ, start)

    def _answer(self, request: Request) -> Response:
        host = request.environ.get("HTTP_HOST", "")
        if host not in self.door.hosts:
            return plain_page(
                "This address is not the one of the dashboard",
                "It answers at the very address that it printed, and at no other name of this machine.",
                HTTPStatus.MISDIRECTED_REQUEST,
            )
        changes = request.method not in ("GET", "HEAD")
        if from_elsewhere(dict(request.headers), host, changes=changes):
            return plain_page(
                "That came from another page",
                "Another site, or another program, tried to do something here in your name. Nothing was done.",
                HTTPStatus.FORBIDDEN,
            )
        if request.method not in ("GET", "HEAD", "POST"):
            return self._wrong_method("GET, HEAD, POST")
        if (file := FILES.get(request.path)) is not None and not changes:
            return answer(file.text, kind=file.kind)
        if request.path == ENTRY:
            return self._enter(request)
        session = self.door.session(request.cookies.get(self.door.cookie))
        if session is None:
            return _not_let_in(request)
        if request.headers.get("X-Looks-By-Itself") is None:
            self.used()
        return self._routed(request, session, changes=changes)

    def _routed(self, request: Request, session: Session, *, changes: bool) -> Response:
        for route in self.routes:
            if found := re.fullmatch(route.path, request.path):
                page = route.post if changes else route.get
                if page is None:
                    return self._wrong_method("POST" if route.get is None else "GET, HEAD")
                if changes and not session.agrees(request.field("csrf")):
                    return plain_page(
                        "That form is not one of this session",
                        "Nothing was done. Go back, load the page anew, and try once more.",
                        HTTPStatus.FORBIDDEN,
                    )
                return page(Asked(request, session, int(found[1]) if found.groups() else 0))
        return plain_page("There is no such page", "Nothing is at this address.", HTTPStatus.NOT_FOUND)

    def _enter(self, request: Request) -> Response:
        """The one GET that uses something up; a HEAD, which programs send to look at a link, does not."""
        if request.method != "GET":
            return self._wrong_method("GET")
        if a_stranger(*_ends(request.environ)):
            title, text = _NOT_YOURS
            return plain_page(title, text, HTTPStatus.FORBIDDEN, more={"Referrer-Policy": SECRETIVE})
        came = self.door.enter(request.args.get("token", ""))
        if isinstance(came, Entry):
            title, text = _NO_ENTRY[came]
            return plain_page(title, text, HTTPStatus.FORBIDDEN, more={"Referrer-Policy": SECRETIVE})
        self.used()
        cookie = f"{self.door.cookie}={came}; HttpOnly; SameSite=Strict; Path=/"
        return see_other("/", {"Set-Cookie": cookie, "Referrer-Policy": SECRETIVE})

    def _wrong_method(self, allowed: str) -> Response:
        return plain_page(
            "That cannot be asked here",
            "Nothing was done.",
            HTTPStatus.METHOD_NOT_ALLOWED,
            more={"Allow": allowed},
        )


_ANEW = (
    "Look at the terminal in which `scatterclean web` runs: press Enter there, and it prints a new link. "
    "If it runs no longer, start it again."
)
_NOT_YOU = (
    "If it was not, somebody else on this machine was faster: end `scatterclean web` and start it anew."
)
_NO_ENTRY: Mapping[Entry, tuple[str, str]] = {
    Entry.USED: (
        "This link was used already",
        f"A link lets in once. If it was you who used it, the dashboard is open in that browser. {_NOT_YOU} {_ANEW}",
    ),
    Entry.OLD: ("This link is too old", f"A link waits five minutes for its use. {_ANEW}"),
    Entry.WRONG: (
        "This link is not one of this dashboard",
        f"It was copied in part, or is an older one. {_ANEW}",
    ),
}


_NOT_YOURS = (
    "This dashboard is another user's",
    "A program of another user of this machine has used its link. It was not let in, and the link is still good.",
)


def _not_let_in(request: Request) -> Response:
    # Opened from another page, the cookie did not come along (SameSite); our own page asks again, and it does.
    elsewhere = request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")
    return plain_page(
        "You are not let in yet",
        f"The dashboard is for the person who started it. {_ANEW}",
        HTTPStatus.FORBIDDEN,
        again=elsewhere and request.method == "GET" and request.path == "/",
    )
