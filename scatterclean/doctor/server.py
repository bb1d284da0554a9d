"""What the server can and cannot, and its folders.  Nothing is opened for writing; no mail is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from scatterclean.deeds import unsafe_target
from scatterclean.doctor.patient import Patient
from scatterclean.doctor.told import Said, fault, warning, well
from scatterclean.errors import FolderMissing, SentFolderUnknown
from scatterclean.harvest import sent_folders
from scatterclean.mailbox.answers import Record, flags_in, rows
from scatterclean.model import WithoutUidplus
from scatterclean.plan import KEYWORD
from scatterclean.wording.text import table


def moving(patient: Patient) -> Iterator[Said]:
    """MOVE (RFC 6851) and UIDPLUS (RFC 4315): without both nothing can be moved safely."""
    can, account = _can(patient), patient.settings.account
    if can("MOVE"):
        yield well("MOVE: a message is moved in one step", "move")
    elif can("UIDPLUS"):
        yield well(
            "no MOVE: a message is copied, looked for, and only then removed; slower, and as safe", "move"
        )
    elif account.without_uidplus is WithoutUidplus.COPY_AND_MARK:
        yield warning(
            "cannot-move",
            "neither MOVE nor UIDPLUS: orphans are copied, and the originals stay in the inbox, marked",
            f"Let your mail program hide what bears the keyword {KEYWORD}; only another server can do more.",
        )
    else:
        yield fault(
            "cannot-move",
            "neither MOVE nor UIDPLUS: nothing can be moved safely, so nothing is",
            f'Set without_uidplus = "copy-and-mark" in {table(patient.name)}, or only observe (mode = "observe").',
        )
    if can("UIDPLUS"):
        yield well("UIDPLUS: it is known at once where a message went", "uidplus")
    elif account.keep_backscatter is not None:
        yield warning(
            "cannot-delete",
            "no UIDPLUS: what is old cannot be deleted from Backscatter without touching other mail, so it is kept",
            f"Take keep_backscatter out of {table(patient.name)}, and empty that folder yourself.",
        )
    elif can("MOVE"):
        yield well(
            "no UIDPLUS: after a move the message is looked for in its new place, which takes longer",
            "uidplus",
        )


def waking(patient: Patient) -> Iterable[Said]:
    """IDLE (RFC 2177)."""
    if _can(patient)("IDLE"):
        return [well("IDLE: the server tells of new mail as it arrives", "idle")]
    if not patient.settings.push:
        return [well("no IDLE, and it is not wanted (push = false)", "idle")]
    return [
        warning(
            "no-idle",
            "no IDLE: new mail is seen only when it is polled for, up to `poll` after it arrived",
            f'Set push = false and, if that is too slow, a shorter poll (such as "1m") in {table(patient.name)}.',
        )
    ]


def uses(patient: Patient) -> Iterable[Said]:
    """SPECIAL-USE (RFC 6154); Gmail and Office 365 tell it without announcing it."""
    if _can(patient)("SPECIAL-USE") or any(folder.use for folder in patient.folders):
        return [well("SPECIAL-USE: the server says itself which folder is Sent", "special-use")]
    if patient.settings.account.sent:
        return [well("no SPECIAL-USE; the Sent folders are named in the configuration", "special-use")]
    return [
        warning(
            "no-special-use",
            "no SPECIAL-USE: Sent is known by its name alone, and a folder that the server empties is not told apart",
            f"Name the folders where your sent mail is filed: sent = [...] in {table(patient.name)}.",
        )
    ]


def keywords(patient: Patient) -> Iterable[Said]:
    """Can what was moved bear `$Backscatter`?  As EXAMINE tells it: SELECT would change \\Recent."""
    name = patient.mailbox.personal(patient.settings.account.backscatter)
    if name not in {folder.name for folder in patient.folders}:
        name = "INBOX"
    known, permanent = _flags(patient, name)
    if KEYWORD.lower() in known or "\\*" in permanent:
        return [
            well(
                f"keywords: what is moved bears {KEYWORD}, so that a lost database undoes nobody's hand",
                "keywords",
            )
        ]
    if permanent:
        return [
            warning(
                "no-keywords",
                f"no keywords of our own: what is moved cannot bear {KEYWORD}, so only the database knows what "
                "a person has moved back",
                "Keep a backup of the database.",
            )
        ]
    return [
        well(
            f"keywords: whether {KEYWORD} can be kept is told only to who may change the folder, so nobody was asked",
            "keywords-unknown",
        )
    ]


def _flags(patient: Patient, folder: str) -> tuple[frozenset[str], frozenset[str]]:
    """(all that are in use there, those that can be changed for good), lower-cased."""
    session = patient.session
    assert session is not None  # noqa: S101 - the course sees to it
    answer = session.demand("EXAMINE", session.naming.wire(folder), about=folder)
    session.enter("SELECTED")
    return _lower(answer.untagged.get("FLAGS", ())), _lower([answer.code("PERMANENTFLAGS") or b"()"])


def _lower(records: Sequence[Record]) -> frozenset[str]:
    return frozenset(flag.lower() for row in rows(records) if row for flag in flags_in(row[0]) or ())


def watched(patient: Patient) -> Iterator[Said]:
    """The folders in which bounces arrive, and those of `also_sent`."""
    account = patient.settings.account
    for key, names in (("watch", account.watch), ("also_sent", account.also_sent)):
        for name in names:
            try:
                state = patient.mailbox.state(name)
            except FolderMissing as missing:
                has = ", ".join(repr(folder.name) for folder in patient.folders[:20])
                yield fault(
                    "inbox-missing" if name.upper() == "INBOX" else "folder-missing",
                    missing.what,
                    f"Correct `{key}` in {table(patient.name)}; the server has: {has}.",
                )
                continue
            yield well(
                f"{key}: {state.place.folder!r} is there, with {_messages(state.exists)}",
                key.replace("_", "-"),
            )


def filed(patient: Patient) -> Iterator[Said]:
    """The Sent folders, as a harvest finds them."""
    account = patient.settings.account
    try:
        names = sent_folders(patient.mailbox, account)
    except SentFolderUnknown as unknown:
        yield fault("sent-missing" if account.sent else "sent-unknown", unknown.what, unknown.hint)
        return
    if len(names) > 1 and not account.sent:
        yield warning(
            "sent-several",
            f"several folders look like Sent, and all are read: {', '.join(map(repr, names))}",
            f"If your sent mail is filed in some of them only, name those: sent = [...] in {table(patient.name)}.",
        )
    states = [patient.mailbox.state(name) for name in names]
    told = ", ".join(f"{state.place.folder!r} ({_messages(state.exists)})" for state in states)
    if any(state.exists for state in states):
        yield well(f"your sent mail is read from {told}", "sent-folders")
    else:
        yield fault(
            "sent-empty",
            f"nothing is in Sent: {told}; without a log of what you sent nothing is moved",
            "Let your mail program keep copies of sent mail on the server, or name the folder where they are: "
            f"sent = [...] in {table(patient.name)}.",
        )


def target(patient: Patient) -> Iterable[Said]:
    """Backscatter, if it is there already."""
    name = patient.mailbox.personal(patient.settings.account.backscatter)
    there = next((folder for folder in patient.folders if folder.name == name), None)
    mend = f'Set `backscatter` in {table(patient.name)} to a folder of its own, such as "Backscatter".'
    if there is None:
        return [well(f"{name!r} is not there yet; it is made when it is needed", "backscatter")]
    if not there.selectable:
        return [fault("backscatter-closed", f"{name!r} can hold folders, but no mail", mend)]
    if unsafe := unsafe_target(patient.mailbox, patient.name, name):
        return [fault("backscatter-unsafe", unsafe.partition("\n")[0], mend)]
    return [well(f"what is put away goes to {name!r}, which the server uses for nothing else", "backscatter")]


def _can(patient: Patient) -> Callable[[str], bool]:
    assert patient.session is not None  # noqa: S101 - the course sees to it
    return patient.session.can


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"
