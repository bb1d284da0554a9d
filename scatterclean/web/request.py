"""What comes in and what goes out: headers that all answers have, forms, and redirects; it knows no page."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request as Plain
from werkzeug.wrappers import Response

from scatterclean.web.listener import MAX_BODY

# Nothing is loaded but our two files, nothing from elsewhere is run, shown, or sent to, and nobody may frame it.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# The Referer goes to ourselves alone: with "no-referrer" browsers send "Origin: null" with forms (Fetch, 3.2), and
# nothing would be left to tell ours by.  The address that holds a secret has `SECRETIVE`, and so nobody is told it.
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
SECRETIVE = "no-referrer"


class Request(Plain):
    """Bounded: the listener lets no more through, and this is for whoever serves it otherwise."""

    max_content_length = MAX_BODY
    max_form_memory_size = MAX_BODY
    max_form_parts = 40

    def field(self, name: str) -> str:
        """Of a form as our pages send them; "" if it is none or has none."""
        if self.mimetype != "application/x-www-form-urlencoded":
            return ""
        try:
            return self.form.get(name, "")
        except RequestEntityTooLarge:
            return ""


def answer(
    body: str | bytes,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    kind: str = "text/html; charset=utf-8",
    more: Mapping[str, str] | None = None,
) -> Response:
    return Response(
        body, status=status.value, headers=Headers({**HEADERS, **(more or {})}), content_type=kind
    )


def see_other(path: str, more: Mapping[str, str] | None = None) -> Response:
    """To one of our own paths, which is asked for by GET."""
    return answer("", HTTPStatus.SEE_OTHER, more={"Location": path, **(more or {})})
