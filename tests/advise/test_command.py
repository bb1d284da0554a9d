"""The command: what it takes, what it ends with, whose domains it looks at; and strangers cannot touch a terminal."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scatterclean.cli import exits, main
from scatterclean.model.advised import Caution
from scatterclean.names import published
from scatterclean.names.dns import resolver_of
from scatterclean.wording import advised as words
from tests.advise.world import World, a_world, zone_of
from tests.names.server import quoted

ZONE = zone_of("""
winter.example TXT v=spf1 include:_spf.host.example ?all
winter.example MX 10 mx.host.example.
_spf.host.example TXT v=spf1 ip4:192.0.2.0/24 -all
summer.example TXT v=spf1 -all
summer.example MX 0 .
_dmarc.summer.example TXT v=DMARC1; p=reject
never.example TXT v=spf1 ip4:192.0.2.1 -all
never.example MX 10 mx.host.example.
""")


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[World]:
    with a_world(ZONE, tmp_path, monkeypatch, capsys) as world:
        yield world


def configure(world: World, addresses: str, more: str = "") -> None:
    world.settings.parent.mkdir(parents=True, exist_ok=True)
    world.settings.write_text(
        f'[accounts.home]\nhost = "mail.winter.example"\nusername = "ada@winter.example"\n'
        f'password_env = "NOBODY_ASKS"\naddresses = {addresses}\n{more}'
    )


def form(world: World, *arguments: str) -> tuple[int, Any]:
    code, told, said = world(*arguments, "--json")
    assert told.isascii()
    assert said == ""
    return code, json.loads(told)


def test_without_a_name_it_looks_at_ones_own_domains_and_providers_come_last(
    world: World,
) -> None:
    configure(world, '["ada@gmail.com", "*@winter.example", "ada@summer.example"]')
    code, told = form(world)
    assert code == exits.DONE
    assert [(d["domain"], d["outcome"]) for d in told["domains"]] == [
        ("winter.example", "steps"),
        ("summer.example", "good"),
        ("gmail.com", "providers"),
    ]
    assert not any("gmail" in name for name, _ in world.dns.asked)


def test_a_domain_that_never_sends_as_configured_may_refuse_everything(world: World) -> None:
    configure(world, '["ada@winter.example"]', 'never_sends = ["*@never.example"]\n')
    _, told = form(world, "never.example")
    [domain] = told["domains"]
    records = {s["topic"]: s["stages"][0]["records"][0]["value"] for s in domain["steps"]}
    assert records["spf"] == "v=spf1 -all"
    assert records["dmarc"] == "v=DMARC1; p=reject"
    assert "as you have configured" in " ".join(r["says"] for r in domain["remarks"])


def test_it_needs_no_configuration_if_a_domain_is_named(world: World) -> None:
    assert world("summer.example")[0] == exits.DONE
    code, _, said = world()
    assert code == exits.CONFIG
    assert "scatterclean" in said


def test_a_broken_configuration_is_told(world: World) -> None:
    configure(world, "[")
    assert world("summer.example")[0] == exits.CONFIG


def test_without_any_domain_in_the_configuration_it_says_what_to_do(world: World) -> None:
    configure(world, '["ada@localhost"]')
    code, told, said = world()
    assert (code, told) == (exits.TROUBLE, "")
    assert "Name one: scatterclean advise" in said


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("https://winter.example/", "URL"),
        ("winter", "no domain"),
        ("192.0.2.1", "IP address"),
        ("[2001:db8::1]", "IP address"),
        ("win\x1bter.example", "no domain"),
        ("x-.example", "no domain"),
        ("a..example", "no domain"),
        ("x" * 64 + ".example", "no domain"),
        ("*.winter.example", "no domain"),
        ("", "no domain"),
    ],
)
def test_what_is_no_domain_is_wrong_usage(world: World, typed: str, why: str) -> None:
    code, told, said = world(typed)
    assert (code, told) == (exits.USAGE, "")
    assert why in said
    assert "\x1b" not in said


@pytest.mark.parametrize("typed", ["ada@summer.example", "SUMMER.example.", " summer.example "])
def test_a_domain_may_be_typed_in_several_ways(world: World, typed: str) -> None:
    code, told = form(world, typed, "summer.example")
    assert code == exits.DONE
    assert [d["domain"] for d in told["domains"]] == ["summer.example"], "each once"


def test_a_selector_that_is_none_is_wrong_usage(world: World) -> None:
    code, _, said = world("summer.example", "--selector", "s=1;")
    assert code == exits.USAGE
    assert "is no selector" in said


def test_a_misspelled_domain_is_told_with_the_one_that_was_meant(world: World) -> None:
    configure(world, '["ada@winter.example"]')
    code, told, _ = world("wintre.example")
    assert code == exits.TROUBLE
    assert "There is no such domain, as the name servers of this machine have it" in told
    assert "Did you mean winter.example?" in told


def test_offline_nothing_is_claimed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]

        def silent(_servers: object, _port: object, conf: Path, *, per_try: float) -> object:
            return resolver_of(["127.0.0.1"], port, conf, per_try=per_try)

        monkeypatch.setattr(published, "resolver_of", silent)
        monkeypatch.setattr(published, "Published", partial(REAL, patience=0.2))
        code, told, said = world("winter.example", "summer.example")
    assert (code, told) == (exits.TROUBLE, "")
    assert "no name server answered: is this machine online?" in said
    assert "neither good nor bad" in said


def test_a_machine_without_name_servers_is_offline(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> object:
        return resolver_of([], 53, Path("/nonexistent/resolv.conf"), per_try=1)

    monkeypatch.setattr(published, "resolver_of", none)
    code, _, said = world("winter.example")
    assert code == exits.TROUBLE
    assert "is this machine online?" in said


def test_the_object_of_json_holds_what_is_printed(world: World) -> None:
    code, told = form(world, "winter.example")
    assert code == exits.DONE
    assert told["ok"] is True
    [domain] = told["domains"]
    assert domain["looked_up"] is True
    spf, dmarc = domain["steps"][:2]
    assert spf == {
        "topic": "spf",
        "effect": "much",
        "to_do": "SPF: name the machines that send for you, and say that all others do not",
        "reasons": [
            {
                "topic": "spf",
                "code": "spf-neutral",
                "detail": {},
                "says": 'it ends in "?all": it says of no machine that it is not yours',
            }
        ],
        "stages": [
            {
                "when": "instead",
                "says": "Publish this in place of what is there:",
                "records": [
                    {
                        "name": "winter.example",
                        "type": "TXT",
                        "value": "v=spf1 include:_spf.host.example -all",
                    }
                ],
            }
        ],
        "cautions": [{"code": "senders", "says": words.caution(Caution.SENDERS)}],
        "keep": [],
    }
    assert [s["when"] for s in dmarc["stages"]] == ["now", "reports", "again"]


def test_what_could_not_be_looked_up_makes_it_end_with_one(world: World) -> None:
    world.dns.zone["_dmarc.summer.example"] = "servfail"
    code, told = form(world, "summer.example")
    assert code == exits.TROUBLE
    assert told["ok"] is False
    assert [r["code"] for r in told["domains"][0]["remarks"] if r["topic"] == "dmarc"] == ["unknown"]


REAL = published.Published

HOSTILE = (
    "v=spf1 \x1b]0;owned\x07 include:\u202eexample.com ip4:\x9b31m " + "a" * 10_000 + " <script> ?all"
).encode("utf-8")


@pytest.mark.parametrize("name", ["winter.example", "_dmarc.winter.example", "s1._domainkey.winter.example"])
def test_what_strangers_publish_obeys_no_terminal_and_floods_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    start = {"_": b"v=DMARC1; p=\x1b[2J; rua=mailto:\x1b[31m@x; ", "s": b"v=DKIM1; p=\x1b[2J"}.get(
        name[0], b""
    )
    raw = start + HOSTILE
    text = " ".join(
        '"' + "".join(f"\\{byte:03d}" for byte in raw[i : i + 255]) + '"' for i in range(0, len(raw), 255)
    )
    zone = {**ZONE, name: {"TXT": [text]}, "winter.example": {"MX": ["10 mx.host.example."]}}
    if name == "winter.example":
        zone[name] = {"TXT": [text], "MX": ["10 mx.host.example."]}
    with a_world(zone, tmp_path, monkeypatch, capsys) as world:
        code, told, said = world("winter.example", "--selector", "s1")
        assert code == exits.DONE
        assert said == ""
        assert all(c.isprintable() or c == "\n" for c in told)
        assert max(map(len, told.splitlines())) < 700
        assert len(told) < 6000
        _, form_told = form(world, "winter.example", "--selector", "s1")
    values = [r["value"] for s in form_told["domains"][0]["steps"] for g in s["stages"] for r in g["records"]]
    assert values, "what does not rest on it is still advised"
    assert all(value.isascii() and value.replace("\n", "").isprintable() for value in values)
    assert "owned" not in " ".join(values)


def test_a_pasted_record_is_on_one_line_also_on_a_narrow_terminal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    record = "v=spf1 include:_spf.host.example " + " ".join(f"ip4:192.0.2.{i}" for i in range(40))
    world.dns.zone["winter.example"] = {"TXT": [quoted(f"{record} ?all")]}
    _, told, _ = world("winter.example")
    assert f"Value: {record} -all\n" in told
    assert "\x1b" not in told


def test_the_manual_knows_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", "--help"]) == exits.DONE
    assert "--selector" in capsys.readouterr().out


def test_a_selector_that_is_named_need_not_be_in_each_of_several_domains(world: World) -> None:
    _, alone = form(world, "winter.example", "--selector", "x7q")
    _, among = form(world, "winter.example", "never.example", "--selector", "x7q")
    points = [[r["code"] for r in d["remarks"]] for d in (*alone["domains"], *among["domains"])]
    assert ["dkim-absent" in codes for codes in points] == [True, False, False]
    assert ("x7q._domainkey.never.example", "TXT") in world.dns.asked


def test_a_name_in_two_spellings_is_one_domain(world: World) -> None:
    world.dns.zone["xn--bcher-kva.example"] = {"TXT": ['"v=spf1 -all"']}
    _, told = form(world, "b\u00fccher.example", "xn--bcher-kva.example")
    assert [d["domain"] for d in told["domains"]] == ["b\u00fccher.example"]
