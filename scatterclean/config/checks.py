"""What keys and accounts must not be together, and what is unwise; each key alone is the schema's."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from pathlib import Path

from scatterclean.config.lines import Path as KeyPath
from scatterclean.config.oauth import missing_in
from scatterclean.config.problems import Problem, dotted
from scatterclean.config.schema import AccountTable, shown
from scatterclean.config.secret import Source
from scatterclean.config.settings import SETTLE, Tls
from scatterclean.model import Identities

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_WISE_POLL = timedelta(seconds=30)
_WISE_SETTLE = timedelta(minutes=2)
_INBOX_PREFIX = re.compile(r"inbox[./](?=.)")
# Folders that programs and providers empty by themselves, or that mean something else to them: what is put there
# is not safe.  The names are those of RFC 6154 and of Gmail, Outlook, Apple Mail, Thunderbird and web mailers.
_USED_OTHERWISE = frozenset(
    (
        *("trash", "bin", "deleted", "deleted items", "deleted messages", "papierkorb", "gelöschte elemente"),
        *(
            "gelöschte objekte",
            "gelöscht",
            "corbeille",
            "éléments supprimés",
            "papelera",
            "cestino",
            "prullenbak",
        ),
        *("lixo", "lixeira", "kosz", "elementos eliminados", "posta eliminata"),
        *("junk", "junk e-mail", "junk email", "junk mail", "spam", "bulk", "bulk mail", "spamverdacht"),
        *("junk-e-mail", "courrier indésirable", "indésirables", "pourriel", "correo no deseado"),
        *("posta indesiderata", "ongewenste e-mail"),
        *("drafts", "draft", "entwürfe", "entwurf", "brouillons", "borradores", "bozze", "concepten"),
        *("sent", "sent items", "sent mail", "sent messages", "sent-mail", "gesendet", "gesendete elemente"),
        *(
            "gesendete objekte",
            "envoyés",
            "messages envoyés",
            "éléments envoyés",
            "enviados",
            "posta inviata",
        ),
        *("outbox", "postausgang", "templates", "all mail", "alle nachrichten"),
    )
)
_ADDRESS = re.compile(r"[^\s@*]+@[^\s@*]+\.[^\s@*.]+")
SOURCES = tuple(source.value for source in Source)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account's table laid over the defaults; `table` holds the values in force.

    `own` and `defaulted` are the keys that stand in the account's table and in force from the defaults,
    `broken` those of them whose value the schema refused (they are None in `table`).  `hollow`: nothing is
    in its table but what was refused (`[accounts.my.mail]` makes an account `my`).
    """

    name: str
    table: AccountTable
    own: frozenset[str]
    defaulted: frozenset[str]
    broken: frozenset[str]
    hollow: bool

    def at(self, key: str) -> KeyPath:
        """Where the value in force stands; the account's header if it stands nowhere."""
        if key in self.own:
            return ("accounts", self.name, key)
        return ("defaults", key) if key in self.defaulted else ("accounts", self.name)

    def sources(self) -> list[str]:
        """The keys in force that say where the password is, broken ones too."""
        return [key for key in SOURCES if key in self.own or key in self.defaulted]

    @property
    def tls(self) -> Tls:
        return self.table.tls or Tls.IMPLICIT

    @property
    def port(self) -> int:
        return self.table.port or self.tls.port

    @property
    def watch(self) -> list[str]:
        return self.table.watch or ["INBOX"]

    @property
    def backscatter(self) -> str:
        return self.table.backscatter or "Backscatter"

    @property
    def identities(self) -> Identities:
        """The user name counts as an address if it looks like one and no `addresses` are given."""
        addresses = self.table.addresses
        username = (self.table.username or "").lower()
        if not addresses and "addresses" not in self.broken and _ADDRESS.fullmatch(username):
            addresses = [username]
        return Identities(
            addresses=frozenset(addresses or ()),
            shared=frozenset(self.table.shared or ()),
            never_sends=frozenset(self.table.never_sends or ()),
        )


def lay_over(
    name: str,
    own: AccountTable,
    defaults: AccountTable,
    given: tuple[frozenset[str], frozenset[str]],
    broken: frozenset[KeyPath],
) -> Candidate:
    """`given`: the keys that stand in the account's table and in the defaults; `broken`: refused paths."""
    own_keys, default_keys = given
    if own_keys.intersection(SOURCES):  # one place of the password replaces the other, whichever it is
        default_keys -= frozenset(SOURCES)
    in_force = default_keys - own_keys
    values = {key: getattr(defaults, key) for key in in_force} | {key: getattr(own, key) for key in own_keys}
    if own.kinds and defaults.kinds:
        values["kinds"] = defaults.kinds.model_copy(
            update={key: getattr(own.kinds, key) for key in own.kinds.model_fields_set}
        )
    return Candidate(
        name=name,
        table=AccountTable.model_construct(**values),
        own=own_keys,
        defaulted=in_force,
        broken=frozenset(
            {key for key in own_keys if any(path[:3] == ("accounts", name, key) for path in broken)}
            | {key for key in in_force if any(path[:2] == ("defaults", key) for path in broken)}
        ),
        hollow=not own_keys and any(path[:2] == ("accounts", name) for path in broken),
    )


def problems_of(candidate: Candidate, base: Path) -> Iterator[Problem]:
    """All problems of one account; `base` is the directory that relative paths start from."""
    if candidate.hollow:
        return
    checks: tuple[Callable[[Candidate], Iterator[Problem]], ...] = (
        _name,
        _required,
        _password,
        _oauth,
        _plaintext,
        _folders,
        _addresses,
    )
    for check in checks:
        yield from check(candidate)
    if candidate.table.ca_file is not None:
        yield from _authority(candidate, base / candidate.table.ca_file)


def problems_between(candidates: Sequence[Candidate]) -> Iterator[Problem]:
    """What two accounts must not have in common."""
    for first, second in combinations(candidates, 2):
        one, two = first.table, second.table
        if first.name.casefold() == second.name.casefold():
            yield Problem(
                ("accounts", second.name),
                f"differs from {first.name} only in upper and lower case, expected another name",
            )
        if one.host and one.username and _mailbox(first) == _mailbox(second):
            yield Problem(
                second.at("username"),
                f"the same mailbox as accounts.{dotted((first.name,))} (host and username), "
                "expected every mailbox once",
            )
        if (one.person or "") == (two.person or ""):
            for sender, silent in ((first, second), (second, first)):
                yield from _sends_after_all(sender, silent)


def warnings_of(candidate: Candidate, *, readable_by_others: bool) -> Iterator[Problem]:
    """What works, and is unwise.  `readable_by_others`: the configuration file itself."""
    table = candidate.table
    if table.oauth_client_secret is not None and readable_by_others:
        yield Problem(candidate.at("oauth_client_secret"), "others may read this file, expected mode 600")
    if table.password is not None and readable_by_others:
        yield Problem(
            candidate.at("password"),
            "others may read this file and so the password, "
            "expected mode 600 (chmod 600), or password_command in its place",
        )
    if table.poll is not None and table.poll < _WISE_POLL and not is_loopback(table.host or ""):
        yield Problem(
            candidate.at("poll"), "providers throttle clients that ask so often, expected 30s or more"
        )
    if table.settle is not None and table.settle < _WISE_SETTLE:
        yield Problem(
            candidate.at("settle"),
            "a bounce can be faster than the copy in Sent, expected 2m or more "
            f"(default: {SETTLE // timedelta(minutes=1)}m)",
        )
    wrong_port = {Tls.IMPLICIT: 143, Tls.STARTTLS: 993, Tls.NONE: 993}[candidate.tls]
    if table.port == wrong_port:
        yield Problem(
            candidate.at("port"),
            f'port {wrong_port} rarely speaks tls = "{candidate.tls}", expected {candidate.tls.port}',
        )


def _mailbox(candidate: Candidate) -> tuple[str, str, int]:
    host = candidate.table.host or ""
    # Tunnels and bridges give every server a port of its own on one loopback address.
    port = candidate.port if is_loopback(host) else 0
    return host, (candidate.table.username or "").casefold(), port


def _name(candidate: Candidate) -> Iterator[Problem]:
    if not _NAME.fullmatch(candidate.name):
        yield Problem(
            ("accounts", candidate.name),
            "cannot be the name of an account, "
            "expected 1 to 64 letters, digits, dots, underscores and hyphens, the first a letter or digit",
        )


def _required(candidate: Candidate) -> Iterator[Problem]:
    for key, example in (("host", "imap.example.org"), ("username", "me@example.org")):
        if getattr(candidate.table, key) is None and key not in candidate.broken:
            yield Problem(("accounts", candidate.name, key), f'missing, expected text such as "{example}"')


def _password(candidate: Candidate) -> Iterator[Problem]:
    sources = candidate.sources()
    if not sources:
        yield Problem(
            ("accounts", candidate.name),
            f"nothing says where the password is, expected exactly one of {', '.join(SOURCES)}",
        )
    elif len(sources) > 1:
        yield Problem(
            candidate.at(sources[1]), f"{' and '.join(sources)} are given, expected exactly one of them"
        )


def _oauth(candidate: Candidate) -> Iterator[Problem]:
    table = candidate.table
    if table.oauth is not None and candidate.broken.isdisjoint(("oauth", "oauth_client_id")):
        for text in missing_in(table.oauth, table.oauth_client_id):
            yield Problem(candidate.at("oauth"), text)
    for key in ("oauth_client_id", "oauth_client_secret"):
        if key in candidate.own and "oauth" not in candidate.sources():
            yield Problem(candidate.at(key), "nothing uses it, expected oauth = ... beside it")


def _plaintext(candidate: Candidate) -> Iterator[Problem]:
    table = candidate.table
    if candidate.tls is Tls.NONE and table.host and not is_loopback(table.host) and not table.allow_plaintext:
        if "allow_plaintext" in candidate.broken:
            return
        yield Problem(
            candidate.at("tls"),
            f'"none" sends the password in the clear to {table.host}, expected "implicit" or "starttls", '
            "or allow_plaintext = true if that is really wanted",
        )


def is_loopback(host: str) -> bool:
    """Does the name or address mean this machine itself (RFC 6761, 6.3; RFC 1122, 3.2.1.3)?"""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _authority(candidate: Candidate, path: Path) -> Iterator[Problem]:
    try:
        if path.is_file():
            what = "" if b"CERTIFICATE-----" in path.read_bytes() else "holds no certificate"
        else:  # reading a pipe might wait for ever
            what = "is no regular file" if path.exists() else "does not exist"
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
    if what:
        at = candidate.at("ca_file")
        yield Problem(at, f"{shown(str(path), 1000)} {what}, expected a file of PEM certificates")


def _folder(name: str) -> str:
    # "INBOX.Backscatter" is "Backscatter" on servers whose personal namespace is INBOX (Courier, old Cyrus);
    # servers on some file systems take upper and lower case for the same, and INBOX is so everywhere.
    return _INBOX_PREFIX.sub("", name.casefold())


def _last_part(folder: str) -> str:
    return re.split(r"[/.\\|]", folder)[-1].strip()


def _folders(candidate: Candidate) -> Iterator[Problem]:
    watch, sent = candidate.watch, candidate.table.sent or []
    name, target = shown(candidate.backscatter), _folder(candidate.backscatter)
    named = "backscatter" in candidate.own | candidate.defaulted
    if target == "inbox":
        yield Problem(candidate.at("backscatter"), "INBOX cannot be it, expected a folder of its own")
    elif _last_part(target) in _USED_OTHERWISE and target not in map(_folder, (*watch, *sent)):
        yield Problem(
            candidate.at("backscatter"),
            f"{name} is a folder that mail programs and providers empty or use for something else, and what is "
            'put away must stay, expected a folder of its own, such as "Backscatter"',
        )
    for key, folders in (("watch", watch), ("sent", sent)):
        yield from _twice(candidate.at(key), folders, _folder)
        if target == "inbox" or target not in map(_folder, folders):
            continue
        if named:
            yield Problem(
                candidate.at("backscatter"), f"{name} is in {key} too, expected a folder of its own"
            )
        else:
            yield Problem(
                candidate.at(key),
                f"orphans are moved to {name}, expected another folder here, or another backscatter",
            )
    for folder in sent:
        if _folder(folder) in map(_folder, watch):
            yield Problem(
                candidate.at("sent"), f"{shown(folder)} is in watch too, expected it in one of them"
            )


def _twice(at: KeyPath, values: Sequence[str], folded: Callable[[str], str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, value in enumerate(values):
        if folded(value) in seen:
            yield Problem((*at, index), f"{shown(value)} is listed twice, expected it once")
        seen.add(folded(value))


def _addresses(candidate: Candidate) -> Iterator[Problem]:
    identities = candidate.identities
    for key in ("addresses", "shared", "never_sends"):
        yield from _twice(candidate.at(key), getattr(candidate.table, key) or [], str.lower)
    for address in sorted(identities.addresses):
        if address in identities.shared or (address[0] != "*" and identities.is_shared(address)):
            yield Problem(
                candidate.at("shared"),
                f"{shown(address)} is an address of yours alone too ({_stands_in(candidate)}), "
                "expected it in one of them",
            )
    for address in sorted(identities.never_sends & identities.shared):
        yield Problem(
            candidate.at("never_sends"), f"{shown(address)} is in shared too, expected it in one of them"
        )
    yield from _sends_after_all(candidate, candidate)


def _sends_after_all(sender: Candidate, silent: Candidate) -> Iterator[Problem]:
    for address in sorted(sender.identities.addresses):
        never = silent.identities
        if address in never.never_sends or (address[0] != "*" and never.sends_never(address)):
            yield Problem(
                silent.at("never_sends"),
                f"{shown(address)} does send ({_stands_in(sender)}), expected what nothing is sent from",
            )


def _stands_in(candidate: Candidate) -> str:
    key = "addresses" if candidate.table.addresses else "username"
    return dotted(candidate.at(key))


def given_in(table: object) -> frozenset[str]:
    """The keys of a raw table."""
    return frozenset(table) if isinstance(table, Mapping) else frozenset()
