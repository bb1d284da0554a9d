"""The first half of the conversation: whose mailbox, on which server, and the login.  It writes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from scatterclean.config import Secret, Settings, Source, Tls
from scatterclean.config.checks import is_loopback
from scatterclean.errors import (
    CertificateRefused,
    LoginRefused,
    SecretUnavailable,
    TimeCanMend,
    TokensNotTaken,
    Trouble,
)
from scatterclean.mailbox.login import Access
from scatterclean.setup import granting, providers
from scatterclean.setup.discovery import Found, Network, discover, passable, reason_of
from scatterclean.setup.flags import Flags, of_token_command
from scatterclean.setup.granting import Grant, Way
from scatterclean.setup.keeping import Kept
from scatterclean.setup.looking import Look, look
from scatterclean.setup.providers import Provider
from scatterclean.setup.servers import Said, Server, SetupEnds, address_in, host_in
from scatterclean.setup.talk import Talk

_TRIES = 3
_WAIT = 20.0  # seconds for any one answer while somebody sits there
# What servers say when no password would do (Microsoft; RFC 9051 names no code for it).
_NO_PASSWORDS = re.compile(
    r"basic ?auth\w* (is )?(disabled|blocked)|BasicAuthBlocked|web ?login required|oauth", re.I
)


@dataclass(frozen=True, slots=True)
class Entered:
    """A login that worked.  `kept` says where the secret is, if that was said; `grant` is a login by OAuth2; else
    `secret` holds what was typed."""

    address: str
    server: Server
    username: str
    provider: Provider | None
    secret: Secret
    kept: Kept | None
    look: Look
    grant: Grant | None = None


def address_of(talk: Talk, flags: Flags) -> str:
    if flags.email:
        if address := address_in(flags.email):
            return address
        raise SetupEnds(f"--email {flags.email!r} is no address", hint="Expected such as me@example.org")
    while True:
        if address := address_in(talk.ask("Your e-mail address", flag="--email")):
            return address
        talk.trouble("That is no e-mail address; expected such as me@example.org.")


def server_of(talk: Talk, flags: Flags, network: Network, address: str) -> Found:
    """The server, greeted and confirmed.  Raises SetupEnds."""
    domain = address.rpartition("@")[2]
    provider = providers.of_domain(domain)
    if flags.host:
        return _named(talk, flags, network, provider)
    passable(provider)
    talk.say(f"Looking for the mail server of {domain} (no password is sent for that):")
    found = discover(address, network, lambda line: talk.say(line, indent=2))
    if found is None:
        if flags.silent:
            raise SetupEnds(
                f"no mail server was found for {domain}", hint="Name it: --host imap.example.org [--port 993]"
            )
        talk.say(
            f"No mail server was found for {domain}. Your provider's help pages name it ('IMAP server')."
        )
        return _typed(talk, flags, network, provider)
    found = replace(found, provider=found.provider or provider)
    passable(found.provider)
    _login_possible(found)
    server = found.server
    talk.say(f"Found: {server}, {server.said}.")
    sure = server.said is Said.TABLE
    if not sure and not server.belongs_to(domain):
        talk.say(
            f"By its name it is not a machine of {domain}: say yes only if you know that your mail is there."
        )
    if flags.silent:
        if sure or flags.trust_found:
            return found
        how = f"--host {server.host} --port {server.port} --tls {server.tls}"
        raise SetupEnds(
            f"nobody confirmed that the password may go to {server.host}",
            hint=f"If it may, say so: {how} (or --trust-found)",
        )
    # Whoever only presses Enter sends no password to a machine that somebody on the network may have named.
    known = sure or server.belongs_to(domain) or found.provider is not None
    what = "login" if granting.way_of(flags, found) is not Way.PASSWORD else "password"
    if talk.confirm(f"Shall your {what} go to this server?", default=known, flag="--host"):
        return found
    return _typed(talk, flags, network, provider)


def _login_possible(found: Found) -> None:
    """Raises SetupEnds if the server says before the login that it takes neither passwords nor tokens."""
    greeting, server = found.greeting, found.server
    if greeting.takes_passwords:
        return
    if greeting.offers_oauth:
        return
    raise SetupEnds(
        f"{server.host} has switched the login by password off",
        hint="Ask whoever runs it how other mail programs log in (is IMAP switched on for you?).",
    )


def _named(talk: Talk, flags: Flags, network: Network, provider: Provider | None) -> Found:
    """The server of --host, --port and --tls."""
    host = flags.host.strip("[]").lower()
    if host.count(":") == 1 or "/" in host or "@" in host:
        raise SetupEnds(
            f"--host {flags.host} is no host name",
            hint="Expected such as imap.example.org; a port goes into --port.",
        )
    tls = flags.tls or (Tls.STARTTLS if flags.port == Tls.STARTTLS.port else Tls.IMPLICIT)
    if tls is Tls.NONE and not is_loopback(host):
        raise SetupEnds(
            f"--tls none would send the password in the clear to {host}",
            hint="It is for this machine itself (127.0.0.1, localhost); elsewhere use --tls implicit or starttls.",
        )
    server = Server(host, flags.port or tls.port, tls, Said.PERSON)
    try:
        found = Found(server, network.greet(server), providers.of_host(host) or provider)
    except Trouble as trouble:
        raise SetupEnds(f"{server}: {reason_of(trouble, server)}", hint=_mend(trouble)) from None
    talk.say(f"{server}: answers")
    _login_possible(found)
    return found


def _mend(trouble: Trouble) -> str:
    return trouble.hint.replace("ca_file = ...", "--ca-file FILE").replace('tls = "', '--tls "')


def _typed(talk: Talk, flags: Flags, network: Network, provider: Provider | None) -> Found:
    """A server that the person names, asked until one answers."""
    while True:
        text = talk.ask("Name of the IMAP server (such as imap.example.org, or with :port)", flag="--host")
        name, _, port = text.strip().partition(":")
        host = host_in(name)
        if not host or (port and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536)):
            talk.trouble("That is no name of a server (Ctrl-C leaves; nothing was written).")
            continue
        kinds = [flags.tls] if flags.tls else [Tls.IMPLICIT, Tls.STARTTLS]
        for tls in kinds:
            server = Server(host, int(port) if port else tls.port, tls, Said.PERSON)
            try:
                found = Found(server, network.greet(server), providers.of_host(host) or provider)
            except Trouble as trouble:
                talk.trouble(f"{server}: {reason_of(trouble, server)}")
                if isinstance(trouble, CertificateRefused):
                    talk.say(f"{_mend(trouble)} (Ctrl-C leaves; nothing was written.)")
                    if port:  # there it does speak TLS from the first byte
                        break
                continue
            talk.say(f"{server}: answers, and its certificate is good")
            passable(providers.of_host(host))
            _login_possible(found)
            return found


def not_there_already(existing: Settings | None, server: Server, username: str) -> None:
    """Raises SetupEnds if this mailbox is an account."""
    for account in existing.accounts if existing else ():
        port = is_loopback(server.host) and account.port != server.port
        if (account.host, account.username.lower()) == (server.host, username.lower()) and not port:
            raise SetupEnds(
                f"this mailbox is set up already, as account {account.name} in {existing.path if existing else ''}",
                hint="Change what you like in that file; scatterclean check-config tells whether it is right.",
            )


def log_in(talk: Talk, flags: Flags, found: Found, address: str, existing: Settings | None) -> Entered:
    """A login that worked: by password or access token, asked for until it does.  Raises SetupEnds."""
    username = flags.username or found.server.user(address)
    not_there_already(existing, found.server, username)
    way = granting.way_of(flags, found)
    if way not in (None, Way.PASSWORD) and not found.greeting.offers_oauth:
        raise SetupEnds(
            f"{found.server.host} takes no access tokens (it offers neither OAUTHBEARER nor XOAUTH2)",
            hint="Log in by a password there: leave --oauth-client-id and --token-command out.",
        )
    while True:
        way = way or granting.asked(talk, flags, found, address)
        try:
            match way:
                case Way.PASSWORD:
                    return _by_password(talk, flags, found, address, username)
                case Way.CLIENT:
                    return _by_client(talk, flags, found, address, username)
                case Way.COMMAND:
                    return _by_command(talk, flags, found, address, username)
        except _AnotherWay as refused:
            if flags.silent:
                raise
            if refused.what:
                talk.trouble(str(refused))
            way = None


class _AnotherWay(SetupEnds):
    """This way in did not lead in; another one may."""


class _NoWay(SetupEnds):
    """No password will lead in, and there is no other way."""


def _by_client(talk: Talk, flags: Flags, found: Found, address: str, username: str) -> Entered:
    try:
        grant = granting.by_client(talk, flags, found, username)
    except SetupEnds as refused:
        raise _AnotherWay(refused.what, hint=refused.hint) from None
    seen = _seen(flags, found, username, grant.secret)
    return Entered(address, found.server, username, found.provider, grant.secret, None, seen, grant)


def _by_command(talk: Talk, flags: Flags, found: Found, address: str, username: str) -> Entered:
    line = flags.token_command or talk.ask(
        "Command that prints an access token (such as: oama access me@example.org)", flag="--token-command"
    )
    secret, kept = of_token_command(line)
    seen = _seen(flags, found, username, secret)
    return Entered(address, found.server, username, found.provider, secret, kept, seen)


def _seen(flags: Flags, found: Found, username: str, secret: Secret) -> Look:
    """The login by access token."""
    server = found.server
    try:
        return look(_access(server, username, secret, flags.ca_file))
    except SecretUnavailable as none:
        raise _AnotherWay(reason_of(none, server), hint=none.hint) from None
    except TokensNotTaken as refused:
        raise SetupEnds(
            reason_of(refused, server), hint="Ask whoever runs it how other mail programs log in."
        ) from None
    except LoginRefused as refused:
        raise _AnotherWay(
            f"{server.host} {reason_of(refused, server)}",
            hint=f"Is {username} the address that was logged in with (else: --username), and is IMAP switched on in "
            "the provider's settings?",
        ) from None
    except Trouble as trouble:
        raise _ends(trouble, server) from None


def _ends(trouble: Trouble, server: Server) -> SetupEnds:
    later = " Nothing was written; try again later." if isinstance(trouble, TimeCanMend) else ""
    return SetupEnds(f"{server}: {reason_of(trouble, server)}.{later}", hint=_mend(trouble))


def _by_password(talk: Talk, flags: Flags, found: Found, address: str, username: str) -> Entered:
    """Asked for until it is right, a few times."""
    server, provider = found.server, found.provider
    given = flags.password()
    if given is None and provider and provider.advice:
        for line in provider.advice:
            talk.say(line)
    changeable = not flags.username and provider is None
    name_next = changeable and not granting.possible(found)  # what an empty answer leads to
    left = _TRIES
    while True:
        secret = given[0] if given else _asked(talk, username, found, name_next=name_next)
        if secret is None:
            username = talk.ask(
                "User name (not the password); Enter keeps it", default=username, flag="--username"
            ).strip()
            name_next = not granting.possible(found)
            continue
        left -= 1
        try:
            seen = look(_access(server, username, secret, flags.ca_file))
        except (LoginRefused, SecretUnavailable) as refused:
            told = _refused(refused, found)
            if isinstance(told, (_AnotherWay, _NoWay)) or not left or given is not None or flags.silent:
                raise told from None
            talk.trouble(str(told))
            name_next = changeable
        except Trouble as trouble:
            raise _ends(trouble, server) from None
        else:
            return Entered(address, server, username, provider, secret, given[1] if given else None, seen)


def _asked(talk: Talk, username: str, found: Found, *, name_next: bool) -> Secret | None:
    """What was typed, hidden; None: another user name (`name_next`).  _AnotherWay where an empty answer means that."""
    other = granting.possible(found) and not name_next
    more = "only Enter: another user name; " if name_next else ""
    more = "only Enter: log in by OAuth2 instead; " if other else more
    while True:
        typed = talk.hidden(
            f"Password of {username} at {found.server.host} ({more}not shown while you type)",
            flag="--password-command, --password-file or --password-env",
            empty=True,
        )
        if typed:
            return Secret(Source.PLAIN, (typed,))
        if name_next:
            return None
        if other:
            raise _AnotherWay("")
        talk.trouble("Nothing was typed. Type the password, then Enter (Ctrl-C leaves; nothing was written).")


def _access(server: Server, username: str, secret: Secret, ca_file: Path | None) -> Access:
    fetch: Callable[[], str] = secret.fetch
    return Access(
        account="setup",
        host=server.host,
        port=server.port,
        username=username,
        secret=fetch,
        tls=server.tls.value,
        ca_file=ca_file,
        connect_timeout=_WAIT,
        read_timeout=_WAIT,
        bearer=secret.source.bearer,
    )


def _refused(refused: Trouble, found: Found) -> SetupEnds:
    server, provider = found.server, found.provider
    said = reason_of(refused, server)
    if isinstance(refused, SecretUnavailable):
        return SetupEnds(said, hint=refused.hint)
    advice = "\n  ".join(provider.advice) if provider else ""
    if not _NO_PASSWORDS.search(said):
        return SetupEnds(f"{server.host} {said}", hint=advice or refused.hint)
    if granting.possible(found):
        return _AnotherWay(
            f"{server.host} {said}: it takes no passwords here, only OAuth2",
            hint=advice or granting.WITHOUT_QUESTIONS,
        )
    return _NoWay(
        f"{server.host} {said}: it takes no passwords here, and offers no OAuth2, either",
        hint=advice or "Ask whoever runs it how other mail programs log in (is IMAP switched on for you?).",
    )
