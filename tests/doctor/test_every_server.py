"""The doctor on every real server there is: it reads each one's words, and calls none of their habits a fault."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scatterclean.doctor import Rating, Report, Topic, examine
from tests.hosts.kinds import KINDS
from tests.servers import Host, RealHand, fresh_user
from tests.sweeps.world import ME, letter

# What is lost there, and is told: by the table of the field guide, 6.
LOST = {"courier": {"no-special-use"}, "embedded": {"no-special-use"}, "dovecot without MOVE": {"no-idle"}}


def _looked_at(host: Host, kind: str, tmp_path: Path) -> Report:
    user = fresh_user()
    with closing(RealHand(host, user)) as hand:
        sent = f"{KINDS[kind].prefix}Sent"
        if sent not in hand.folder_names():
            hand.create(sent)
        at = datetime.now(UTC) - timedelta(days=1)
        hand.append(sent, letter("Hello", sender=ME, ident="sent.1@winter.example", at=at), arrival=at)
        config = tmp_path / "c.toml"
        config.write_text(
            f'database = "log.db"\n[accounts.home]\nhost = "127.0.0.1"\nport = {host.port}\ntls = "none"\n'
            f'username = "{user}"\npassword = "{host.password}"\naddresses = ["{ME}"]\n'
        )
        config.chmod(0o600)
        before = hand.folder_names(), hand.messages(sent), hand.subscribed()
        report = examine(config)
        assert (hand.folder_names(), hand.messages(sent), hand.subscribed()) == before
    return report


@pytest.mark.parametrize("kind", KINDS)
def test_a_real_server_shows_no_fault_and_what_is_lost_on_it(
    kind: str, hosts: Callable[[str], Host], tmp_path: Path
) -> None:
    report = _looked_at(hosts(kind), kind, tmp_path)
    there = {
        Topic.SECRET,
        Topic.NAME,
        Topic.CONNECTION,
        Topic.TLS,
        Topic.LOGIN,
        Topic.CAPABILITIES,
        Topic.FOLDERS,
    }
    seen = [each for each in report.observations if each.topic in there]
    assert {each.topic for each in seen} == there
    assert [each for each in seen if each.rating is Rating.FAULT] == []
    assert {each.code for each in seen if each.rating is Rating.WARNING} == LOST.get(kind, set())
    [sent] = [each for each in seen if each.code == "sent-folders"]
    assert f"'{KINDS[kind].prefix}Sent' (1 message)" in sent.what
