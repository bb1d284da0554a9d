"""Who is in the demo's mailbox: Ada Winter, the people she writes to, the strangers, and their places.

Every address ends in .example and every IP address is set aside for documentation (RFC 2606, RFC 5737), so
nobody real can be met here.  The people whom Ada knows and the strangers share no domain.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    @property
    def first(self) -> str:
        return self.name.partition(" ")[0]


ADA = Person("Ada Winter", "ada@winter.example")
# What spammers make of a domain that they have seen once.
GUESSED = ("ada@winter.example",) * 6 + (
    "info@winter.example",
    "kontakt@winter.example",
    "a.winter@winter.example",
    "sales@winter.example",
    "jkwrz@winter.example",
)

# Ada's provider: what her mail comes in by, and what it goes out by.
MX = (("mx1.posthaus.example", "198.51.100.11"), ("mx2.posthaus.example", "198.51.100.12"))
OUT = (("out1.posthaus.example", "198.51.100.21"), ("out2.posthaus.example", "198.51.100.22"))
HOME = ("p57a1.dip.stadtnetz.example", "192.0.2.57")

JONAS = Person("Jonas Becker", "jonas.becker@becker-tischlerei.example")
MIRA = Person("Mira Castellano", "mira@castellano.example")
HENRIKE = Person("Henrike Vogt", "henrike.vogt@verlag-morgenrot.example")
PAUL = Person("Paul Nwosu", "paul.nwosu@lexika.example")
INES = Person("Ines Duarte", "ines.duarte@tradutores.example")
BETTINA = Person("Bettina Krause", "bettina@chor-lindenau.example")
EMIL = Person("Emil Winter", "emil@familie-winter.example")
GRETE = Person("Grete Winter", "grete.winter@seniorenpost.example")
CLARA = Person("Clara Lindqvist", "clara@lindqvist.example")
DAVID = Person("David Okafor", "d.okafor@okafor-films.example")
YUKI = Person("Yuki Tanaka", "yuki@tanaka-books.example")
AGNES = Person("Agnès Moreau", "agnes.moreau@editions-moreau.example")
TOMASZ = Person("Tomasz Zieliński", "tomasz@zielinski.example")
SABINE = Person("Sabine Hahn", "kanzlei@steuer-hahn.example")
UWE = Person("Uwe Radtke", "werkstatt@radhaus.example")
HAUS = Person("Hausverwaltung Süd", "info@hausverwaltung-sued.example")
NORA = Person("Nora Flint", "programme@transfest.example")

# By their first names, as the texts of the demo call them.
BY_NAME = {
    person.first.lower(): person
    for person in (
        *(JONAS, MIRA, HENRIKE, PAUL, INES, BETTINA, EMIL, GRETE, CLARA, DAVID, YUKI, AGNES, TOMASZ),
        *(SABINE, UWE, HAUS, NORA),
    )
}
CHOIR_LIST = "chor@listen.chor-lindenau.example"

# Where the spam was sent to: (domain, the host that takes its mail, its address).
STRANGERS = (
    ("northgate-tools.example", "mx.northgate-tools.example", "203.0.113.5"),
    ("blauwal-it.example", "mail.blauwal-it.example", "203.0.113.9"),
    ("unilab.example", "mailhub.unilab.example", "203.0.113.14"),
    ("ferreira-e-filhos.example", "mx1.ferreira-e-filhos.example", "203.0.113.18"),
    ("harborview-clinic.example", "gw.harborview-clinic.example", "203.0.113.22"),
    ("kobalt-druck.example", "mx.kobalt-druck.example", "203.0.113.27"),
    ("osterby.example", "smtp.osterby.example", "203.0.113.31"),
    ("sunfield-school.example", "mail.sunfield-school.example", "203.0.113.36"),
    ("volta-motors.example", "mx2.volta-motors.example", "203.0.113.40"),
    ("petitbois.example", "mx.petitbois.example", "203.0.113.45"),
    ("granite-legal.example", "mailgate.granite-legal.example", "203.0.113.49"),
    ("nimbus-host.example", "shared14.nimbus-host.example", "203.0.113.54"),
    ("vesuvio-viaggi.example", "mail.vesuvio-viaggi.example", "203.0.113.58"),
    ("sakura-trading.example", "mx01.sakura-trading.example", "203.0.113.63"),
    ("oldmill-farm.example", "oldmill-farm.example", "203.0.113.67"),
    ("tbilisi-logistics.example", "mx.tbilisi-logistics.example", "203.0.113.72"),
)
STRANGE_NAMES = (
    *("m.hartmann", "lars", "accounts", "jperez", "office", "wendy.cole", "b.novak", "order", "t.hoang"),
    *("service", "stefanie.lang", "rjones", "purchasing", "k.sato", "anna-lena", "hr", "pedro.alves"),
    *("webmaster", "c.dubois", "newsdesk", "igor.v", "reception", "d.mcbride", "jobs", "francesca"),
    *("support", "olga", "bestellung"),
)

# Where the spam came from: infected machines at home (name or none, address).
BOTS = (
    ("", "203.0.113.77"),
    ("host-113-90.kabelnet.example", "203.0.113.90"),
    ("", "203.0.113.131"),
    ("dsl-203-0-113-158.telefonica-sur.example", "203.0.113.158"),
    ("static.203.0.113.171.vps-cheap.example", "203.0.113.171"),
    ("", "203.0.113.202"),
    ("adsl-219.indonet.example", "203.0.113.219"),
    ("", "203.0.113.240"),
)
