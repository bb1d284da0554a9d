"""Any service that apprise knows (ntfy, Telegram, Matrix ...); the addresses hold secrets, and are never repeated."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from scatterclean.installing import command_for


class CannotSend(Exception):
    """It did not get there; the text names no address, for it may hold a token."""


def send(subject: str, body: str, urls: Sequence[str]) -> None:
    """Hand it to every one of these; raises CannotSend if none of them took it."""
    try:
        import apprise
    except ImportError:
        raise CannotSend(f"apprise is not installed: {command_for('notify')}") from None
    # Its log lines name addresses; nobody has set where they go.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    known, taken = 0, 0
    for url in urls:
        one = apprise.Apprise()
        try:
            usable = one.add(url)
            known += bool(usable)
            if usable and one.notify(title=subject, body=body, body_format=apprise.NotifyFormat.TEXT):
                taken += 1
        except Exception as broken:  # noqa: BLE001 - a hundred plugins; the text may hold the address
            logging.getLogger("scatterclean").debug("a service failed: %s", type(broken).__name__)
    if not known:
        raise CannotSend("apprise does not know what stands in `apprise`")
    if not taken:
        raise CannotSend("no service of `apprise` took it")
