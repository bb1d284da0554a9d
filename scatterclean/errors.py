"""What can go wrong, sorted by who mends it and how far it reaches; it prints nothing and catches nothing.

Three kinds: *the person* can mend it, *time* can mend it, *nobody* can (a bug of ours).  Every error says
its reach (this message, this folder, this account, everything) and what to do next.  Foreign exceptions
(socket, TLS, IMAP, SQLite) are translated into these once, at the edge where they arise.
"""

from __future__ import annotations

from enum import StrEnum


class Reach(StrEnum):
    """How much has to stop because of an error; everything outside of it goes on."""

    MESSAGE = "message"
    FOLDER = "folder"
    ACCOUNT = "account"
    EVERYTHING = "everything"


class Trouble(Exception):
    """What happened (one sentence), how far it reaches, and a hint: what to do next.

    No secret and no content of a mail is ever part of the text.
    """

    reach: Reach = Reach.ACCOUNT

    def __init__(self, what: str, *, hint: str = "", reach: Reach | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        if reach is not None:
            self.reach = reach

    def __str__(self) -> str:
        return f"{self.what}\n  {self.hint}" if self.hint else self.what


class PersonCanMend(Trouble):
    """Waiting does not help: the person has to change something; the hint says what."""


class TimeCanMend(Trouble):
    """Try again later, by yourself.  `retry_after` (seconds) is what the server suggested, if it did."""

    def __init__(
        self, what: str, *, hint: str = "", reach: Reach | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(what, hint=hint, reach=reach)
        self.retry_after = retry_after


class NobodyCanMend(Trouble):
    """A bug of ours, or a server that contradicts itself: hands off, and say so."""


# --- configuration and secrets -------------------------------------------------------------------------


class ConfigBroken(PersonCanMend):
    """The configuration file has problems; `problems` holds all of them as `file:line: key: ...`."""

    reach = Reach.EVERYTHING

    def __init__(self, problems: tuple[str, ...], *, hint: str = "") -> None:
        super().__init__("\n".join(problems), hint=hint)
        self.problems = problems


class ConfigMissing(PersonCanMend):
    """There is no configuration file where one was looked for."""

    reach = Reach.EVERYTHING


class SecretUnavailable(PersonCanMend):
    """The password could not be had from where the configuration says it is."""


class LoginExpired(SecretUnavailable):
    """There is no login by OAuth2, or the provider takes it no longer (revoked, run out): a new one is needed."""


# --- server and session ---------------------------------------------------------------------------------


class ServerUnreachable(TimeCanMend):
    """No connection: name not found, refused, timed out, unreachable."""


class ConnectionLost(TimeCanMend):
    """The session ended or fell out of step in the middle; what was asked may or may not have happened."""


class ServerBusy(TimeCanMend):
    """The server asks for patience: [UNAVAILABLE], [INUSE], [LIMIT], throttled."""


class PushUnavailable(NobodyCanMend):
    """The server does not announce new mail (no IDLE), or says that it can and refuses: it has to be polled."""


class LoginRefused(PersonCanMend):
    """The server answered the login with NO: wrong user name or password, or passwords are switched off."""


class TokensNotTaken(LoginRefused):
    """The server offers no way to log in by access token; none was sent."""


class CertificateRefused(PersonCanMend):
    """The server's certificate is not trusted: expired, for another host, or of an unknown authority."""


class TlsUnavailable(PersonCanMend):
    """The server offers no STARTTLS, or does not speak TLS on this port; no password was sent."""


class CannotMoveSafely(PersonCanMend):
    """The server can neither MOVE nor UID EXPUNGE: a move could destroy or double mail, so none is made."""


class OverQuota(PersonCanMend):
    """The server refused a copy because the mailbox is full; nothing was changed."""


class CommandRefused(NobodyCanMend):
    """The server answered NO or BAD to something that should work; the text is the server's."""

    reach = Reach.FOLDER


class FolderMissing(PersonCanMend):
    """A folder that is needed does not exist on the server."""

    reach = Reach.FOLDER


class FolderChanged(TimeCanMend):
    """UIDVALIDITY differs from what was planned with: every UID in hand is void; look anew."""

    reach = Reach.FOLDER


# --- the sent log ---------------------------------------------------------------------------------------


class SentFolderUnknown(PersonCanMend):
    """No Sent folder was found, or the one that was read before is gone: nothing may be moved."""


class SentFolderEmpty(PersonCanMend):
    """The Sent folders hold nothing: absence from an empty log proves nothing, so nothing may be moved."""


# --- store ----------------------------------------------------------------------------------------------


class DatabaseLocked(PersonCanMend):
    """Another process holds the database; the text says which."""

    reach = Reach.EVERYTHING


class DatabaseDamaged(PersonCanMend):
    """SQLite cannot read the file; it is kept as it is."""

    reach = Reach.EVERYTHING


class DatabaseUnusable(PersonCanMend):
    """The database cannot be opened or written: permissions, disk full, made by a newer version."""

    reach = Reach.EVERYTHING


class DatabaseMissing(DatabaseUnusable):
    """There is no database yet, and the errand only wanted to read one."""


class TooManyWishes(TimeCanMend):
    """So much was asked for and not carried out that no more is taken."""

    reach = Reach.EVERYTHING


class Stopped(Exception):
    """The stop flag was seen between two deeds: unwind, everything done so far is settled."""
