"""The contract of `ports.Mailbox`, on every implementation: in memory, and IMAP on every real server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from scatterclean.errors import CommandRefused, ConnectionLost, FolderChanged, FolderMissing
from scatterclean.model import Place
from scatterclean.ports import Mailbox
from tests.contracts.worlds import MESSAGE, NOON, World

# --- folders ---------------------------------------------------------------------------------------------


def test_folders_are_listed_with_their_special_use(world: World) -> None:
    uses = {folder.name: folder.use for folder in world.box.folders()}
    assert uses["INBOX"] == frozenset()
    assert uses[f"{world.prefix}Sent"] == ({"sent"} if world.uses else frozenset())
    assert uses[f"{world.prefix}Trash"] == ({"trash"} if world.uses else frozenset())


def test_personal_gives_the_full_name_once(world: World) -> None:
    full = world.box.personal("Backscatter")
    assert full == f"{world.prefix}Backscatter"
    assert world.box.personal(full) == full
    assert world.box.personal("inbox") == "INBOX"


def test_state_counts_messages_and_tells_the_next_uid(world: World) -> None:
    assert (world.box.state("INBOX").uidnext, world.box.state("INBOX").exists) == (1, 0)
    world.deliver(1, 2)
    state = world.box.state("INBOX")
    assert (state.uidnext, state.exists) == (3, 2)
    world.hand.delete("INBOX", 2)
    state = world.box.state("INBOX")
    assert (state.uidnext, state.exists) == (3, 1)


def test_state_is_fresh_although_the_folder_is_open(world: World) -> None:
    place = world.place()
    assert world.box.uids(place) == []
    world.deliver(1)
    assert world.box.state("INBOX").exists == 1


def test_inbox_has_no_case(world: World) -> None:
    assert world.box.state("inbox").place == world.box.state("INBOX").place


def test_state_of_a_folder_that_does_not_exist_is_missing(world: World) -> None:
    with pytest.raises(FolderMissing):
        world.box.state(world.box.personal("Nowhere"))


def test_a_created_folder_exists_and_is_subscribed(world: World) -> None:
    name = world.box.personal("Backscatter")
    world.box.create(name)
    assert name in world.hand.folder_names()
    assert name in world.hand.subscribed()
    assert world.box.state(name).exists == 0


def test_creating_an_existing_folder_only_subscribes_it(world: World) -> None:
    name = world.box.personal("Backscatter")
    world.hand.create(name)
    world.deliver(1, folder=name)
    before = world.box.state(name)
    world.box.create(name)
    assert world.box.state(name) == before
    assert name in world.hand.subscribed()


@pytest.mark.parametrize(
    "name",
    [
        'say "cheese"',
        "back\\slash",
        "Rückläufer",
        "退回的邮件",
        "R&D",
        "&AGE-",
        "50% off (*)",
        "🙂",
        "a{3}",
        "NIL",
    ],
)
def test_any_name_of_a_folder_goes_there_and_back(world: World, name: str) -> None:
    full = world.box.personal(name)
    if set(name) & set(world.refuses):
        with pytest.raises(CommandRefused, match="CREATE"):
            world.box.create(full)
        assert world.box.state("INBOX").exists == 0  # the session goes on
        return
    world.box.create(full)
    world.deliver(1, folder=full)
    assert world.box.state(full).exists == 1
    assert (full in {folder.name for folder in world.box.folders()}) is (name != world.hides)
    assert world.open().state(full).exists == 1  # a new session, which has listed nothing yet
    [(_, raw)] = world.box.raw(world.place(full), [1], 100_000)
    assert raw == MESSAGE % 1


# --- looking ---------------------------------------------------------------------------------------------


def test_uids_are_ascending_and_begin_where_asked(world: World) -> None:
    world.deliver(*range(1, 31))
    for uid in (3, 4, 30):
        world.hand.delete("INBOX", uid)
    place = world.place()
    there = [uid for uid in range(1, 30) if uid not in (3, 4)]
    assert world.box.uids(place) == there
    assert world.box.uids(place, 11) == there[8:]
    assert world.box.uids(place, 29) == [29]


def test_no_uid_is_found_above_the_last(world: World) -> None:
    world.deliver(1, 2, 3)
    assert world.box.uids(world.place(), 4) == []
    assert world.box.uids(world.place(), 4_000_000_000) == []


def test_an_empty_folder_has_no_uids(world: World) -> None:
    assert world.box.uids(world.place()) == []


def test_uids_since_a_day_leave_out_what_arrived_before(world: World) -> None:
    for days in (40, 3, 1, 0):
        world.hand.append("INBOX", MESSAGE % days, arrival=NOON - timedelta(days=days))
    assert world.box.uids(world.place(), since=date(2026, 3, 11)) == [2, 3, 4]
    assert world.box.uids(world.place(), 3, since=date(2026, 3, 11)) == [3, 4]
    assert world.box.uids(world.place(), since=date(2026, 3, 15)) == []


def test_headers_hold_the_fields_that_were_asked_for_as_they_stand(world: World) -> None:
    world.deliver(5, flags=("\\Flagged", "$Label1"))
    [seen] = world.box.headers(world.place(), [1], ["message-id", "Received", "X-Absent"])
    assert seen.uid == 1
    assert seen.arrival == NOON
    assert seen.flags == {"\\Flagged", "$Label1"}
    assert seen.size == len(MESSAGE % 5)
    assert seen.header == (
        b"Received: from mx.example.net (mx.example.net [192.0.2.7])\r\n"
        b"\tby in.example.org with ESMTP id 4XYZ\r\n"
        b"Message-ID: <bounce.5@example.net>\r\n"
        b"\r\n"
    )


def test_headers_of_many_come_in_any_order_each_once_and_pass_over_the_missing(world: World) -> None:
    world.deliver(*range(1, 13))
    world.hand.delete("INBOX", 7)
    seen = list(world.box.headers(world.place(), [99, 12, 1, 3, 2, 7, 9, 9, 11], ["Message-ID"]))
    assert sorted(one.uid for one in seen) == [1, 2, 3, 9, 11, 12]
    assert {one.uid: one.header for one in seen}[9] == b"Message-ID: <bounce.9@example.net>\r\n\r\n"


def test_of_no_uids_nothing_is_seen(world: World) -> None:
    assert list(world.box.headers(world.place(), [], ["Subject"])) == []
    assert list(world.box.raw(world.place(), [], 100)) == []


def test_a_message_without_the_fields_is_seen_with_an_empty_header(world: World) -> None:
    world.hand.append("INBOX", b"Subject: x\r\n\r\nbody\r\n", arrival=NOON)
    [seen] = world.box.headers(world.place(), [1], ["Message-ID"])
    assert seen.header == b"\r\n"


def test_raw_is_cut_at_the_cap_and_whole_below_it(world: World) -> None:
    world.deliver(1, 2, 3)
    whole = MESSAGE % 1
    read = dict(world.box.raw(world.place(), [1, 2, 3, 77], 100))
    assert read == {n: (MESSAGE % n)[:100] for n in (1, 2, 3)}
    assert dict(world.box.raw(world.place(), [1], len(whole) + 1)) == {1: whole}
    assert dict(world.box.raw(world.place(), [1], len(whole))) == {1: whole}


def test_raw_gives_every_byte_back(world: World) -> None:
    odd = (
        b"Subject: \xff\xfe\r\n\r\n" + bytes(range(1, 256)).replace(b"\r", b"").replace(b"\n", b"") + b"\r\n"
    )
    uid = world.hand.append("INBOX", odd, arrival=NOON)
    [stored] = world.hand.messages(
        "INBOX"
    )  # Cyrus puts an X for every byte above 127 in a header that it takes in
    assert dict(world.box.raw(world.place(), [uid], 100_000)) == {uid: stored.raw}
    assert stored.raw.partition(b"\r\n\r\n")[2] == odd.partition(b"\r\n\r\n")[2]


def test_looking_changes_nothing(world: World) -> None:
    world.deliver(1, 2)
    world.deliver(3, flags=("\\Answered",))
    before = world.hand.messages("INBOX")
    place = world.place()
    world.box.uids(place)
    list(world.box.headers(place, [1, 2, 3], ["Subject"]))
    list(world.box.raw(place, [1, 2, 3], 100_000))
    assert world.hand.messages("INBOX") == before


def test_what_arrives_and_goes_while_the_folder_is_open_is_noticed(world: World) -> None:
    world.deliver(1, 2)
    place = world.place()
    assert len(list(world.box.headers(place, [1, 2], ["Subject"]))) == 2
    world.deliver(3)
    world.hand.delete("INBOX", 1)
    assert world.box.uids(place) == [2, 3]
    assert sorted(one.uid for one in world.box.headers(place, [1, 2, 3], ["Subject"])) == [2, 3]
    world.hand.flag("INBOX", 2, "\\Flagged")
    [seen] = world.box.headers(place, [2], ["Subject"])
    assert seen.flags == {"\\Flagged"}


def test_headers_go_on_while_messages_are_moved_away(world: World) -> None:
    world.deliver(*range(1, 11))
    place, target = world.place(), world.target()
    seen = []
    for one in world.box.headers(place, list(range(1, 11)), ["Subject"]):
        seen.append(one.uid)
        if one.uid % 2:
            world.move(place, [one.uid], target)
    assert sorted(seen) == list(range(1, 11))
    assert world.box.uids(place) == [2, 4, 6, 8, 10]


# --- what other hands do to folders ----------------------------------------------------------------------

ON_A_PLACE: dict[str, Callable[[Mailbox, Place], object]] = {
    "uids": lambda box, place: box.uids(place),
    "headers": lambda box, place: list(box.headers(place, [1], ["Subject"])),
    "raw": lambda box, place: list(box.raw(place, [1], 100)),
    "move": lambda box, place: box.move(place, [1], box.state("INBOX").place),
    "remove": lambda box, place: box.remove(place, [1]),
    "copy": lambda box, place: box.copy(place, [1], box.state("INBOX").place),
    "mark": lambda box, place: box.mark(place, [1], "$Backscatter"),
    "unmark": lambda box, place: box.unmark(place, [1], "$Backscatter"),
}


@pytest.mark.parametrize("method", ON_A_PLACE)
def test_a_folder_with_another_uidvalidity_has_changed(world: World, method: str) -> None:
    stale = world.target()
    world.deliver(1, folder=stale.folder)
    world.hand.renew(stale.folder)
    world.deliver(2, folder=stale.folder)
    with pytest.raises(FolderChanged):
        ON_A_PLACE[method](world.box, stale)
    assert [m.flags for m in world.hand.messages(stale.folder)] == [frozenset()]


@pytest.mark.parametrize("method", ON_A_PLACE)
def test_a_folder_that_is_gone_is_missing(world: World, method: str) -> None:
    stale = world.target()
    world.hand.drop(stale.folder)
    with pytest.raises(FolderMissing):
        ON_A_PLACE[method](world.box, stale)


def test_a_renamed_folder_is_missing_under_its_old_name(world: World) -> None:
    stale = world.target()
    world.deliver(1, folder=stale.folder)
    new = world.box.personal("Elsewhere")
    world.hand.rename(stale.folder, new)
    with pytest.raises(FolderMissing):
        world.box.uids(stale)
    assert world.box.state(new).exists == 1


def test_nothing_moves_into_a_folder_that_changed_or_is_gone(world: World) -> None:
    world.deliver(1)
    place, target = world.place(), world.target()
    world.hand.renew(target.folder)
    with pytest.raises(FolderChanged):
        world.move(place, [1], target)
    world.hand.drop(target.folder)
    with pytest.raises(FolderMissing):
        world.move(place, [1], target)
    assert [m.uid for m in world.hand.messages("INBOX")] == [1]


def test_an_open_folder_that_is_made_anew_is_never_taken_for_the_old_one(world: World) -> None:
    stale = world.target()
    world.deliver(1, folder=stale.folder)
    assert world.box.uids(stale) == [1]  # it is open in our session now
    world.hand.renew(stale.folder)
    world.deliver(2, folder=stale.folder)
    with pytest.raises(FolderChanged):
        list(world.box.headers(stale, [1], ["Subject"]))
    with pytest.raises(FolderChanged):
        world.box.remove(stale, [1])
    assert [m.raw for m in world.hand.messages(stale.folder)] == [MESSAGE % 2]


@pytest.mark.parametrize("whole", [False, True], ids=["header fields", "whole messages"])
def test_what_another_hand_removes_while_it_is_read_is_gone_or_as_it_was_and_never_made_up(
    world: World, whole: bool
) -> None:
    """Courier 5.0 answers with a message of its own (`From: System Administrator`) for one that is gone meanwhile."""
    uids = world.deliver(*range(1, 61))  # more than are asked for at once, in these small portions
    place = world.place()
    seen = world.box.headers(place, uids, ["Message-ID", "From", "Subject"])
    looking = world.box.raw(place, uids, 1000) if whole else ((s.uid, s.header) for s in seen)
    first = next(looking)
    world.hand.delete("INBOX", uids[-1])
    read = [first, *looking]
    assert [uid for uid, _ in read] in (uids, uids[:-1])
    assert all(b"bounce.%d@" % uid in message for uid, message in read)


# --- the end ---------------------------------------------------------------------------------------------


def test_after_close_every_call_says_that_the_session_ended(world: World) -> None:
    place = world.place()
    world.box.close()
    world.box.close()
    without_a_place: list[Callable[[Mailbox, Place], object]] = [
        lambda box, _: box.folders(),
        lambda box, _: box.personal("Backscatter"),
        lambda box, _: box.state("INBOX"),
        lambda box, _: box.create("X"),
    ]
    for act in (*without_a_place, *ON_A_PLACE.values()):
        with pytest.raises(ConnectionLost):
            act(world.box, place)


# --- searching --------------------------------------------------------------------------------------------


def test_messages_are_found_by_their_ids_whatever_the_case(world: World) -> None:
    world.deliver(*range(1, 8))
    place = world.place()
    wanted = ["BOUNCE.3@example.net", "bounce.5@example.net", "nobody@example.net"]
    assert world.box.with_message_ids(place, wanted) == [3, 5]
    assert world.box.with_message_ids(place, []) == []


def test_hundreds_of_ids_are_searched_for_and_what_no_server_understands_is_passed_over(world: World) -> None:
    world.deliver(1, 2)
    strange = ["\u00fc@example.net", "a\r\nb@example.net", "", 'quo"te\\@example.net']
    many = [f"{'x' * 60}.{number}@example.net" for number in range(400)]
    assert world.box.with_message_ids(world.place(), [*strange, *many, "bounce.2@example.net"]) == [2]


def test_an_id_that_was_folded_as_encoded_words_is_found_as_it_is_meant_or_as_it_stands(world: World) -> None:
    """RFC 3501, 6.4.4, has servers decode before they compare: Dovecot and Courier do, Cyrus does not."""
    world.deliver(1)
    folded = b"<=?us-ascii?Q?long=2E4711?=\r\n =?us-ascii?Q?=40example=2Enet?=>"
    world.hand.append("INBOX", (MESSAGE % 2).replace(b"<bounce.2@example.net>", folded), arrival=NOON)
    meant = world.box.with_message_ids(world.place(), ["long.4711@example.net"])
    assert (meant or world.box.with_message_ids(world.place(), ["=?"])) == [2]
