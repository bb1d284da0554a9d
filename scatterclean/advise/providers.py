"""Who handles the mail of a domain, by its MX hosts and SPF includes: the usual selectors there, and what to include.

Selectors and includes as commonly written for these providers; none was tried against a provider.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scatterclean.model import SHARED_BY_MANY

# Domains in which anybody gets an address.  What judgments rest on is the shorter list of model/person.py; here one too
# many would keep an owner from good advice, so only known ones are in it (those of setup/providers.py).
SHARED = SHARED_BY_MANY | {
    *(
        *("1und1.de", "aim.com", "aol.co.uk", "aol.de", "aol.fr", "aol.it"),
        *("bk.ru", "email.com", "email.cz", "etik.com", "fastmail.de", "fastmail.fm"),
        *("foxmail.com", "gmx.ch", "gmx.eu", "gmx.info", "gmx.org", "hotmail.co.uk"),
        *("hotmail.de", "hotmail.es", "hotmail.fr", "hotmail.it", "hotmail.nl", "ik.me"),
        *("inbox.ru", "inwind.it", "iol.it", "list.ru", "live.co.uk", "live.de"),
        *("live.fr", "live.it", "live.nl", "magenta.de", "mail.com", "messagingengine.com"),
        *("neuf.fr", "online.de", "outlook.com.br", "outlook.de", "outlook.es", "outlook.fr"),
        *("outlook.it", "passport.com", "pm.me", "posteo.eu", "posteo.net", "protonmail.ch"),
        *("rocketmail.com", "sent.com", "sfr.fr", "verizon.net", "wanadoo.fr", "ya.ru"),
        *("yahoo.ca", "yahoo.co.in", "yahoo.co.uk", "yahoo.com.au", "yahoo.com.br", "yahoo.de"),
        *("yahoo.es", "yahoo.fr", "yahoo.in", "yahoo.it", "yandex.by", "yandex.kz"),
        *("ymail.com", "zoho.eu", "zohomail.com", "zohomail.eu"),
    )
}


@dataclass(frozen=True, slots=True)
class Provider:
    """`ends`: of the names of its MX hosts and of what customers include."""

    name: str
    ends: tuple[str, ...]
    include: str
    selectors: tuple[str, ...]


PROVIDERS = (
    Provider("Google", ("google.com", "googlemail.com"), "_spf.google.com", ("google",)),
    Provider(
        "Microsoft", ("outlook.com", "office365.us"), "spf.protection.outlook.com", ("selector1", "selector2")
    ),
    Provider("Fastmail", ("messagingengine.com",), "spf.messagingengine.com", ("fm1", "fm2", "fm3")),
    Provider(
        "Proton",
        ("protonmail.ch",),
        "_spf.protonmail.ch",
        ("protonmail", "protonmail2", "protonmail3"),
    ),
    Provider("iCloud", ("mail.icloud.com", "icloud.com"), "icloud.com", ("sig1",)),
    Provider("Zoho", ("zoho.com", "zoho.eu", "zohomail.com"), "zohomail.com", ("zoho", "zmail")),
    Provider("mailbox.org", ("mailbox.org",), "mailbox.org", ("mbo0001", "mbo0002", "mbo0003", "mbo0004")),
    Provider("Yandex", ("yandex.net", "yandex.ru"), "_spf.yandex.net", ("mail",)),
    Provider("Migadu", ("migadu.com",), "spf.migadu.com", ("key1", "key2", "key3")),
    Provider(
        "IONOS", ("ionos.com", "ionos.de", "kundenserver.de", "perfora.net"), "", ("s1-ionos", "s2-ionos")
    ),
    Provider("OVH", ("ovh.net",), "mx.ovh.com", ()),
    Provider("Gandi", ("gandi.net",), "_mailcust.gandi.net", ("gm1", "gm2", "gm3")),
    Provider("Mailgun", ("mailgun.org",), "", ("k1", "mx", "pic")),
    Provider("SendGrid", ("sendgrid.net",), "", ("s1", "s2")),
    Provider("Mailchimp", ("mcsv.net", "mandrillapp.com"), "", ("k1", "k2", "k3", "mandrill")),
)

# Of small servers: what the handbooks of OpenDKIM, Rspamd, cPanel, Plesk, DirectAdmin and Mail-in-a-Box propose.
COMMON = ("default", "mail", "dkim", "x", "s1", "s2", "selector1", "key1")


def providers_of(hosts: Iterable[str]) -> list[Provider]:
    """Those to whom any of these hosts (of MX, of includes) belongs."""
    names = [host.lower().rstrip(".") for host in hosts]
    return [
        provider
        for provider in PROVIDERS
        if any(name == end or name.endswith(f".{end}") for name in names for end in provider.ends)
    ]
