"""How a provider knows the program that asks for tokens (OAuth2, RFC 6749); a value, it asks nobody."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """Endpoints are URLs; an empty one is not there.  `secret` may be empty: a public client (RFC 8252, 8.5).

    `redirect` is what the loopback is called towards the provider, "127.0.0.1" or "localhost".  `asks` are
    parameters that this provider wants in the browser's request, beyond the standard's.
    """

    token_endpoint: str
    client_id: str
    authorization_endpoint: str = ""
    device_endpoint: str = ""
    scope: str = ""
    secret: str = field(default="", repr=False)
    redirect: str = "127.0.0.1"
    asks: tuple[tuple[str, str], ...] = ()
