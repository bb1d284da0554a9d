"""What scatterclean itself put into the inbox is no mail that came by: nothing is judged, counted or learned."""

from __future__ import annotations

from dataclasses import replace

from scatterclean.model import Notice, NoticeKind
from scatterclean.tell import put, written

from .world import ME, World


def notice(world: World, key: str = "storm:1") -> Notice:
    subject, body = (
        "A storm of bounces at home",
        "Undelivered mail returned to sender: 550 5.1.1 <x@y.example>\n",
    )
    return Notice("home", key, NoticeKind.STORM, subject, body, world.now, world.now)


def test_a_notice_is_neither_judged_nor_counted_nor_learned_from(world: World) -> None:
    world.history()
    world.ordinary(3)
    assert world.sweep().looked_at == 3
    world.later(minutes=20)
    before = world.store.experience.learned("", ("home",))
    assert put(world.mailbox(), notice(world), ME)
    report = world.sweep()
    assert (report.looked_at, report.moved, dict(report.verdicts), report.troubles) == (0, 0, {}, ())
    assert world.store.docket.find("home") == ()
    assert world.store.experience.learned("", ("home",)) == before
    assert world.store.sent_log.count("") == 40


def test_in_a_folder_that_holds_sent_mail_too_it_is_not_taken_for_sent(world: World) -> None:
    world.history()
    world.account = replace(world.account, also_sent=("INBOX",))
    world.sweep()
    logged = world.store.sent_log.count("", outbox=True)
    put(world.mailbox(), notice(world), ME)
    world.later(minutes=20)
    world.sweep()
    assert world.store.sent_log.count("", outbox=True) == logged


def test_a_bounce_that_bears_the_id_of_a_notice_is_judged_as_any_other(world: World) -> None:
    world.history()
    world.watched()
    uid = world.bounced("forged@spam.example")
    raw = next(m.raw for m in world.server.messages("INBOX") if m.uid == uid)
    [ident] = [line for line in written(notice(world), ME).split(b"\r\n") if line.startswith(b"Message-ID")]
    [own] = [line for line in raw.split(b"\r\n") if line.lower().startswith(b"message-id: <0")]
    world.server.delete("INBOX", uid)
    world.server.append("INBOX", raw.replace(own, ident, 1), arrival=world.now)
    world.later(hours=1)
    assert world.sweep().moved == 1
