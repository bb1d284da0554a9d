"""The demo's own server (pymap, inside this process) as a server for tests: every user name exists, and is empty."""

from __future__ import annotations

from pathlib import Path

from pymap.backend.dict import Identity, Login
from pymap.backend.dict.filter import FilterSet
from pymap.parsing.specials import ObjectId
from pymap.user import UserMetadata
from pysasl.creds.server import ServerCredentials

from scatterclean.demo import embedded
from scatterclean.demo.embedded import EmbeddedServer


class _FromOne(embedded._Folders):
    """pymap's UIDs begin at 101; those of the mailbox contract at 1, as everywhere else."""

    def __init__(self) -> None:
        super().__init__()
        self._inbox._max_uid = 0

    async def add_mailbox(self, name: str) -> ObjectId:
        made = await super().add_mailbox(name)
        self._set[name]._max_uid = 0
        return made


class _Anybody(Login):
    async def authenticate(self, credentials: ServerCredentials) -> Identity:
        user = credentials.authcid
        if user not in self.users_dict:
            folders = _FromOne()
            for name in ("Sent", "Drafts", "Junk", "Trash"):
                await folders.add_mailbox(name)
            self.config.set_cache[user] = (folders, FilterSet())
            told = UserMetadata(self.config, user, password=self.config.demo_password)
            await Identity(user, self, None, frozenset()).set(told)
        return await super().authenticate(credentials)


class ScratchEmbedded(EmbeddedServer):
    """A context manager."""

    login = _Anybody

    def __init__(self) -> None:
        super().__init__("demo")


def find_embedded() -> Path | None:
    """It is always there: the package holds it."""
    return Path(embedded.__file__)
