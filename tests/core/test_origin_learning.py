"""Through which machines does the person's mail leave?  What chains of own messages teach, and what names let guess."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from scatterclean import bounce, origin
from scatterclean.model import Bounce, Identities, Kind, Original, Provider, Whose

ME = "ada@winter.example"
SERVER = "imap.bigmail.example"

LEFT = "from mout4.bigmail.example (mout4.bigmail.example [198.51.100.4]) by mx.elsewhere.example (Postfix) with ESMTP"
ROOM = "from mx.elsewhere.example (localhost [127.0.0.1]) by mx.elsewhere.example (Postfix) with ESMTP id 2"
SUBMITTED = (
    "from [192.168.1.7] (dip7.isp.example [192.0.2.200]) by smtp.bigmail.example with ESMTPSA id 3; Mon"
)


def learned(*chain: str, sender: str | None = ME, server: str = SERVER) -> set[str]:
    return set(origin.outbound(chain, sender, server))


@pytest.mark.parametrize(
    ("why", "chain", "hosts"),
    [
        ("nothing came back", (), set()),
        (
            "who handed it to the stranger, with its whole site and its address",
            (LEFT, SUBMITTED),
            {".bigmail.example", "198.51.100.4"},
        ),
        ("below the stranger's own rooms", (ROOM, LEFT, SUBMITTED), {".bigmail.example", "198.51.100.4"}),
        (
            "a foreign name that greets as it is called",
            (LEFT.replace("bigmail", "relay"), SUBMITTED),
            {".relay.example", "198.51.100.4", ".bigmail.example"},
        ),
        (
            "one that greets by another name of its site",
            (
                "from a.relay.example (b.relay.example [198.51.100.4]) by mx.elsewhere.example with ESMTP id 1",
            ),
            {".relay.example", "198.51.100.4"},
        ),
        (
            "a greeting that nothing confirms teaches only the address",
            ("from mout.relay.example (unknown [198.51.100.4]) by mx.elsewhere.example with ESMTP id 1",),
            {"198.51.100.4"},
        ),
        (
            "nor does a reverse name that says something else",
            (
                "from mout.relay.example (h4.hoster.example [198.51.100.4]) by mx.elsewhere.example with ESMTP id 1",
            ),
            {"198.51.100.4"},
        ),
        (
            "nor one that may be forged",
            (
                "from a.relay.example (a.relay.example [198.51.100.4] (may be forged)) by mx.elsewhere.example (8.17)",
            ),
            {"198.51.100.4"},
        ),
        (
            "the own domain needs no confirmation",
            ("from mail.winter.example (unknown [198.51.100.4]) by mx.elsewhere.example with ESMTP id 1",),
            {".winter.example", "198.51.100.4"},
        ),
        (
            "Exim",
            (
                "from a.relay.example ([198.51.100.4] helo=a.relay.example) by mx.elsewhere.example with esmtps",
            ),
            {".relay.example", "198.51.100.4"},
        ),
        (
            "a line among thousands: only itself",
            ("from dsl-4-100.isp.example (dsl-4-100.isp.example [198.51.100.4]) by mx.elsewhere.example",),
            {"dsl-4-100.isp.example", "198.51.100.4"},
        ),
        (
            "who took it from the person, at the bottom",
            (LEFT, "by smtp.submit.example (Postfix, from userid 1000) id 3"),
            {".bigmail.example", "198.51.100.4", ".submit.example"},
        ),
        (
            "or with a log-in, higher up",
            (LEFT, SUBMITTED.replace("bigmail", "submit"), "from a by laptop.lan.example with ESMTP"),
            {".bigmail.example", "198.51.100.4", ".submit.example", ".lan.example"},
        ),
        (
            "machines without a site teach nothing",
            (
                "from localhost (localhost [127.0.0.1]) by mx with ESMTP id 1",
                "by laptop (Postfix, from userid 1000) id",
            ),
            set(),
        ),
        (
            "the recipient's server had handed it on: the first own one counts",
            (
                "from mx.elsewhere.example (mx.elsewhere.example [192.0.2.99]) by mx.third.example with ESMTP id 1",
                LEFT,
            ),
            {".bigmail.example", "198.51.100.4"},
        ),
        (
            "a copy came back by a list: what the own server took from it is not ours",
            (
                "from list.example.org (list.example.org [192.0.2.50]) by mx.bigmail.example (Postfix) with ESMTP id 1",
                "from mout4.bigmail.example (mout4.bigmail.example [198.51.100.4]) by list.example.org with ESMTP id 1",
                SUBMITTED,
            ),
            {".bigmail.example", "198.51.100.4"},
        ),
        (
            "a copy that never left the provider",
            (
                "from smtp.bigmail.example (10.1.2.3) by mx.bigmail.example (10.1.2.4) with Microsoft SMTP Server",
            ),
            {".bigmail.example"},
        ),
        (
            "the person's own line is no machine through which mail leaves",
            (
                "from [192.168.1.7] (dip7.isp.example [192.0.2.200]) by mx.elsewhere.example with ESMTPSA id 3",
            ),
            set(),
        ),
        (
            "private addresses are everybody's",
            (LEFT.replace("198.51.100.4", "10.1.2.3"),),
            {".bigmail.example"},
        ),
        (
            "an IPv6 address",
            (LEFT.replace("198.51.100.4", "IPv6:2001:db8::4"),),
            {".bigmail.example", "2001:db8::4"},
        ),
        (
            "the single line is the stranger's: its by is not ours",
            ("by mx.elsewhere.example (Postfix) id 7",),
            set(),
        ),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_chain_of_an_own_message_teaches(why: str, chain: tuple[str, ...], hosts: set[str]) -> None:
    assert learned(*chain) == hosts, why


def test_what_was_learned_is_found_again_in_the_same_chain() -> None:
    """Else the next bounce by the same way would show a foreign sign."""
    for chain in ((LEFT, SUBMITTED), (ROOM, LEFT), (LEFT.replace("bigmail", "relay"),)):
        provider = Provider(hosts=origin.outbound(chain, ME, SERVER), known=True)
        original = Original(sender=ME, received=chain)
        found = origin.trace(Bounce(Kind.BOUNCE, original=original), provider, Identities())
        assert found.whose is Whose.PROVIDER


# --- names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("mail.example.org", "example.org"),
        ("example.org", "example.org"),
        ("A.B.Example.ORG.", "example.org"),
        ("mx1.mail.example.co.uk", "example.co.uk"),
        ("smtp.example.com.au", "example.com.au"),
        ("a.example.ne.jp", "example.ne.jp"),
        ("www.example.com.br", "example.com.br"),
        ("example.co.uk", "example.co.uk"),
        ("co.uk", ""),
        ("uk", ""),
        ("localhost", ""),
        ("", ""),
        ("192.0.2.1", ""),
        ("a..b", ""),
        ("mail.server.lan", ""),
        ("compute1.internal", ""),
        ("mail.me.com", "me.com"),
    ],
)
def test_the_site_of_a_host_is_its_registrable_domain(host: str, site: str) -> None:
    assert origin.site(host) == site


@pytest.mark.parametrize(
    ("server", "machine"),
    [
        ("imap.gmail.com", ".google.com"),
        ("outlook.office365.com", ".outlook.com"),
        ("imap-mail.outlook.com", ".office365.com"),
        ("imap.gmx.net", ".gmx.com"),
        ("imap.web.de", ".gmx.net"),
        ("imap.ionos.de", ".kundenserver.de"),
        ("imap.strato.de", ".rzone.de"),
        ("imap.mail.yahoo.com", ".yahoo.com"),
        ("imap.mail.me.com", ".icloud.com"),
        ("imap.fastmail.com", ".messagingengine.com"),
        ("imap.zoho.eu", ".zohomail.com"),
        ("imap.mailbox.org", ".mailbox.org"),
        ("mail.winter.example", ".winter.example"),
    ],
)
def test_large_providers_send_through_machines_of_other_names(server: str, machine: str) -> None:
    assert machine in origin.guessed(server)
    assert "." + origin.site(server) in origin.guessed(server)


@pytest.mark.parametrize(
    ("name", "learned_as"),
    [
        ("p5dc4e1f2.dip0.t-ipconnect.example", "p5dc4e1f2.dip0.t-ipconnect.example"),
        ("198-51-100-4.dynamic.isp.example", "198-51-100-4.dynamic.isp.example"),
        ("static.4.100.51.198.clients.hoster.example", "static.4.100.51.198.clients.hoster.example"),
        ("c-4.hsd1.pool.isp.example", "c-4.hsd1.pool.isp.example"),
        ("ec2-198-51-100-4.cloud.example", "ec2-198-51-100-4.cloud.example"),
        ("mail-wr1-f41.relay.example", ".relay.example"),
        ("host.relay.example", ".relay.example"),
        ("static.relay.example", ".relay.example"),
        ("mx2000.relay.example", ".relay.example"),
        ("smtp-out-12.eu-west-1.relay.example", ".relay.example"),
        ("6.mo581.mail-out.relay.example", ".relay.example"),
        ("mo4-p00-ob.smtp.relay.example", ".relay.example"),
        ("smtpout01-04.prod.relay.example", ".relay.example"),
    ],
)
def test_farms_are_learned_as_a_whole_and_lines_of_subscribers_one_by_one(name: str, learned_as: str) -> None:
    assert learned(f"from {name} ({name} [198.51.100.4]) by mx.elsewhere.example with ESMTP id 1") == {
        learned_as,
        "198.51.100.4",
    }


@pytest.mark.parametrize("server", ["", "localhost", "127.0.0.1", "::1", "imap"])
def test_a_server_without_a_site_lets_guess_nothing(server: str) -> None:
    assert origin.guessed(server) == frozenset()


# --- the corpus of real servers -------------------------------------------------------------------------


@dataclass(frozen=True)
class Filed:
    file: str
    sender: str
    sent: bool
    read: Bounce

    @property
    def domain(self) -> str:
        return self.sender.rpartition("@")[2]

    @property
    def reported_by_the_own_server(self) -> bool:
        """It took the forged message from outside, and names itself in its line: that may be a forwarding."""
        return f" by mail.{self.domain} " in " ".join(self.read.original.received)


@pytest.fixture(scope="module")
def filed(corpora: Path) -> list[Filed]:
    found = []
    for line in (corpora / "mta" / "labels.jsonl").read_text("utf-8").splitlines():
        label = json.loads(line)
        read = bounce.read((corpora / "mta" / label["file"]).read_bytes())
        if read is not None:
            found.append(Filed(label["file"], label["from"], label["really_sent"], read))
    assert len(found) > 500
    return found


def whose(case: Filed, hosts: set[str]) -> Whose:
    provider = Provider(hosts=frozenset(hosts), known=True, domains=frozenset([case.domain]))
    return origin.trace(case.read, provider, Identities(addresses=frozenset([case.sender]))).whose


def test_hosts_learned_from_what_was_sent_tell_the_forged_from_the_sent(filed: list[Filed]) -> None:
    """All of it ran over one address with one reverse name: the names alone must tell."""
    hosts: dict[str, set[str]] = defaultdict(set)
    for case in filed:
        if case.sent:
            hosts[case.domain] |= origin.outbound(
                case.read.original.received, case.sender, f"imap.{case.domain}"
            )
    sent = [case for case in filed if case.sent]
    forged = [case for case in filed if not case.sent and case.read.original.received]
    assert [case.file for case in sent if whose(case, hosts[case.domain]) is Whose.STRANGER] == []
    missed = [case for case in forged if whose(case, hosts[case.domain]) is not Whose.STRANGER]
    assert [case.file for case in missed if not case.reported_by_the_own_server] == []
    assert len(forged) > 200
    assert len(missed) <= 2
    assert not any(
        "spamhost" in host or host.startswith("127.") for known in hosts.values() for host in known
    )


def test_one_sent_message_is_enough_to_know_the_others(filed: list[Filed]) -> None:
    """What any one of them taught must find the others that went through machines of the own domain."""
    taught = {
        (case.domain, origin.outbound(case.read.original.received, case.sender, f"imap.{case.domain}"))
        for case in filed
        if case.sent
    }
    for domain, hosts in taught:
        if f".{domain}" in hosts:
            others = [o for o in filed if o.sent and o.domain == domain and _by_own_machines(o)]
            assert [o.file for o in others if whose(o, set(hosts)) is Whose.STRANGER] == []


def _by_own_machines(case: Filed) -> bool:
    return any(f".{case.domain} " in line for line in case.read.original.received)
