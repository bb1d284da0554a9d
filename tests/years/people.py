"""Who lives in the simulated years: persons, their accounts and providers, the people they write to, strangers.

Names end in .example, addresses are those of documentation (RFC 2606, 5737), but for houses that the product knows
by name (Google, Microsoft, Amazon): what it knows of them is under test, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from scatterclean.demo.dice import Dice
from scatterclean.mailbox.memory import MemoryServer
from scatterclean.model import SHARED_BY_MANY, Account, Identities, Mode

Host = tuple[str, str]


@dataclass(frozen=True)
class Provider:
    """Machines of a mail provider: IMAP server, incoming, outgoing, and the one that takes the person's mail."""

    server: str
    mx: Host
    out: tuple[Host, ...]
    submission: Host
    rewrites: str = (
        ""  # "microsoft": another id on the wire, named in the copy; "plain": another, and nothing tells
    )


POSTHAUS = Provider(
    "imap.posthaus.example",
    ("mx1.posthaus.example", "198.51.100.11"),
    (("out1.posthaus.example", "198.51.100.21"), ("out2.posthaus.example", "198.51.100.22")),
    ("out1.posthaus.example", "198.51.100.21"),
)
GOOGLE = Provider(
    "imap.gmail.com",
    ("mx.google.com", "192.0.2.131"),
    (("mail-lf1-f44.google.com", "192.0.2.144"), ("mail-ed1-f52.google.com", "192.0.2.152")),
    ("smtp.gmail.com", "192.0.2.160"),
)
MICROSOFT = Provider(
    "outlook.office365.com",
    ("AM6EUR05FT012.mail.protection.outlook.com", "192.0.2.171"),
    (("mail-db8eur05olkn2034.outbound.protection.outlook.com", "192.0.2.172"),),
    ("DB7PR04MB1234.eurprd04.prod.outlook.com", "192.0.2.173"),
    rewrites="microsoft",
)
AMAZON = Provider(
    "imap.mail.eu-west-1.awsapps.com",
    ("inbound-smtp.eu-west-1.amazonaws.com", "192.0.2.181"),
    (("a7-12.smtp-out.eu-west-1.amazonses.com", "192.0.2.182"),),
    ("email-smtp.eu-west-1.amazonaws.com", "192.0.2.183"),
    rewrites="plain",
)


@dataclass
class Box:
    """One account on one server.  `begins`: it is swept from that day on; `dead`: days without a login."""

    account: Account
    provider: Provider
    server: MemoryServer = field(default_factory=MemoryServer)
    begins: int = 0
    dead: tuple[int, int] = (0, 0)

    @property
    def name(self) -> str:
        return self.account.name


@dataclass
class Person:
    """`write_to` are people that are written to; `vps`: a machine of a hoster that sends by itself; `role`: an
    address that colleagues use, too."""

    name: str
    address: str
    boxes: list[Box]
    write_to: Sequence[str]
    vps: Host
    role: str = ""
    wildcard: bool = False

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def own_domain(self) -> bool:
        return self.domain not in SHARED_BY_MANY


def _account(name: str, person: str, addresses: set[str], provider: Provider, **rest: object) -> Account:
    return Account(
        name,
        Identities(addresses=frozenset(addresses), shared=rest.pop("shared", frozenset())),  # type: ignore[arg-type]
        person=person,
        mode=Mode.MOVE,
        server=provider.server,
        settle=timedelta(minutes=10),
        **rest,  # type: ignore[arg-type]  # the fields of Account
    )


def household(seed: int, days: int) -> list[Person]:
    """Ada has a domain of her own; Ben two accounts at large providers; Cleo a shop whose provider rewrites ids."""
    dice = Dice(f"household/{seed}")

    def circle(label: str) -> list[str]:
        return [f"{label}{n}@{dice.pick(FRIENDS)}" for n in range(25)]

    week = dice.between(days // 4, days // 2)
    ada = Person(
        "ada",
        "ada@winter.example",
        [
            Box(_account("ada", "ada", {"ada@winter.example", "*@winter.example"}, POSTHAUS), POSTHAUS),
            Box(_account("ada-google", "ada", {"ada.winter@gmail.com"}, GOOGLE), GOOGLE, begins=days // 3),
        ],
        circle("a"),
        ("vps17.hoster.example", "203.0.113.17"),
        wildcard=True,
    )
    ben = Person(
        "ben",
        "ben.holt@outlook.com",
        [
            Box(
                _account("ben", "ben", {"ben.holt@outlook.com"}, MICROSOFT), MICROSOFT, dead=(week, week + 7)
            ),
        ],
        circle("b"),
        ("static.203.0.113.33.vps-cheap.example", "203.0.113.33"),
    )
    hosts = frozenset({".amazonses.com", ".amazonaws.com"}) if dice.below(2) else frozenset[str]()
    cleo = Person(
        "cleo",
        "cleo@atelier.example",
        [
            Box(
                _account(
                    "cleo",
                    "cleo",
                    {"cleo@atelier.example"},
                    AMAZON,
                    hosts=hosts,
                    shared=frozenset({"info@atelier.example"}),
                ),
                AMAZON,
            )
        ],
        circle("c"),
        ("web.atelier-hosting.example", "203.0.113.49"),
        role="info@atelier.example",
    )
    return [ada, ben, cleo]


FRIENDS = tuple(
    f"{name}.example" for name in ("becker", "castellano", "verlag", "lexika", "okafor", "chor", "hahn")
)
STRANGERS = tuple(
    f"{name}.example"
    for name in (
        "northgate",
        "blauwal",
        "unilab",
        "ferreira",
        "harborview",
        "kobalt",
        "osterby",
        "volta",
        "petitbois",
    )
)
# Where the person writes for the first time, or with a typo.
NEW = tuple(
    f"{name}.example" for name in ("hotel-alm", "dentist-roth", "shop-nine", "museum-west", "carrental")
)
BOTS: tuple[Host, ...] = (
    ("", "203.0.113.77"),
    ("host-113-90.kabelnet.example", "203.0.113.90"),
    ("dsl-203-0-113-158.telefonica-sur.example", "203.0.113.158"),
    ("static.203.0.113.171.vps-cheap.example", "203.0.113.171"),
    ("mail.hacked-shop.example", "203.0.113.202"),
    ("", "203.0.113.240"),
)
