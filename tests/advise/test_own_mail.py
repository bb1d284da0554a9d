"""What the store knows: addresses that were forged and never used, tags that leaked, selectors that sign own mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scatterclean.advise.habits import habits_of
from scatterclean.advise.providers import SHARED
from scatterclean.cli import exits
from scatterclean.model import Bounce, Checked, Signature
from scatterclean.model.advised import Advised, Effect, Outcome, Topic
from scatterclean.model.report import Forged
from scatterclean.setup.providers import PROVIDERS
from scatterclean.store import open_store
from scatterclean.wording import advised as words
from tests.advise.test_command import form
from tests.advise.world import World, a_world, zone_of
from tests.contracts.records import BOUNCE, GENUINE, case, cursor, fingerprint, message

ZONE = zone_of("""
winter.example TXT v=spf1 mx -all
winter.example MX 10 mx.winter.example.
mx.winter.example A 192.0.2.1
_dmarc.winter.example TXT v=DMARC1; p=reject
x2026._domainkey.winter.example TXT v=DKIM1; p=
""")


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[World]:
    with a_world(ZONE, tmp_path, monkeypatch, capsys) as world:
        world.settings.parent.mkdir(parents=True)
        world.settings.write_text(
            f'database = "{tmp_path / "log.db"}"\n[accounts.home]\nhost = "mail.winter.example"\n'
            'username = "ada@winter.example"\npassword_env = "NOBODY_ASKS"\n'
            'addresses = ["ada@winter.example", "*@winter.example"]\n'
        )
        yield world


def plant(home: Path, bounces: list[tuple[Bounce, Any]]) -> None:
    """Bounces of the last hours with their findings, and own mail from two addresses."""
    now = datetime.now(UTC)
    with open_store(home / "log.db") as store:
        store.sent_log.assign({"home": ""})
        sent = [message(i, sender=a, sent_at=now - timedelta(days=2)) for i, a in enumerate(SENT_FROM)]
        store.sent_log.record("home", "", sent, cursor())
        cases = [
            replace(
                case(number, bounce=bounce, arrival=now - timedelta(minutes=number), **finding),
                fingerprint=fingerprint(number),
            )
            for number, (bounce, finding) in enumerate(bounces, start=1)
        ]
        store.docket.enter("home", cases, None)


SENT_FROM = ("ada@winter.example", "shop@winter.example")


def forged(address: str) -> tuple[Bounce, dict[str, object]]:
    original = replace(BOUNCE.original, sender=address)
    return replace(BOUNCE, original=original, delivered_to=(address,)), {}


def own(domain: str, selector: str) -> tuple[Bounce, dict[str, object]]:
    signed = replace(BOUNCE.original, dkim=(Signature(domain, selector, Checked.UNKNOWN),))
    return replace(BOUNCE, original=signed), {"finding": GENUINE}


def test_of_forged_addresses_that_nobody_uses_the_catch_all_is_to_blame(world: World, tmp_path: Path) -> None:
    nobody = [forged(f"x{number}@winter.example") for number in range(297)]
    known = [forged(a) for a in SENT_FROM] + [forged("ada@winter.example")]
    plant(tmp_path, nobody + known)
    code, told, _ = world()
    assert code == exits.DONE
    assert told.partition("What would make the next storm smaller, the most effective first:\n")[
        2
    ].startswith(
        "    1. Catch-all: take mail only for the addresses that there are.\n"
        "       297 of 299 forged addresses are none that you ever wrote from, and 297 of 300 bounces came to them. "
        "They come in because every address at the domain is taken.\n"
        "       At your provider: close the catch-all of winter.example, and keep these 2:\n"
        "         ada@winter.example\n"
        "         shop@winter.example\n"
        "       Before you do: which others did you give away (shops, cards, family)?"
    )


def test_without_a_catch_all_in_the_configuration_nothing_is_said_of_one(
    world: World, tmp_path: Path
) -> None:
    world.settings.write_text(world.settings.read_text().replace(', "*@winter.example"', ""))
    plant(tmp_path, [forged(f"x{number}@winter.example") for number in range(20)])
    _, told, _ = world()
    assert "Catch-all" not in told


def test_selectors_of_own_mail_that_came_back_are_looked_up(world: World, tmp_path: Path) -> None:
    plant(
        tmp_path,
        [own("winter.example", "x2026"), own("elsewhere.example", "no"), own("winter.example", "\x1b[31m")],
    )
    _, told = form(world, "winter.example")
    codes = [(r["code"], r["detail"]) for r in told["domains"][0]["remarks"] if r["topic"] == "dkim"]
    assert codes == [("dkim-revoked", {"selector": "x2026"})]
    asked = {name for name, _ in world.dns.asked}
    assert "x2026._domainkey.winter.example" in asked
    assert not any(name.startswith("no._domainkey") for name in asked)


def test_selectors_of_forged_mail_are_not_believed(world: World, tmp_path: Path) -> None:
    bounce, _ = own("winter.example", "x2026")
    plant(tmp_path, [(bounce, {})])
    form(world, "winter.example")
    assert not any(name.startswith("x2026.") for name, _ in world.dns.asked)


def test_looking_changes_nothing_in_the_store(world: World, tmp_path: Path) -> None:
    plant(tmp_path, [forged("x@winter.example")])
    before = (tmp_path / "log.db").read_bytes()
    world("winter.example")
    assert (tmp_path / "log.db").read_bytes() == before


def test_at_a_provider_there_is_nothing_to_publish_but_tags_can_be_given_up(
    world: World, tmp_path: Path
) -> None:
    world.settings.write_text(world.settings.read_text().replace('"*@winter.example"', '"ada@gmail.com"'))
    plant(tmp_path, [forged("ada+shop@gmail.com") for _ in range(4)])
    code, told, _ = world("gmail.com")
    assert code == exits.DONE
    assert told == (
        "gmail.com\n"
        "  The domain is your provider's, and its records are your provider's to set: there is nothing that you could "
        "publish.\n"
        "  What would make the next storm smaller, the most effective first:\n"
        "    1. Tagged addresses: give up the addresses that were forged.\n"
        "       The address ada+shop@gmail.com was forged: 4 bounces came to it.\n\n"
    )
    assert world.dns.asked == []


def test_of_domains_of_others_the_store_is_not_asked(world: World, tmp_path: Path) -> None:
    (tmp_path / "log.db").write_text("no database")
    assert world("other.example")[0] == exits.TROUBLE, "there is no such domain"
    assert world("winter.example")[0] == exits.DATABASE


def one(address: str, bounces: int, *, used: bool = False, tag: str = "") -> Forged:
    return Forged(address, bounces, used, owned=used, catch_all=not used, tag=tag)


def test_a_tag_that_leaked_is_to_be_given_up() -> None:
    seen = [one("ada+shop@winter.example", 40, tag="shop"), one("ada@winter.example", 10, used=True)]
    [step] = habits_of("winter.example", seen, ["ada@winter.example"], catch_all=False)
    assert (step.topic, step.effect) == (Topic.TAGS, Effect.MUCH)
    assert step.reasons[0]["address"] == "ada+shop@winter.example"


def test_one_typing_error_is_no_storm() -> None:
    seen = [one("aad@winter.example", 2), one("ada+x@winter.example", 1, tag="x")]
    assert habits_of("winter.example", seen, ["ada@winter.example"], catch_all=True) == []


def test_where_the_used_address_was_forged_the_catch_all_is_the_lesser_trouble() -> None:
    seen = [one("x@winter.example", 5), one("ada@winter.example", 500, used=True)]
    [step] = habits_of("winter.example", seen, ["ada@winter.example", "*@winter.example"], catch_all=True)
    assert step.effect is Effect.SOME
    assert step.keep == ("ada@winter.example",)


def test_no_used_address_is_left_out_without_a_word() -> None:
    used = [f"a{number:03}@winter.example" for number in range(310)]
    [step] = habits_of("winter.example", [one("x@winter.example", 50)], used, catch_all=True)
    told = [
        line.text
        for line in words.told(Advised("winter.example", "winter.example", Outcome.STEPS, (), (step,)))
    ]
    assert "At your provider: close the catch-all of winter.example, and keep these 310:" in told
    assert "and 10 more from which you wrote, too many to be named" in told


def test_an_address_that_two_accounts_share_is_one(world: World, tmp_path: Path) -> None:
    text = world.settings.read_text()
    other = text.partition("\n")[2].replace("accounts.home", "accounts.work").replace("mail.", "imap.")
    world.settings.write_text(text + other)
    bounces = [forged(f"x{number:03}@winter.example") for number in range(150)]
    plant(tmp_path, bounces)
    with open_store(tmp_path / "log.db") as store:
        others = [
            case(n, account="work", bounce=b, arrival=datetime.now(UTC))
            for n, (b, _) in enumerate(bounces, 1)
        ]
        store.docket.enter("work", [replace(c, fingerprint=f"w{c.fingerprint}") for c in others], None)
    _, told, said = world("winter.example")
    assert said == ""
    assert "150 of 150 forged addresses are none that you ever wrote from, and 300 of 300 bounces" in told


def test_other_domains_do_not_count() -> None:
    seen = [one("x@summer.example", 50)]
    assert habits_of("winter.example", seen, [], catch_all=True) == []


def test_domains_that_init_knows_as_a_providers_are_nobodys_own() -> None:
    known = {domain for provider in PROVIDERS for domain in provider.hosts if domain}
    assert len(known) > 50
    assert known - SHARED == set()


OTHERS = zone_of("""
winter.example TXT v=spf1 include:spf.winter.example ~all
spf.winter.example TXT v=spf1 ip4:192.0.2.0/24 -all
winter.example MX 10 mx.winter.example.
mx.winter.example A 192.0.2.1
""")


def silent(home: Path, world: World) -> None:
    world.settings.write_text(
        f'database = "{home / "log.db"}"\n[accounts.home]\nhost = "mail.winter.example"\n'
        'username = "ada@autumn.example"\npassword_env = "NOBODY_ASKS"\n'
        'addresses = ["ada@autumn.example"]\nnever_sends = ["shop@winter.example"]\n'
    )


def test_where_others_send_nobody_is_told_to_forbid_it_without_a_warning(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That the person never sends from one address of a domain says nothing of the others'."""
    silent(tmp_path, world)
    with a_world(OTHERS, tmp_path, monkeypatch, capsys) as there:
        _, told = form(there, "winter.example")
    steps = {step["topic"]: step for step in told["domains"][0]["steps"]}
    assert steps["spf"]["stages"][0]["records"][0]["value"] == "v=spf1 -all"
    for topic in ("spf", "dmarc"):
        assert "sends-nothing" in [one["code"] for one in steps[topic]["cautions"]]


def test_a_domain_from_which_mail_was_logged_is_not_silent(world: World, tmp_path: Path) -> None:
    silent(tmp_path, world)
    plant(tmp_path, [])
    _, told = form(world, "winter.example")
    assert not any(
        "v=spf1 -all" in str(step) or "as you have configured" in str(step)
        for step in told["domains"][0]["steps"]
    )
    assert "as you have configured" not in str(told["domains"][0]["remarks"])
