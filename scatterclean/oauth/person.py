"""The person lets us in: is shown where to log in, by a browser of this machine or by a code on any other device.

What comes of it is handed back, and kept by nobody here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scatterclean.calling import shown_in_browser
from scatterclean.errors import LoginRefused
from scatterclean.oauth.asking import Asking, Device, Grant
from scatterclean.oauth.browser import by_browser
from scatterclean.oauth.device import by_device

_WAITING = "Ctrl-C ends it, and nothing is changed then."


@dataclass(frozen=True, slots=True)
class Manner:
    """`device`: by a code; else by a browser, whose answer is awaited at `port` of 127.0.0.1 (0: any that is free)."""

    device: bool = False
    no_browser: bool = False
    port: int = 0


@dataclass(frozen=True, slots=True)
class Voice:
    """`say`: a line for the person; `line`: one that is to be copied, alone and whole."""

    say: Callable[[str], None]
    line: Callable[[str], None]


def let_in(asking: Asking, username: str, manner: Manner, voice: Voice) -> Grant:
    """With a refresh token.  Raises LoginRefused, SecretUnavailable (no oauthlib), and what asking raises."""
    if manner.device:
        grant = by_device(asking, show=lambda asked: _code(voice, asked))
    else:
        grant = by_browser(
            asking,
            username,
            show=lambda url: _address(voice, url, no_browser=manner.no_browser),
            port=manner.port,
        )
    if not grant.refresh:
        raise LoginRefused(
            f"{asking.account}: the provider gave access for a short time only, and no refresh token",
            hint="Its scope may have to hold offline_access; docs/oauth.md tells what each provider wants.",
        )
    return grant


def _address(voice: Voice, url: str, *, no_browser: bool) -> None:
    voice.say("Log in at your provider, in a browser of this machine. The address:")
    voice.line(url)
    if not no_browser and shown_in_browser(url):
        voice.say("Your browser was asked to open it.")
    voice.say(f"Waiting for the answer; {_WAITING}")


def _code(voice: Voice, asked: Device) -> None:
    voice.say(f"Open this page on any device: {asked.page}")
    voice.say(f"and type this code there: {asked.user_code}")
    voice.say(f"Waiting for that; {_WAITING}")
