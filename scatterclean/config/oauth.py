"""The keys of `oauth`, what is known of four providers, and what must not be together there; it asks nobody.

Endpoints and scopes: Google, developers.google.com/identity/protocols/oauth2/native-app and the page on XOAUTH2;
Microsoft, learn.microsoft.com "Authenticate an IMAP, POP or SMTP connection using OAuth"; Yahoo,
developer.yahoo.com/oauth2/guide; Fastmail, fastmail.com/for-developers/oauth, and what Thunderbird for Android uses.
None was tried with an account.  Looked up in 2026-11.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from scatterclean.model.oauth import OAuthClient

_MICROSOFT = "https://login.microsoftonline.com/common/oauth2/v2.0"

# Google grants no mail by device code (the scopes of developers.google.com/identity/protocols/oauth2/
# limited-input-device are few); of Yahoo and Fastmail no such endpoint is known.  Microsoft's page on IMAP names it.
PROVIDERS: Mapping[str, OAuthClient] = {
    "google": OAuthClient(
        token_endpoint="https://oauth2.googleapis.com/token",  # noqa: S106 - a URL
        client_id="",
        authorization_endpoint="https://accounts.google.com/o/oauth2/v2/auth",
        scope="https://mail.google.com/",
        # Without them there is no refresh token when the person allowed this client once before (oama issue 36).
        asks=(("access_type", "offline"), ("prompt", "consent")),
    ),
    "microsoft": OAuthClient(
        token_endpoint=f"{_MICROSOFT}/token",
        client_id="",
        authorization_endpoint=f"{_MICROSOFT}/authorize",
        device_endpoint=f"{_MICROSOFT}/devicecode",
        scope="https://outlook.office.com/IMAP.AccessAsUser.All offline_access",
        redirect="localhost",  # registered without a port, it fits any
        asks=(("prompt", "select_account"),),
    ),
    "yahoo": OAuthClient(
        token_endpoint="https://api.login.yahoo.com/oauth2/get_token",  # noqa: S106 - a URL
        client_id="",
        authorization_endpoint="https://api.login.yahoo.com/oauth2/request_auth",
        scope="mail-w",
    ),
    "fastmail": OAuthClient(
        token_endpoint="https://api.fastmail.com/oauth/refresh",  # noqa: S106 - a URL
        client_id="",
        authorization_endpoint="https://api.fastmail.com/oauth/authorize",
        scope="https://www.fastmail.com/dev/protocol-imap offline_access",
        redirect="localhost",  # the loopback that its page on OAuth names
    ),
}
_NAMES = ", ".join(f'"{name}"' for name in PROVIDERS)
_LONGEST = 4096


def _wrong(text: str) -> PydanticCustomError:
    return PydanticCustomError("said", "{text}", {"text": text})


def _from_name(value: object) -> object:
    """`oauth = "google"` is short for a table with nothing but that provider."""
    if isinstance(value, str):
        if value not in PROVIDERS:
            raise _wrong(f"this provider is not known, expected {_NAMES}, or a table [accounts.NAME.oauth]")
        return {"provider": value}
    if not isinstance(value, dict):
        raise _wrong(f"neither text nor a table, expected {_NAMES}, or a table [accounts.NAME.oauth]")
    return value


def _line(value: str) -> str:
    if not value.strip():
        raise _wrong("empty, expected some text")
    if len(value) > _LONGEST or not value.isprintable():
        raise _wrong(f"expected one line of text, at most {_LONGEST} characters")
    return value


def _provider(value: str) -> str:
    if value not in PROVIDERS:
        raise _wrong(
            f"this provider is not known, expected {_NAMES} (or leave it out, and name the endpoints)"
        )
    return value


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _url(value: str) -> str:
    expected = 'expected a URL such as "https://login.example.org/token"'
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _wrong(f"not a URL, {expected}") from None
    if parts.scheme not in ("https", "http") or not host or parts.username or parts.fragment:
        raise _wrong(f"not a URL of a server, {expected}")
    if parts.scheme == "http" and not _is_loopback(host):
        raise _wrong(f"tokens would cross the network in the clear, {expected}")
    return value


def _redirect(value: str) -> str:
    if value not in ("127.0.0.1", "localhost"):
        raise _wrong('cannot be it, expected "127.0.0.1" or "localhost", whichever was registered')
    return value


Text = Annotated[str, AfterValidator(_line)]
Url = Annotated[str, AfterValidator(_line), AfterValidator(_url)]


class OAuthTable(BaseModel):
    """`[accounts.NAME.oauth]`; None means that the key is not there."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    provider: Annotated[str, AfterValidator(_provider)] | None = None
    authorization_endpoint: Url | None = None
    token_endpoint: Url | None = None
    device_endpoint: Url | None = None
    scope: Text | None = None
    client_id: Text | None = None
    client_secret: Annotated[Text | None, Field(repr=False)] = None
    redirect: Annotated[str, AfterValidator(_redirect)] | None = None


OAuth = Annotated[OAuthTable, BeforeValidator(_from_name)]


def client_of(table: OAuthTable, client_id: str | None, client_secret: str | None) -> OAuthClient:
    """The client with its provider's endpoints; what is named in the table goes before both."""
    known = PROVIDERS.get(table.provider or "", OAuthClient("", ""))
    return replace(
        known,
        token_endpoint=table.token_endpoint or known.token_endpoint,
        authorization_endpoint=table.authorization_endpoint or known.authorization_endpoint,
        device_endpoint=table.device_endpoint or known.device_endpoint,
        scope=table.scope or known.scope,
        client_id=table.client_id or client_id or "",
        secret=table.client_secret or client_secret or "",
        redirect=table.redirect or known.redirect,
    )


def missing_in(table: OAuthTable, client_id: str | None) -> Iterator[str]:
    """What is not there and has to be; sentences for `oauth` as a whole."""
    client = client_of(table, client_id, None)
    if not client.client_id:
        yield (
            "no client id, expected oauth_client_id beside it, or client_id in its table: "
            "you get one of your own from the provider, and docs/oauth.md tells how"
        )
    if not client.token_endpoint:
        yield 'no token_endpoint, expected it, or provider = "google" or another that is known'
    if not client.authorization_endpoint and not client.device_endpoint:
        yield "no authorization_endpoint and no device_endpoint, expected at least one of them"
