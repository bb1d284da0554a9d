"""How an account is reached: its server, its secret, the lists that may be asked; which account
a name means, and whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from scatterclean.config import AccountSettings, Settings
from scatterclean.errors import PersonCanMend, Reach
from scatterclean.ports import Bell, Names
from scatterclean.store import Store

if TYPE_CHECKING:
    from scatterclean.mailbox.lasting import Lasting
    from scatterclean.mailbox.login import Access
    from scatterclean.model import OAuthClient
    from scatterclean.oauth import Tokens
    from scatterclean.ports.hostlists import HostLists


class AccountUnknown(PersonCanMend):
    """The person named an account that the configuration does not have."""

    reach = Reach.EVERYTHING


def utc_now() -> datetime:
    return datetime.now(UTC)


def connect(settings: AccountSettings) -> Lasting:
    """Log in to the account's server.  Raises what `errors` lists under server and session."""
    from scatterclean.mailbox.login import open_mailbox

    return open_mailbox(access_of(settings))


def listen(settings: AccountSettings) -> Bell:
    """A session of its own that listens to the account's first watched folder (IDLE hears one per connection)."""
    from scatterclean.mailbox.idle import open_bell

    return open_bell(access_of(settings), settings.account.watch[0])


def accounts_named(settings: Settings, names: Sequence[str]) -> list[AccountSettings]:
    """The accounts with these names, each once, all if there are none.  Raises AccountUnknown."""
    accounts = {account.name: account for account in settings.accounts}
    if unknown := [name for name in names if name not in accounts]:
        raise AccountUnknown(
            f"there is no account {', '.join(unknown)} in {settings.path}",
            hint=f"It has: {', '.join(accounts)}",
        )
    return [accounts[name] for name in dict.fromkeys(names)] or list(accounts.values())


def access_of(settings: AccountSettings) -> Access:
    """How the account is reached, with its secret still to be fetched."""
    from scatterclean.mailbox.login import Access

    held = tokens_of(settings)
    return Access(
        account=settings.name,
        host=settings.host,
        port=settings.port,
        tls=settings.tls.value,
        ca_file=settings.ca_file,
        username=settings.username,
        secret=held.access if held else settings.secret.fetch,
        bearer=settings.secret.source.bearer,
        instead_of=held.instead_of if held else None,
        connect_timeout=min(settings.timeout.total_seconds(), 30.0),
        read_timeout=settings.timeout.total_seconds(),
    )


def tokens_of(settings: AccountSettings) -> Tokens | None:
    """What gives the account's access tokens, if it logs in by OAuth2: the same for the life of the process."""
    if settings.oauth is None:
        return None
    return _tokens(settings.name, settings.username, settings.oauth, settings.tokens)


@lru_cache(maxsize=1024)
def _tokens(account: str, username: str, client: OAuthClient, folder: Path) -> Tokens:
    from scatterclean.oauth import Tokens

    return Tokens(account, username, client, folder)


def host_lists(settings: Settings, accounts: Sequence[str]) -> HostLists | None:
    """Whom to ask about servers that bounce to forged senders; None if nobody may be.

    To be kept as long as the process asks: it remembers what it was told."""
    if not settings.backscatter_lists or not any(a.dns for a in accounts_named(settings, accounts)):
        return None
    from scatterclean.names.lists import DnsLists

    return DnsLists(settings.backscatter_lists)


def published(
    settings: AccountSettings, domains: Iterable[str], names: Names | None = None
) -> dict[str, tuple[str, ...] | None] | None:
    """By domain, the networks that its SPF record authorises: () for no record, None where that cannot be known.

    None if DNS may not be asked.  `names`: whom to ask, None for the real DNS."""
    if not settings.dns:
        return None
    if names is None:
        from scatterclean.names import DnsNames

        names = DnsNames()
    return {domain: names.networks(domain) for domain in sorted(domains)}


def assign(settings: Settings, store: Store) -> None:
    """Tell the log whose the accounts are now: what an account sent acquits the mail of all of its person."""
    store.sent_log.assign({a.name: a.account.person for a in settings.accounts})


def filed_there(settings: AccountSettings) -> frozenset[str]:
    """Whose mail is filed in the Sent folders of an account: anybody's, unless the person named `addresses`."""
    addresses = settings.account.identities.addresses
    return frozenset() if addresses == {settings.username.lower()} else addresses
