"""What other hands do: the person with another mail program, rules, the provider.  All of it may come at any moment."""

from __future__ import annotations

from collections.abc import Callable

from .books import BACKSCATTER, Bookkeeper, Tracked

Act = Callable[[Bookkeeper, int], None]


def _one(server: Bookkeeper, folder: str, pick: int) -> Tracked | None:
    there = server.at(folder)
    return there[pick % len(there)] if there else None


def _moves(source: str, target: str) -> Act:
    def act(server: Bookkeeper, pick: int) -> None:
        message = _one(server, source, pick)
        if message is not None and target in server.folder_names():
            server.move(source, message.uid, target)

    return act


def _copies(source: str, target: str) -> Act:
    def act(server: Bookkeeper, pick: int) -> None:
        message = _one(server, source, pick)
        if message is not None and target in server.folder_names():
            server.copy(source, message.uid, target)

    return act


def _deletes(folder: str) -> Act:
    def act(server: Bookkeeper, pick: int) -> None:
        message = _one(server, folder, pick)
        if message is not None:
            server.delete(folder, message.uid)

    return act


def _flags(folder: str, flag: str) -> Act:
    def act(server: Bookkeeper, pick: int) -> None:
        message = _one(server, folder, pick)
        if message is not None:
            server.flag(folder, message.uid, flag)

    return act


def _unflags(folder: str) -> Act:
    def act(server: Bookkeeper, pick: int) -> None:
        message = _one(server, folder, pick)
        if message is not None and message.flags:
            server.unflag(folder, message.uid, *message.flags)

    return act


def _expunges(folder: str) -> Act:
    """A plain EXPUNGE of another program: all that is marked, also what we had marked half-way."""

    def act(server: Bookkeeper, _pick: int) -> None:
        for message in server.at(folder):
            if "\\Deleted" in message.flags:
                server.delete(folder, message.uid)

    return act


def _renames(folder: str, to: str) -> Act:
    """Away, or back if it is away (and nothing new took its place)."""

    def act(server: Bookkeeper, _pick: int) -> None:
        names = server.folder_names()
        if folder in names and to not in names:
            server.rename(folder, to)
        elif to in names and folder not in names:
            server.rename(to, folder)

    return act


def _remakes(how: str, folder: str) -> Act:
    def act(server: Bookkeeper, _pick: int) -> None:
        if folder in server.folder_names():
            getattr(server, how)(folder)

    return act


HANDS: dict[str, Act] = {
    "flags it": _flags("INBOX", "\\Flagged"),
    "answers it": _flags("INBOX", "\\Answered"),
    "reads it": _flags("INBOX", "\\Seen"),
    "labels it": _flags("INBOX", "$Label1"),
    "marks it deleted": _flags("INBOX", "\\Deleted"),
    "flags it in Backscatter": _flags(BACKSCATTER, "\\Flagged"),
    "marks it deleted in Backscatter": _flags(BACKSCATTER, "\\Deleted"),
    "takes the flags away": _unflags("INBOX"),
    "takes the flags away in Backscatter": _unflags(BACKSCATTER),
    "drags it back": _moves(BACKSCATTER, "INBOX"),
    "drags it back again": _moves(BACKSCATTER, "INBOX"),
    "drags it away": _moves("INBOX", BACKSCATTER),
    "archives it": _moves("INBOX", "Archive"),
    "brings it from the archive": _moves("Archive", "INBOX"),
    "throws it away": _moves(BACKSCATTER, "Trash"),
    "copies it": _copies("INBOX", "INBOX"),
    "copies it back": _copies(BACKSCATTER, "INBOX"),
    "copies it away": _copies("INBOX", BACKSCATTER),
    "copies it in Backscatter": _copies(BACKSCATTER, BACKSCATTER),
    "deletes it": _deletes("INBOX"),
    "deletes it in Backscatter": _deletes(BACKSCATTER),
    "expunges": _expunges("INBOX"),
    "expunges Backscatter": _expunges(BACKSCATTER),
    "renames Backscatter": _renames(BACKSCATTER, "Old"),
    "makes Backscatter anew": _remakes("renew", BACKSCATTER),
    "drops Backscatter": _remakes("drop", BACKSCATTER),
    "rebuilds Backscatter": _remakes("reindex", BACKSCATTER),
    "restores Backscatter": _remakes("reset", BACKSCATTER),
    "rebuilds INBOX": _remakes("reindex", "INBOX"),
    "restores INBOX": _remakes("reset", "INBOX"),
}

# Those that make the log unsure; what is due to be put away may then stay.
ON_SENT: dict[str, Act] = {
    "deletes a sent copy": _deletes("Sent"),
    "renames Sent": _renames("Sent", "Elsewhere"),
    "makes Sent anew": _remakes("renew", "Sent"),
    "rebuilds Sent": _remakes("reindex", "Sent"),
}

ALL = {**HANDS, **ON_SENT}
