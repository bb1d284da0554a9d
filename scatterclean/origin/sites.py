"""To whom a host belongs, by its name alone: its registrable domain, and the machines of large providers."""

from __future__ import annotations

import re
from functools import lru_cache

# Second-level domains under which others register, by top-level domain: the commonest of the ICANN section of the
# Public Suffix List (https://publicsuffix.org/list/, seen 2026-11).  One that is missing makes a site too wide: that
# only keeps mail.
_SECOND_LEVELS = {
    second + "." + top
    for top, seconds in {
        "ae": "co net org ac gov",
        "ar": "com net org edu gob gov int mil tur",
        "at": "co or ac gv",
        "au": "com net org edu gov asn id",
        "bd": "com net org edu gov ac",
        "bo": "com net org edu gob",
        "br": "com net org edu gov art adv blog eco emp eng far fot ind inf jor jus leg med mp tur tv wiki",
        "cn": "com net org edu gov ac",
        "co": "com net org edu gov nom",
        "cr": "co or ac go fi ed",
        "cy": "com net org ac gov ltd biz",
        "do": "com net org edu gob gov",
        "ec": "com net org edu gob fin med info",
        "eg": "com net org edu gov sci",
        "es": "com nom org gob edu",
        "fr": "com asso nom gouv tm prd",
        "gh": "com org edu gov",
        "gr": "com net org edu gov",
        "gt": "com net org edu gob ind",
        "hk": "com net org edu gov idv",
        "hu": "co org info tm priv",
        "id": "co or ac go web net sch biz my",
        "il": "co org net ac gov muni k12",
        "in": "co net org firm gen ind ac edu res gov nic",
        "ir": "co net org ac gov id sch",
        "it": "edu gov",
        "jp": "co or ne ac ad ed go gr lg",
        "ke": "co or ne ac go me mobi info sc",
        "kr": "co or ne re pe go ac hs ms",
        "kw": "com net org edu gov",
        "lk": "com net org edu gov ac",
        "lv": "com net org edu gov id asn",
        "ma": "co net org ac gov press",
        "mt": "com net org edu",
        "mx": "com net org edu gob",
        "my": "com net org edu gov mil name",
        "ng": "com net org edu gov i name sch mobi",
        "nz": "co net org ac geek gen govt iwi kiwi maori school",
        "pe": "com net org edu gob nom",
        "ph": "com net org edu gov ngo",
        "pk": "com net org edu gov fam biz web gop",
        "pl": "com net org edu gov info biz waw art mil",
        "pt": "com net org edu gov int nome publ",
        "py": "com net org edu gov coop",
        "qa": "com net org edu gov",
        "ro": "com org info nom tm store www firm arts",
        "rs": "co org edu ac gov in",
        "ru": "com net org pp msk spb",
        "sa": "com net org edu gov med pub sch",
        "sg": "com net org edu gov per",
        "sv": "com org edu gob red",
        "th": "co in or ac go net mi",
        "tr": "com net org edu gov gen web k12 av bel biz info tel name dr pol bbs",
        "tw": "com net org edu gov idv game club ebiz",
        "tz": "co or ne ac go me",
        "ua": "com net org edu gov in kiev kyiv lviv odessa kharkov dp zp",
        "ug": "co or ac go ne sc com org",
        "uk": "co org me ltd plc net ac gov sch nhs police",
        "uy": "com net org edu gub",
        "uz": "co com net org",
        "ve": "co com net org edu gob info web",
        "vn": "com net org edu gov ac biz info name pro health",
        "za": "co net org ac gov law nom school web",
        "zw": "co org ac gov",
    }.items()
    for second in seconds.split()
}

# Sites of one house: whose IMAP server is in one of them sends through machines in any of them.
_HOUSES = (
    # Seen in Received lines on public mailing lists (vger.kernel.org, qemu-devel, freedesktop.org; 2004 to 2026) as
    # mail-*.google.com, mout.kundenserver.de, mo4-p00-ob.smtp.rzone.de, out1-smtp.messagingengine.com,
    # mail-40133.protonmail.ch, forward100b.mail.yandex.net, 6.mo581.mail-out.ovh.net, dd1234.kasserver.com ...
    "gmail.com googlemail.com google.com",
    "outlook.com office365.com hotmail.com live.com microsoft.com exchangelabs.com",
    "gmx.net gmx.com gmx.de gmx.at gmx.ch gmx.eu web.de mail.com kundenserver.de",
    "ionos.de ionos.com ionos.co.uk ionos.fr ionos.es ionos.it 1und1.de 1and1.com 1and1.co.uk kundenserver.de",
    "strato.de strato.com rzone.de",
    "yahoo.com yahoodns.net aol.com att.net",
    "me.com icloud.com mac.com apple.com",
    "fastmail.com fastmail.fm messagingengine.com",
    "proton.me protonmail.com protonmail.ch pm.me",
    "zoho.com zoho.eu zoho.in zohomail.com zohomail.eu zohomail.in zohocorp.com",
    "yandex.ru yandex.com yandex.net ya.ru",
    "mail.ru smailru.net list.ru bk.ru inbox.ru",
    "ovh.net ovh.com ovh.ca",
    "all-inkl.com kasserver.com",
    "domainfactory.de ispgateway.de df.eu",
    "rackspace.com emailsrvr.com",
    "bluehost.com unifiedlayer.com",
    "privateemail.com web-hosting.com registrar-servers.com jellyfish.systems",
    # Known by the owners' other names alone.
    "gandi.net gandi.me",
    "qq.com foxmail.com",
    "163.com 126.com 188.com yeah.net netease.com",
    "orange.fr wanadoo.fr",
    "free.fr proxad.net",
    "amazonaws.com awsapps.com amazonses.com",
    "yahoo.co.jp yahoo.ne.jp",
    "t-online.de telekom.de",
    "hostinger.com titan.email",
    "secureserver.net godaddy.com",
    "infomaniak.com infomaniak.ch ik.me",
    "dreamhost.com mailchannels.net",
    "hosteurope.de host-europe.de",
    "udag.de united-domains.de",
    "comcast.net xfinity.com",
    "seznam.cz email.cz",
    "bluewin.ch swisscom.ch",
)

# Names that an ISP gives to lines by the thousand, or that hold the address: the machine's neighbours are strangers.
_GENERIC = re.compile(
    r"(?:^|[.-])(?:[a-z]{0,3}dsl|dial(?:in|up)?|dip|dyn(?:amic)?(?:ip)?|pool|ppp(?:oe)?|cable|dhcp|static|client|cust"
    r"(?:omer)?|host|broadband|fib(?:er|re)|ftth|user|nat)[.-]?\d|"
    r"(?:^|[.-])(?:[a-z]{0,3}dsl|dial(?:in|up)|dip\d*|dyn(?:amic)?|pool|dhcp)\.|"
    r"(?:\d{1,3}[.x_-]){3}\d{1,3}|^(?:ip|p|host|s)?[0-9a-f]{8}[.-]"
)

# Names inside of somebody's house: `server.lan` is in many (RFC 6762, appendix G; ICANN's .internal of 2024).
_INSIDE = frozenset(
    {
        "local",
        "localdomain",
        "lan",
        "internal",
        "intranet",
        "home",
        "corp",
        "private",
        "localhost",
        "invalid",
        "arpa",
    }
)


@lru_cache(maxsize=2048)  # the bounces of a flood come from few hosts, through few hosts
def site(host: str) -> str:
    """The registrable domain of a host name, lower-cased; "" for single labels, addresses, bare suffixes and names
    that mean nothing outside of one house."""
    labels = host.strip(".").lower().split(".")
    if len(labels) < 2 or "" in labels or labels[-1].isdigit() or labels[-1] in _INSIDE:
        return ""
    if ".".join(labels[-2:]) in _SECOND_LEVELS:
        return ".".join(labels[-3:]) if len(labels) > 2 else ""
    return ".".join(labels[-2:])


def is_within(host: str, domain: str) -> bool:
    """Is it this domain, or below it?"""
    return bool(domain) and (host == domain or host.endswith("." + domain))


def is_generic(host: str) -> bool:
    """Is it the name of a line among thousands (dial-in, a customer's server), not of a provider's mail server?"""
    return _GENERIC.search(host.lower()) is not None


@lru_cache(maxsize=256)
def guessed(server: str) -> frozenset[str]:
    """The hosts through which mail may leave, as in `Provider.hosts`, guessed from the IMAP server's name.

    Good enough to acquit, never to convict: `Provider.known` stays False."""
    own = site(server)
    if not own:
        return frozenset()
    houses = [house.split() for house in _HOUSES if own in house.split()]
    return frozenset("." + each for house in ([own], *houses) for each in house)
