"""The ways in where a provider takes no passwords: a login by OAuth2 with a client id of the person's own, or a command
that prints access tokens; and an app password, where there are some.

It writes nothing: what was granted is in the memory of this process until the account is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.util import find_spec

from pydantic import ValidationError

from scatterclean import calling, oauth
from scatterclean.config import Secret, Source
from scatterclean.config.oauth import PROVIDERS, OAuthTable, client_of, missing_in
from scatterclean.config.secret import COMMAND_LIMIT
from scatterclean.errors import Trouble
from scatterclean.installing import command_for
from scatterclean.model import OAuthClient
from scatterclean.setup.discovery import Found
from scatterclean.setup.flags import Flags
from scatterclean.setup.providers import Login
from scatterclean.setup.servers import SetupEnds
from scatterclean.setup.talk import Talk

_CLIENT_IDS = "docs/oauth.md tells how to get one"
WITHOUT_QUESTIONS = (
    f"With a client id of yours ({_CLIENT_IDS}): --oauth-client-id ID --device, which prints a code that you type in a "
    "browser.\n  With a program that prints access tokens: --token-command CMD"
)
# Their programs on a desktop have no secret (docs/oauth.md).
_WITHOUT_SECRET = frozenset(("microsoft",))


class Way(StrEnum):
    PASSWORD = "p"  # noqa: S105 - what the person types
    CLIENT = "c"
    COMMAND = "t"


@dataclass(frozen=True, slots=True, repr=False)
class Granted(Secret):
    """An access token of a login that is kept nowhere yet."""

    tokens: oauth.Tokens = field(compare=False)

    def fetch(self, *, limit: float = COMMAND_LIMIT) -> str:
        del limit
        return self.tokens.access()


@dataclass(frozen=True, slots=True)
class Grant:
    """A login by OAuth2; `table` is what the configuration says about it, `purse` what is to be kept."""

    secret: Granted
    purse: oauth.Purse = field(repr=False)
    table: Mapping[str, str] = field(repr=False)


def way_of(flags: Flags, found: Found) -> Way | None:
    """What the command line and the server leave no doubt about."""
    if flags.token_command:
        return Way.COMMAND
    if flags.oauth_client_id:
        return Way.CLIENT
    return None if tokens_only(found) else Way.PASSWORD


def tokens_only(found: Found) -> bool:
    """Is it known before the login that no password helps?"""
    by_table = found.provider is not None and found.provider.login is Login.OAUTH
    return by_table or found.greeting.only_tokens


def possible(found: Found) -> bool:
    """Does the server take access tokens, as far as is known?"""
    return found.greeting.offers_oauth or bool(found.provider and found.provider.login is Login.OAUTH)


def asked(talk: Talk, flags: Flags, found: Found, address: str) -> Way:
    """Which way to go on; SetupEnds if the person goes none."""
    who = found.provider.name if found.provider else found.server.host
    ends = SetupEnds(f"{who} takes no passwords, only OAuth2", hint=_how(flags, address))
    if flags.silent:
        raise ends
    ways = list(_ways(found))
    talk.say(
        f"{who} takes no passwords from programs, only OAuth2: you log in with a browser, and it gives "
        "scatterclean a key of its own."
    )
    talk.say(
        f"For that it wants a client id of yours, which says what program asks: {_CLIENT_IDS}. To go on, type:"
    )
    for way, what in ways:
        talk.say(f"{way}: {what}", indent=2)
    while True:
        answer = talk.ask(
            f"Which one ({', '.join(way for way, _ in ways)})? Enter leaves, and nothing is written",
            default="leave",
            flag="--oauth-client-id or --token-command",
        )
        answer = answer.strip().lower()
        if answer == "leave":
            raise ends
        if any(answer == way for way, _ in ways):
            return Way(answer)
        talk.trouble("Type one of the letters, or press Enter.")


def _how(flags: Flags, address: str) -> str:
    if flags.silent:
        return WITHOUT_QUESTIONS
    again = f"scatterclean init --email {address} --oauth-client-id ID"
    return f"Get a client id of your own ({_CLIENT_IDS}), then: {again}"


def _ways(found: Found) -> Iterator[tuple[Way, str]]:
    yield Way.CLIENT, "log in now, with a client id of yours"
    yield (
        Way.COMMAND,
        "a program of yours has access tokens (oama, mutt_oauth2.py, pizauth): name its command",
    )
    provider = found.provider
    if not found.greeting.takes_passwords or (provider and provider.login is Login.OAUTH):
        return
    if provider is None:
        yield Way.PASSWORD, "an app password, if your provider has such"
    elif provider.login is Login.APP_PASSWORD:
        yield Way.PASSWORD, f"an app password, which {provider.name} has"


# --- a client id -------------------------------------------------------------------------------------------


def by_client(talk: Talk, flags: Flags, found: Found, username: str) -> Grant:
    """The login at the provider, with the person.  Raises SetupEnds."""
    if find_spec("oauthlib") is None:
        raise SetupEnds(
            "the login by OAuth2 needs the package oauthlib, which is not installed",
            hint=f"{command_for('oauth')}, then scatterclean init again",
        )
    table = _table(talk, flags, found)
    client = _client(table)
    manner = _manner(talk, flags, client)
    asking = oauth.Asking("setup", client, anew="scatterclean init")
    try:
        got = oauth.let_in(asking, username, manner, oauth.Voice(talk.say, talk.line))
    except Trouble as trouble:
        raise SetupEnds(trouble.what.removeprefix("setup: "), hint=trouble.hint) from None
    purse = oauth.Purse(oauth.Kept(got.refresh, client.token_endpoint, client.client_id))
    tokens = oauth.Tokens("setup", username, client, kept=purse, grant=got)
    return Grant(Granted(Source.OAUTH, (username,), tokens), purse, table)


def _table(talk: Talk, flags: Flags, found: Found) -> dict[str, str]:
    """As `[accounts.NAME.oauth]` in the configuration."""
    table = {
        "provider": flags.oauth_provider,
        "authorization_endpoint": flags.oauth_authorize,
        "token_endpoint": flags.oauth_token,
        "device_endpoint": flags.oauth_device,
        "scope": flags.oauth_scope,
    }
    if not flags.oauth_provider and not flags.oauth_token:
        table |= _provider(talk, flags, found)
    table["client_id"] = flags.oauth_client_id or talk.ask("Your client id", flag="--oauth-client-id").strip()
    secret = flags.oauth_client_secret
    if not secret and not flags.silent and table["provider"] not in _WITHOUT_SECRET:
        secret = talk.hidden(
            "Its client secret, if it came with one (not shown while you type; Enter: there is none)",
            flag="--oauth-client-secret",
            empty=True,
        ).strip()
    table["client_secret"] = secret
    return {key: value for key, value in table.items() if value}


def _provider(talk: Talk, flags: Flags, found: Found) -> dict[str, str]:
    if found.provider and found.provider.oauth:
        return {"provider": found.provider.oauth}
    if flags.silent:
        raise SetupEnds(
            f"it is not known where one logs in for {found.server.host}",
            hint=f"Say so: --oauth-provider ({', '.join(PROVIDERS)}), or --oauth-token and --oauth-authorize "
            "(or --oauth-device) with the addresses of the OAuth2 server",
        )
    while True:
        name = talk.ask(
            f"Whose login is it ({', '.join(PROVIDERS)})? Enter: of another server, whose addresses I know",
            default="other",
            flag="--oauth-provider",
        )
        name = name.strip().lower()
        if name in PROVIDERS:
            return {"provider": name}
        if name == "other":
            break
        talk.trouble("Type one of these names, or press Enter.")
    return {
        "token_endpoint": talk.ask("Its token endpoint (https://...)", flag="--oauth-token").strip(),
        "authorization_endpoint": talk.ask(
            "Its authorization endpoint (https://...)", flag="--oauth-authorize"
        ).strip(),
        "scope": talk.ask("The scope for IMAP", default="offline_access", flag="--oauth-scope").strip(),
    }


def _client(table: Mapping[str, str]) -> OAuthClient:
    try:
        parsed = OAuthTable(**table)
    except ValidationError as wrong:
        told = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in wrong.errors())
        raise SetupEnds(f"this cannot be a login by OAuth2: {told}") from None
    for missing in missing_in(parsed, None):
        raise SetupEnds(f"this cannot be a login by OAuth2: {missing}")
    return client_of(parsed, None, None)


def _manner(talk: Talk, flags: Flags, client: OAuthClient) -> oauth.Manner:
    browser = oauth.Manner(no_browser=flags.no_browser, port=flags.login_port)
    if flags.device and not client.device_endpoint:
        raise SetupEnds("this provider has no login by a code for mail", hint="Leave --device out.")
    if flags.device or not client.authorization_endpoint:
        return oauth.Manner(device=True)
    if flags.silent:
        by_code = (
            "Add --device, which prints a code that you type on any device. "
            if client.device_endpoint
            else ""
        )
        raise SetupEnds(
            "somebody has to log in with a browser, and --non-interactive asks nobody",
            hint=f"{by_code}Or run the same without --non-interactive; or --token-command CMD.",
        )
    if not client.device_endpoint or flags.no_browser or flags.login_port:
        return browser
    here = calling.has_window()
    answer = talk.ask(
        "Press Enter to log in with a browser of this machine, or type code to do it on any other device"
        if here
        else "Press Enter for a code that you type on any other device, or type browser to use one of this machine",
        default="browser" if here else "code",
        flag="--device",
    )
    return oauth.Manner(device=True) if answer.strip().lower() == "code" else browser
