"""A fresh access token of one account whenever a session begins; it asks the provider only when it has to."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from scatterclean.errors import LoginExpired, SecretUnavailable, TimeCanMend
from scatterclean.model import OAuthClient
from scatterclean.oauth.asking import Asking, Grant, expired
from scatterclean.oauth.safe import Keeping, Kept, Safe

log = logging.getLogger("scatterclean")

# Not one that runs out while the login is under way, or this machine's clock is a little wrong; of a short-lived one
# the last quarter.
_MARGIN = 300.0


class Tokens:
    """`kept`: where the refresh token lies, in place of the account's safe in `folder`; `grant`: what was had already.

    May be used from several threads; one for the life of the process, so that an access token serves until it ends.

    A refresh token that the provider has declared dead is not shown to it again: until `scatterclean login` has put
    another one there, nobody is asked.
    """

    def __init__(
        self,
        account: str,
        username: str,
        client: OAuthClient,
        folder: Path = Path(),
        *,
        kept: Keeping | None = None,
        grant: Grant | None = None,
    ) -> None:
        self._account = account
        self._asking = Asking(account, client)
        self._safe = kept or Safe(account, username, folder)
        self._grant = grant
        self._dead: tuple[str, str] | None = None  # (refresh token, what the provider said)
        self._unsaved: tuple[str, Kept] | None = None  # (what still lies there, what belongs there)
        self._one = threading.Lock()

    def access(self) -> str:
        """An access token that should hold.  Raises LoginExpired, LoginRefused, SecretUnavailable, ServerBusy,
        ServerUnreachable."""
        with self._one:
            grant = self._grant
            if grant is not None and time.time() < grant.until - min(_MARGIN, grant.life / 4):
                return grant.access
            try:
                return self._renewed()
            except (TimeCanMend, SecretUnavailable) as trouble:  # the second: the keyring is locked
                if grant is None or time.time() >= grant.until or isinstance(trouble, LoginExpired):
                    raise
                self._grant = grant  # it holds for some minutes more, and the provider may be back by then
                return grant.access

    def instead_of(self, refused: str) -> str:
        """Another one than this, which the server has refused before its time.  Raises what `access` does."""
        with self._one:
            if self._grant is not None and self._grant.access != refused:
                return self._grant.access  # another thread was faster
            return self._renewed()

    def _renewed(self) -> str:
        self._grant = None
        with self._safe.locked():
            kept = self._kept()
            if self._dead is not None and self._dead[0] == kept.refresh:
                raise expired(self._account, self._dead[1])
            try:
                grant = self._asking.refresh(kept.refresh)
            except LoginExpired as dead:
                self._dead = (kept.refresh, dead.what)
                raise
            self._dead = None
            if grant.refresh and grant.refresh != kept.refresh:
                fresh = Kept(grant.refresh, kept.token_endpoint, kept.client_id)
                self._store(fresh, self._unsaved[0] if self._unsaved else kept.refresh)
        self._grant = grant
        return grant.access

    def _kept(self) -> Kept:
        kept = self._safe.load()
        if self._unsaved is not None:
            void, fresh = self._unsaved
            if kept is not None and kept.refresh == void:
                kept = fresh
                self._store(fresh, void)
            else:  # the person has logged in anew
                self._unsaved = None
        if kept is None:
            raise expired(self._account, f"{self._account}: nobody has logged in by OAuth2 yet")
        if not kept.fits(self._asking.client):
            raise expired(
                self._account,
                f"{self._account}: the login that is kept was made with another client id or another provider",
            )
        return kept

    def _store(self, fresh: Kept, void: str) -> None:
        """In place of `void`, which may be used up.  A disk that is full must not end a login that is good."""
        try:
            self._safe.renew(fresh)
        except SecretUnavailable as trouble:
            if self._unsaved is None:
                log.warning("%s\n  Until then this process alone can log in.", trouble)
            self._unsaved = (void, fresh)
        else:
            self._unsaved = None
