"""The well-known providers: their servers, what they want at the login, and where an app password is made.  A table.

Servers and user names of freenet, GMX, mail.com, iCloud, AOL, Libero, Free, Orange, T-Online, Yandex, Zoho and
mailbox.org were compared with Mozilla's ISPDB (thunderbird/autoconfig) in 2026-11; the others were not, and none was
tried.  What a provider wants at the login changes faster than this file: the server's own words are always shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from scatterclean.config import Tls
from scatterclean.setup.servers import Said, Server


class Login(StrEnum):
    PASSWORD = "password"  # noqa: S105 - the name of a way to log in
    APP_PASSWORD = "app password"  # noqa: S105
    OAUTH = "OAuth2"
    NO_IMAP = "no IMAP"


@dataclass(frozen=True, slots=True)
class Provider:
    """`hosts` by domain of the address; "" is the one for all others.  `advice`: two lines at most, for people.

    `receives`: ends of the names of its MX hosts, by which domains of its customers are known.  `oauth`: its name in
    `config.oauth`, if the endpoints of its OAuth2 are known.
    """

    name: str
    hosts: Mapping[str, str]
    login: Login
    advice: tuple[str, ...]
    receives: tuple[str, ...] = ()
    username: str = "%EMAILADDRESS%"
    port: int = 993
    tls: Tls = Tls.IMPLICIT
    oauth: str = ""

    def server(self, domain: str, said: Said = Said.TABLE) -> Server | None:
        host = self.hosts.get(domain) or self.hosts.get("")
        if not host:
            return None
        # In a domain of the customer's own the part before the @ alone could be anybody.
        username = self.username if said is Said.TABLE else "%EMAILADDRESS%"
        return Server(host, self.port, self.tls, said, username)


def _hosts(host: str, *domains: str, **others: str) -> dict[str, str]:
    return {"": host} | dict.fromkeys(domains, host) | {d.replace("_", "."): h for d, h in others.items()}


_APP, _PLAIN, _OAUTH = Login.APP_PASSWORD, Login.PASSWORD, Login.OAUTH

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        "Gmail",
        _hosts("imap.gmail.com", "gmail.com", "googlemail.com"),
        _APP,
        (
            "Gmail wants an app password, not your usual one: switch on 2-Step Verification in your Google account,",
            "then make an app password at https://myaccount.google.com/apppasswords and give it here.",
        ),
        receives=(".google.com", ".googlemail.com"),
        oauth="google",
    ),
    Provider(
        "Microsoft (Outlook.com, Hotmail, Microsoft 365)",
        _hosts(
            "outlook.office365.com",
            *("outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.de", "hotmail.de", "live.de"),
            *(
                "outlook.fr",
                "hotmail.fr",
                "live.fr",
                "hotmail.co.uk",
                "live.co.uk",
                "outlook.es",
                "hotmail.es",
            ),
            *(
                "outlook.it",
                "hotmail.it",
                "live.it",
                "live.nl",
                "hotmail.nl",
                "outlook.com.br",
                "passport.com",
            ),
        ),
        _OAUTH,  # field guide, 5: off on Outlook.com since 2024-09; app passwords are refused, too
        (
            "App passwords do not help there: you log in with a browser. For that you need a client id of your own;",
            "docs/oauth.md tells how to get one.",
        ),
        receives=(".outlook.com", ".office365.us"),
        oauth="microsoft",
    ),
    Provider(
        "Yahoo",
        _hosts(
            "imap.mail.yahoo.com",
            *("yahoo.com", "ymail.com", "rocketmail.com", "yahoo.de", "yahoo.fr", "yahoo.co.uk", "yahoo.it"),
            *("yahoo.es", "yahoo.ca", "yahoo.com.br", "yahoo.in", "yahoo.co.in", "yahoo.com.au"),
        ),
        _APP,
        (
            "Yahoo wants an app password, not your usual one: sign in at https://login.yahoo.com/account/security,",
            "choose 'App password' (or 'Generate app password'), and give it here.",
        ),
        receives=(".yahoodns.net",),
        oauth="yahoo",
    ),
    Provider(
        "AOL",
        _hosts(
            "imap.aol.com", "aol.com", "aol.de", "aol.fr", "aol.it", "aol.co.uk", "aim.com", "verizon.net"
        ),
        _APP,
        (
            "AOL wants an app password, not your usual one: sign in at https://login.aol.com/account/security,",
            "choose 'App password' (or 'Generate app password'), and give it here.",
        ),
        oauth="yahoo",
    ),
    Provider(
        "iCloud",
        _hosts("imap.mail.me.com", "icloud.com", "me.com", "mac.com"),
        _APP,
        (
            "iCloud wants an app-specific password, not your usual one: sign in at https://account.apple.com,",
            "under 'Sign-In and Security' choose 'App-Specific Passwords', and give it here.",
        ),
        username="%EMAILLOCALPART%",
        receives=(".icloud.com",),
    ),
    Provider(
        "Fastmail",
        _hosts(
            "imap.fastmail.com",
            "fastmail.com",
            "fastmail.fm",
            "fastmail.de",
            "sent.com",
            "messagingengine.com",
        ),
        _APP,
        (
            "Fastmail wants an app password, not your usual one: Settings, Privacy & Security, 'Manage app passwords'",
            "(for IMAP), and give it here.",
        ),
        receives=(".messagingengine.com",),
        oauth="fastmail",
    ),
    Provider(
        "GMX",
        _hosts(
            "imap.gmx.net",
            "gmx.de",
            "gmx.net",
            "gmx.at",
            "gmx.ch",
            "gmx.eu",
            "gmx.org",
            "gmx.info",
            gmx_com="imap.gmx.com",
        ),
        _PLAIN,
        (
            "GMX lets programs in only after you allowed it: E-Mail, Settings, 'POP3/IMAP Abruf', switch it on.",
            "With two-factor authentication it wants an application-specific password from the same account.",
        ),
        receives=(".gmx.net",),  # not .gmx.com: mail.com and its 500 domains are received there
    ),
    Provider(
        "WEB.DE",
        _hosts("imap.web.de", "web.de"),
        _PLAIN,
        (
            "WEB.DE lets programs in only after you allowed it: E-Mail, Einstellungen, 'POP3/IMAP Abruf', switch on.",
            "With two-factor authentication it wants an application-specific password from the same account.",
        ),
        receives=(".web.de",),
    ),
    Provider(
        "mail.com",
        _hosts("imap.mail.com", "mail.com", "email.com"),
        _PLAIN,
        ("mail.com lets programs in only after you allowed it: Settings, 'POP3 & IMAP', switch on.",),
    ),
    Provider(
        "T-Online",
        _hosts("secureimap.t-online.de", "t-online.de", "magenta.de"),
        _PLAIN,
        (
            "Telekom has a password of its own for e-mail programs: Kundencenter, 'Passwort für E-Mail-Programme'.",
        ),
    ),
    Provider(
        "freenet",
        _hosts("mx.freenet.de", "freenet.de"),
        _PLAIN,
        (
            "freenet lets programs in only after you allowed it: web mail, Einstellungen, 'POP3/IMAP/SMTP', switch on.",
        ),
    ),
    Provider("Posteo", _hosts("posteo.de", "posteo.de", "posteo.net", "posteo.eu"), _PLAIN, ()),
    Provider(
        "mailbox.org",
        _hosts("imap.mailbox.org", "mailbox.org"),
        _PLAIN,
        ("With two-factor authentication mailbox.org wants an application password (Settings, Security).",),
        receives=(".mailbox.org",),
    ),
    Provider(
        "IONOS", _hosts("imap.ionos.de", "online.de", "1und1.de"), _PLAIN, (), receives=(".kundenserver.de",)
    ),
    Provider(
        "Proton Mail",
        _hosts("127.0.0.1", "proton.me", "protonmail.com", "protonmail.ch", "pm.me"),
        Login.NO_IMAP,
        (
            "Its Bridge (a paid plan) speaks IMAP on this machine. Start it and export its certificate, then:",
            "scatterclean init --host 127.0.0.1 --port 1143 --tls starttls --ca-file cert.pem",
        ),
        receives=(".protonmail.ch",),
    ),
    Provider(
        "Tuta",
        {},
        Login.NO_IMAP,
        ("Tuta has no IMAP at all, so no other program can read the mail there.",),
        receives=(".tutanota.de",),
    ),
    Provider(
        "Zoho",
        _hosts(
            "imap.zoho.com", "zoho.com", "zohomail.com", zoho_eu="imap.zoho.eu", zohomail_eu="imap.zoho.eu"
        ),
        _PLAIN,
        (
            "Zoho lets programs in only after you allowed it: Settings, Mail Accounts, 'IMAP Access', switch on.",
            "With two-factor authentication it wants an application-specific password (accounts.zoho.com, Security).",
        ),
        receives=(".zoho.com",),
    ),
    Provider(
        "Yandex",
        _hosts("imap.yandex.com", "yandex.com", "yandex.ru", "yandex.by", "yandex.kz", "ya.ru"),
        _APP,
        (
            "Yandex wants an app password, and IMAP allowed in the settings under 'Email clients':",
            "make one at https://id.yandex.com/security/app-passwords and give it here.",
        ),
        receives=(".yandex.net", ".yandex.ru"),
    ),
    Provider(
        "Mail.ru",
        _hosts("imap.mail.ru", "mail.ru", "inbox.ru", "list.ru", "bk.ru"),
        _APP,
        (
            "Mail.ru wants a password for external applications, not your usual one:",
            "make one at https://account.mail.ru/user/2-step-auth/passwords and give it here.",
        ),
        receives=(".mail.ru",),
    ),
    Provider(
        "Orange",
        _hosts("imap.orange.fr", "orange.fr", "wanadoo.fr"),
        _PLAIN,
        (),
    ),
    Provider("Free", _hosts("imap.free.fr", "free.fr"), _PLAIN, (), username="%EMAILLOCALPART%"),
    Provider("La Poste", _hosts("imap.laposte.net", "laposte.net"), _PLAIN, ()),
    Provider("SFR", _hosts("imap.sfr.fr", "sfr.fr", "neuf.fr"), _PLAIN, ()),
    Provider("Libero", _hosts("imapmail.libero.it", "libero.it", "iol.it", "inwind.it"), _PLAIN, ()),
    Provider("Seznam", _hosts("imap.seznam.cz", "seznam.cz", "email.cz"), _PLAIN, ()),
    Provider(
        "Infomaniak",
        _hosts("mail.infomaniak.com", "ik.me", "etik.com"),
        _PLAIN,
        (),
        receives=(".infomaniak.ch",),
    ),
    Provider(
        "NetEase 163",
        _hosts("imap.163.com", "163.com", **{"126_com": "imap.126.com"}),
        _APP,
        ("It wants an authorization code, not your usual password: in web mail, Settings, switch IMAP on.",),
    ),
    Provider(
        "QQ Mail",
        _hosts("imap.qq.com", "qq.com", "foxmail.com"),
        _APP,
        (
            "It wants an authorization code, not your usual password: web mail, Settings, Account, switch IMAP on.",
        ),
    ),
)

_TUTA = frozenset(("tutanota.com", "tutanota.de", "tutamail.com", "tuta.com", "tuta.io", "keemail.me"))
_BY_DOMAIN: Mapping[str, Provider] = {
    **{domain: provider for provider in PROVIDERS for domain in provider.hosts if domain},
    **dict.fromkeys(_TUTA, next(p for p in PROVIDERS if p.name == "Tuta")),
}


def of_domain(domain: str) -> Provider | None:
    """The provider whose own domain it is."""
    return _BY_DOMAIN.get(domain)


def of_exchanger(host: str) -> Provider | None:
    """The provider to which an MX host belongs: that of a domain of one's own."""
    name = f".{host.rstrip('.').lower()}"
    return next((p for p in PROVIDERS if any(name.endswith(end) for end in p.receives)), None)


def of_host(host: str) -> Provider | None:
    """The provider whose IMAP server it is."""
    return next((p for p in PROVIDERS if host in p.hosts.values() and not host.startswith("127.")), None)
