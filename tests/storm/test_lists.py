"""Lists of backscattering hosts, on a name server of our own: who is listed, and what is no answer at all."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from scatterclean.config import Settings, load
from scatterclean.names.lists import MAX_ASKED, DnsLists
from scatterclean.ports.hostlists import on_lists
from scatterclean.wire import host_lists
from tests.names.server import LoopbackDns, Zone, loopback_dns

from .made import bouncer

LIST = "ips.list.example"
OTHER = "back.list.example"
LISTED, UNLISTED = "193.0.6.139", "193.0.6.140"
SIX = "2001:67c:2e8:22::c100:68b"


def at(address: str, zone: str) -> str:
    return f"{'.'.join(reversed(address.split('.')))}.{zone}"


def six(address: str, zone: str) -> str:
    import ipaddress

    return f"{ipaddress.ip_address(address).reverse_pointer.removesuffix('.ip6.arpa')}.{zone}"


def sound(zone: str, answers: Mapping[str, str] = {}) -> dict[str, Mapping[str, list[str]] | str]:
    """A list that names its test entry, and others."""
    return {
        at("127.0.0.2", zone): {"A": ["127.0.0.2"]},
        **{at(address, zone): {"A": [answer]} for address, answer in answers.items()},
    }


def lists(server: LoopbackDns, *zones: str, **more: float) -> DnsLists:
    return DnsLists(zones or (LIST,), ["127.0.0.1"], server.port, **{"patience": 0.3, **more})  # type: ignore[arg-type]


def test_who_is_named_is_listed_and_no_such_name_means_not_listed() -> None:
    with loopback_dns(sound(LIST, {LISTED: "127.0.0.2"})) as server:
        assert lists(server).listed([LISTED, UNLISTED]) == {LISTED: (LIST,), UNLISTED: ()}


def test_each_list_that_names_it_is_told() -> None:
    zone = sound(LIST, {LISTED: "127.0.0.2"}) | sound(OTHER, {LISTED: "127.0.0.9", UNLISTED: "127.0.0.3"})
    with loopback_dns(zone) as server:
        told = lists(server, LIST, OTHER).listed([LISTED, UNLISTED])
    assert told == {LISTED: (LIST, OTHER), UNLISTED: (OTHER,)}


@pytest.mark.parametrize(
    "answer",
    ["127.255.255.252", "127.255.255.254", "127.255.255.255", "127.0.0.1", "62.0.58.94", "10.0.0.1"],
)
def test_a_refusal_and_an_answer_that_no_list_gives_are_unknown_not_a_listing(answer: str) -> None:
    with loopback_dns(sound(LIST, {LISTED: answer})) as server:
        assert lists(server).listed([LISTED]) == {LISTED: None}


@pytest.mark.parametrize(
    "zone",
    [
        {},  # the list is gone
        {at(LISTED, LIST): {"A": ["127.0.0.2"]}},  # it lacks its test entry
        sound(
            LIST, {"127.0.0.1": "127.0.0.2", LISTED: "127.0.0.2"}
        ),  # it names everybody: its domain was sold
        {at("127.0.0.2", LIST): {"A": ["127.255.255.254"]}},  # it answers no public resolver
        {at("127.0.0.2", LIST): "servfail"},
        {at("127.0.0.2", LIST): "silent"},
        {**sound(LIST), at("127.0.0.1", LIST): "silent"},
    ],
)
def test_a_list_that_is_not_sound_says_nothing_and_is_told_no_address(zone: Zone) -> None:
    with loopback_dns(zone) as server:
        assert lists(server).listed([LISTED, UNLISTED]) == {LISTED: None, UNLISTED: None}
        assert not [name for name, _ in server.asked if name.startswith(("139.", "140."))]


def test_a_sound_list_counts_though_another_is_dead_but_only_where_it_names_the_host() -> None:
    zone = sound(LIST, {LISTED: "127.0.0.2"})
    with loopback_dns(zone) as server:
        assert lists(server, LIST, OTHER).listed([LISTED, UNLISTED]) == {LISTED: (LIST,), UNLISTED: None}


def test_a_list_without_ipv6_does_not_acquit_an_ipv6_host() -> None:
    with loopback_dns(sound(LIST)) as server:
        assert lists(server).listed([SIX, UNLISTED]) == {SIX: None, UNLISTED: ()}
    zone = {
        **sound(LIST),
        six("::ffff:7f00:2", LIST): {"A": ["127.0.0.2"]},
        six(SIX, LIST): {"A": ["127.0.0.2"]},
    }
    with loopback_dns(zone) as server:
        assert lists(server).listed([SIX]) == {SIX: (LIST,)}


def test_only_addresses_of_the_whole_internet_are_asked_about() -> None:
    inner = [
        "192.168.1.1",
        "10.0.0.1",
        "127.0.0.1",
        "fe80::1",
        "",
        "mx.example",
        "1.2.3.4.evil.example",
        "\n",
    ]
    with loopback_dns(sound(LIST)) as server:
        assert lists(server).listed(inner) == dict.fromkeys(inner)
        assert server.asked == []


def test_each_address_is_asked_about_once_in_a_run() -> None:
    with loopback_dns(sound(LIST, {LISTED: "127.0.0.2"})) as server:
        asked = lists(server)
        first = asked.listed([LISTED, UNLISTED])
        number = len(server.asked)
        assert asked.listed([LISTED, UNLISTED]) == first
        assert len(server.asked) == number == 4  # two test entries, two hosts


def test_how_many_are_asked_about_is_bounded() -> None:
    many = [f"193.0.7.{number}" for number in range(MAX_ASKED + 20)]
    with loopback_dns(sound(LIST)) as server:
        told = lists(server).listed(many)
        assert len(server.asked) == MAX_ASKED + 2
    assert [told[each] for each in many] == [()] * MAX_ASKED + [None] * 20


def test_a_list_that_falls_silent_costs_no_more_than_the_limit() -> None:
    """By a clock that moves with every question, not by ours: two questions fit, the others are given up."""
    ticks = iter(range(0, 100_000, 4))
    zone = {**sound(LIST), **{at(f"193.0.7.{n}", LIST): "silent" for n in range(30)}}
    with loopback_dns(zone) as server:
        asked = DnsLists(
            (LIST,), ["127.0.0.1"], server.port, patience=0.1, limit=30, monotonic=lambda: next(ticks)
        )
        told = asked.listed([f"193.0.7.{n}" for n in range(30)])
        assert set(told.values()) == {None}
        assert len({name for name, _ in server.asked}) < 12


def test_what_was_unknown_is_asked_again_later_and_not_before() -> None:
    now = [1000.0]
    zone: dict[str, Mapping[str, list[str]] | str] = {**sound(LIST), at(LISTED, LIST): "servfail"}
    with loopback_dns(zone) as server:
        asked = DnsLists((LIST,), ["127.0.0.1"], server.port, patience=0.3, monotonic=lambda: now[0])
        assert asked.listed([LISTED]) == {LISTED: None}
        number = len(server.asked)
        server.zone[at(LISTED, LIST)] = {"A": ["127.0.0.2"]}
        now[0] += 300
        assert asked.listed([LISTED]) == {LISTED: None}
        assert len(server.asked) == number
        now[0] += 400
        assert asked.listed([LISTED]) == {LISTED: (LIST,)}


def test_questions_are_asked_several_at_a_time_and_from_several_threads() -> None:
    with loopback_dns(sound(LIST, {LISTED: "127.0.0.2"})) as server:
        asked = lists(server)
        told: list[object] = []
        threads = [
            threading.Thread(target=lambda: told.append(asked.listed([LISTED])[LISTED])) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert told == [(LIST,)] * 4


def test_without_any_list_nobody_is_asked_and_all_is_unknown() -> None:
    assert DnsLists(()).listed([LISTED]) == {LISTED: None}


def test_the_servers_of_a_report_are_told_apart_by_what_lists_say_of_their_address() -> None:
    servers = [bouncer(ip=LISTED), bouncer(ip=UNLISTED), bouncer(ip=""), bouncer(ip="10.0.0.1")]
    with loopback_dns(sound(LIST, {LISTED: "127.0.0.2"})) as server:
        assert [each.listed for each in on_lists(servers, lists(server))] == [(LIST,), (), None, None]
    assert on_lists(servers, None) == tuple(servers)


def settings(folder: Path, more: str, account: str = "") -> Settings:
    path = folder / "scatterclean.toml"
    path.write_text(
        f'{more}\n[accounts.home]\nhost = "imap.example"\nusername = "a@b.example"\npassword_env = "P"\n{account}'
    )
    return load(path)


def test_nobody_is_asked_unless_a_list_is_named_and_dns_may_be_asked(tmp_path: Path) -> None:
    named = f'backscatter_lists = ["{LIST}"]'
    assert host_lists(settings(tmp_path, ""), []) is None
    assert host_lists(settings(tmp_path, named, "dns = false"), ["home"]) is None
    assert host_lists(settings(tmp_path, named), ["home"]) is not None
