"""Any service that apprise knows (ntfy, Telegram, Matrix ...); the addresses hold secrets, and are never repeated."""

from __future__ import annotations

from collections.abc import Sequence


class CannotSend(Exception):
    """It did not get there; the text names no address, for it may hold a token."""


def send(subject: str, body: str, urls: Sequence[str]) -> None:
    """Hand it to every one of these; raises CannotSend if none of them took it."""
    try:
        import apprise
    except ImportError:
        raise CannotSend("apprise is not installed: pip install 'scatterclean[notify]'") from None
    services = [apprise.Apprise() for _ in urls]
    known = [one.add(url) for one, url in zip(services, urls, strict=True)]
    if not any(known):
        raise CannotSend("apprise does not know what stands in `apprise`")
    taken = 0
    for one, usable in zip(services, known, strict=True):
        if usable and one.notify(title=subject, body=body, body_format=apprise.NotifyFormat.TEXT):
            taken += 1
    if not taken:
        raise CannotSend("no service of `apprise` took it")
