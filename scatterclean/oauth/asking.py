"""What is said to a provider's endpoints, and what its answers mean as errors of the house; it keeps nothing.

The only file that imports oauthlib, which carries no types and is an extra: it writes and reads the messages of
RFC 6749, 7636 (PKCE) and 8628 (device code), and connects to nobody.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit, urlunsplit
from urllib.parse import urlencode as encoded

from scatterclean.errors import (
    LoginExpired,
    LoginRefused,
    SecretUnavailable,
    ServerBusy,
    ServerUnreachable,
    Trouble,
)
from scatterclean.installing import command_for
from scatterclean.model import OAuthClient
from scatterclean.oauth import web
from scatterclean.wording import shown

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
# RFC 6749, 5.1: recommended, not required; providers give an hour.
_USUAL_LIFE = 3600.0
_LONGEST_TEXT = 300
_LONGEST_TOKEN = 32_768
# RFC 6749, 5.2 and 4.1.2.1; RFC 6585; OpenID Connect Core, 3.1.2.6 (what Microsoft answers a refresh with when the
# person has to be there).
_BUSY = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
_PERSON_NEEDED = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})
_CLIENT = frozenset({"invalid_client", "unauthorized_client"})
_DENIED = frozenset({"access_denied"})


class StillWaiting(Exception):
    """The person has not answered yet; `slower`: the provider wants to be asked less often (RFC 8628, 3.5)."""

    def __init__(self, *, slower: bool) -> None:
        super().__init__()
        self.slower = slower


@dataclass(frozen=True, slots=True)
class Grant:
    """`until` is seconds since 1970 by this machine's clock; `refresh` is empty if the provider gave none."""

    access: str = field(repr=False)
    until: float
    life: float
    refresh: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Invitation:
    """The address that a browser is to open, and what belongs to its answer: nothing of it is shown to others."""

    url: str = field(repr=False)
    state: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Device:
    """Where the person types `user_code`; seconds until it is void, and between two questions."""

    page: str
    user_code: str
    code: str = field(repr=False)
    lasts: float = 900.0
    interval: float = 5.0


@dataclass(frozen=True, slots=True)
class Asking:
    """Of one account; `account` is its name, for messages.  `anew`: the command that tries again, in place of a login
    of this account."""

    account: str
    client: OAuthClient
    post: Callable[[str, Mapping[str, str]], web.Reply] = web.post
    anew: str = ""

    @property
    def again(self) -> str:
        """The command that tries again."""
        return self.anew or f"scatterclean login {self.account}"

    # --- the person is there -----------------------------------------------------------------------------

    def invitation(self, redirect: str, username: str) -> Invitation:
        """RFC 6749, 4.1.1, with PKCE by S256 (RFC 7636): a code that somebody else catches is of no use to him."""
        program = self._program()
        verifier = program.create_code_verifier(64)
        state = secrets.token_urlsafe(32)
        asked = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": redirect,
            "state": state,
            "code_challenge": program.create_code_challenge(verifier, "S256"),
            "code_challenge_method": "S256",
            **({"scope": self.client.scope} if self.client.scope else {}),
            "login_hint": username,  # OpenID Connect; who does not know it ignores it (RFC 6749, 3.1)
            **dict(self.client.asks),
        }
        parts = urlsplit(self.client.authorization_endpoint)
        query = encoded([*parse_qsl(parts.query, keep_blank_values=True), *asked.items()])
        return Invitation(urlunsplit(parts._replace(query=query)), state, verifier)

    def exchange(self, code: str, invitation: Invitation, redirect: str) -> Grant:
        """RFC 6749, 4.1.3.  Raises LoginRefused, ServerBusy, ServerUnreachable."""
        body = self._program().prepare_request_body(
            code=code, redirect_uri=redirect, code_verifier=invitation.verifier
        )
        return self._granted(body, (code, invitation.verifier), denied=LoginRefused)

    def device(self) -> Device:
        """RFC 8628, 3.1."""
        form = {"client_id": self.client.client_id}
        if self.client.scope:
            form["scope"] = self.client.scope
        told = self._said(self.client.device_endpoint, form, ())
        page, code, user = (
            told.get("verification_uri", told.get("verification_url")),  # Google's name for it
            told.get("device_code"),
            told.get("user_code"),
        )
        if not (isinstance(page, str) and isinstance(code, str) and isinstance(user, str)):
            raise self._no_server(self.client.device_endpoint)
        return Device(
            shown(page, 200),
            shown(user, 40),
            code,
            min(_number(told.get("expires_in"), 900.0), 3600.0),
            min(max(_number(told.get("interval"), 5.0), 0.0), 60.0),
        )

    def collect(self, device: Device) -> Grant:
        """RFC 8628, 3.4.  Raises StillWaiting, and what `exchange` does."""
        body = encoded(
            {"grant_type": DEVICE_GRANT, "device_code": device.code, "client_id": self.client.client_id}
        )
        return self._granted(body, (device.code,), denied=LoginRefused)

    # --- nobody is there ---------------------------------------------------------------------------------

    def refresh(self, token: str) -> Grant:
        """RFC 6749, 6.  Raises LoginExpired, LoginRefused, ServerBusy, ServerUnreachable."""
        body = self._program().prepare_refresh_body(refresh_token=token, client_id=self.client.client_id)
        return self._granted(body, (token,), denied=LoginExpired)

    # --- inside ------------------------------------------------------------------------------------------

    def _program(self) -> Any:
        try:
            from oauthlib.oauth2 import WebApplicationClient
        except ImportError:
            raise SecretUnavailable(
                f"{self.account}: the login by OAuth2 needs the package oauthlib, which is not installed",
                hint=f"Install it: {command_for('oauth')}",
            ) from None
        return WebApplicationClient(self.client.client_id)

    def _granted(self, body: str, hidden: Sequence[str], *, denied: type[Trouble]) -> Grant:
        form = dict(parse_qsl(body, keep_blank_values=True))
        form["client_id"] = self.client.client_id
        if self.client.secret:
            form["client_secret"] = self.client.secret
        told = self._said(self.client.token_endpoint, form, hidden, denied=denied)
        access, refresh = told.get("access_token"), told.get("refresh_token")
        if not isinstance(access, str) or not access or not access.isascii() or not access.isprintable():
            raise self._no_server(self.client.token_endpoint)
        life = max(_number(told.get("expires_in"), _USUAL_LIFE), 0.0)
        return Grant(access, time.time() + life, life, refresh if sound(refresh) else "")

    def _said(
        self,
        url: str,
        form: Mapping[str, str],
        hidden: Sequence[str],
        *,
        denied: type[Trouble] = LoginRefused,
    ) -> Mapping[str, object]:
        """The JSON object of an answer that is no error."""
        try:
            reply = self.post(url, form)
        except web.NoAnswer as broken:
            raise ServerUnreachable(
                f"{self.account}: {web.host_of(url)}, which gives the access tokens, cannot be asked: {broken}",
                hint="It is tried again by itself.",
            ) from None
        try:
            told = json.loads(reply.body)
        except (ValueError, RecursionError):
            told = None
        error = told.get("error") if isinstance(told, dict) else None
        if reply.status == 200 and isinstance(told, dict) and not error:
            return told
        if (
            isinstance(error, str)
            and error in ("authorization_pending", "slow_down")
            and "device_code" in form
        ):
            raise StillWaiting(slower=error == "slow_down")
        if reply.status == 429 or reply.status >= 500 or (isinstance(error, str) and error in _BUSY):
            raise ServerBusy(
                f"{self.account}: {web.host_of(url)}, which gives the access tokens, asks for patience",
                hint="It is tried again by itself; nothing has to be done.",
                retry_after=reply.retry_after,
            )
        if not isinstance(error, str):
            raise self._no_server(url)
        described = told.get("error_description") if isinstance(told, dict) else None
        text = described if isinstance(described, str) else ""
        hide = (*hidden, self.client.secret)
        raise self.refusal(url, _without(error, hide), _without(text, hide), denied)

    def _no_server(self, url: str) -> ServerUnreachable:
        return ServerUnreachable(
            f"{self.account}: {web.host_of(url)} does not answer as an OAuth2 server does",
            hint="Is there a login page of the network in between (a captive portal)? Else the endpoint is wrong.",
        )

    def refusal(self, url: str, error: str, text: str, denied: type[Trouble] = LoginRefused) -> Trouble:
        """The error for an error code of RFC 6749 and what was said with it, which is the provider's text."""
        who = f"{self.account}: {web.host_of(url)}"
        said = shown(f"{error}: {text}" if text else error, _LONGEST_TEXT)
        if error in _PERSON_NEEDED and denied is LoginExpired:
            return expired(self.account, f"{who} takes the login no longer ({said})")
        if error in _DENIED:
            return LoginRefused(
                f"{who}: the access was not allowed ({said})",
                hint=f"Try again, and allow it: {self.again}",
            )
        if error in _CLIENT:
            return LoginRefused(
                f"{who} does not take the client id of the configuration ({said})",
                hint="Compare client id and client secret with what the provider shows; docs/oauth.md tells more.",
            )
        if error == "expired_token":
            return LoginRefused(
                f"{who}: the code was not typed in time ({said})",
                hint=f"Try again: {self.again} --device",
            )
        return LoginRefused(
            f"{who} refuses to give an access token ({said})",
            hint=f"docs/oauth.md tells what each provider wants. Then: {self.again}",
        )


def expired(account: str, what: str) -> LoginExpired:
    return LoginExpired(what, hint=f"Log in anew, which mends it: scatterclean login {account}")


def sound(token: object) -> TypeGuard[str]:
    """Can it be a refresh token (RFC 6749, A.17), and be kept?  What cannot must not replace one that is good."""
    return (
        isinstance(token, str)
        and 0 < len(token) <= _LONGEST_TOKEN
        and token.isascii()
        and token.isprintable()
    )


def _without(text: str, secrets: Iterable[str]) -> str:
    """Without what of these is repeated in it, be it as it is, as in a form (some gateways show the whole request that
    they refuse), in base64 or in other letters."""
    for secret in filter(None, secrets):
        raw = secret.encode("utf-8", "replace")
        forms = {secret, quote(raw), quote(raw, safe=""), quote_plus(raw), b64encode(raw).decode()}
        for form in sorted(forms, key=len, reverse=True):
            text = re.sub(re.escape(form), "***", text, flags=re.IGNORECASE)
    return text


def _number(value: object, usual: float) -> float:
    """Some providers write numbers as text."""
    try:
        number = float(value) if isinstance(value, (int, float, str)) else usual
    except (ValueError, OverflowError):
        return usual
    return number if 0 <= number < 1e9 else usual
