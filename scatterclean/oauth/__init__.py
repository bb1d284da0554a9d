"""Tokens in place of a password: asked for once with the person, kept, and renewed for every session.

Read in this order: `web` (one POST), `asking` (what is said to a provider, and what its answers mean), `browser` and
`device` (the two ways in which a person lets us in), `person` (who is shown where to log in), `safe` (where the refresh
token lies), `tokens` (a fresh access token, whenever one is needed).  No token is ever part of an error, a log line or
a repr.
"""

from __future__ import annotations

from scatterclean.oauth.asking import Asking, Grant
from scatterclean.oauth.browser import by_browser
from scatterclean.oauth.device import by_device
from scatterclean.oauth.person import Manner, Voice, let_in
from scatterclean.oauth.safe import Kept, Purse, Safe
from scatterclean.oauth.tokens import Tokens

__all__ = [
    "Asking",
    "Grant",
    "Kept",
    "Manner",
    "Purse",
    "Safe",
    "Tokens",
    "Voice",
    "by_browser",
    "by_device",
    "let_in",
]
