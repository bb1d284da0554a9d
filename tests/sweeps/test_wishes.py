"""What the person asks for in the dashboard is done once, can be taken back, and no sweep fights it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from scatterclean.mailbox.memory import MemoryServer
from scatterclean.model import (
    Case,
    Closure,
    Errand,
    Mode,
    Move,
    MoveState,
    Verdict,
    Wish,
    WishKind,
    WishState,
    WithoutUidplus,
)
from scatterclean.undo import Selection
from scatterclean.wishes import PATIENCE
from scatterclean.wording import wishes as words
from tests.servers import OtherHand

from .world import World


def undecided(world: World) -> Case:
    """One that nothing is known of, as a sweep has left it in the inbox."""
    world.unreferenced()
    world.sweep()
    [case] = world.store.docket.open_cases("home")
    assert case.finding.verdict is Verdict.UNDECIDED
    return case


def ask(world: World, kind: WishKind, *, case: int | None = None, move: int | None = None) -> Wish:
    key = f"form {kind} {case} {move} {world.now}"
    return world.store.wishes.ask(Wish("home", kind, key, world.now, case=case, move=move))


def fulfilled(world: World, wish: Wish) -> Wish:
    world.fulfil()
    now = world.store.wishes.get(wish.id)
    assert now is not None
    return now


def put_away(world: World) -> tuple[Case, Move]:
    """An undecided one that the person has put away by hand."""
    case = undecided(world)
    wish = fulfilled(world, ask(world, WishKind.PUT_AWAY, case=case.id))
    assert (wish.state, wish.told) == (WishState.DONE, "")
    [move] = world.store.journal.moves("home", errand=Errand.HAND)
    assert wish.done_by == move.id
    return case, move


# --- this is backscatter --------------------------------------------------------------------------------


def test_what_the_person_says_is_backscatter_goes_there_with_its_flags(world: World) -> None:
    case = undecided(world)
    world.server.flag("INBOX", case.where.uid, "\\Seen", "\\Flagged")  # a sweep would leave it alone
    assert fulfilled(world, ask(world, WishKind.PUT_AWAY, case=case.id)).state is WishState.DONE
    assert world.inbox() == []
    [message] = world.server.messages(world.backscatter)
    assert message.flags == {"\\Seen", "\\Flagged", "$Backscatter"}


def test_no_later_sweep_fights_it_also_when_the_log_learns_that_it_was_the_persons_own(world: World) -> None:
    case, move = put_away(world)
    world.sent("nameless.0@spam.example", ago=timedelta(hours=3), to="nobody@elsewhere.example")
    world.later(hours=2)
    report = world.sweep(folders=["INBOX"])
    assert (report.returned, report.moved, report.troubles) == (0, 0, ())
    assert world.store.journal.moves("home", ids=[move.id])[0].state is MoveState.MOVED
    closed = world.store.docket.get(case.id or 0)
    assert closed is not None
    assert closed.closure is Closure.MOVED


def test_it_is_never_deleted_because_of_its_age(world: World) -> None:
    world.set(keep_backscatter=timedelta(days=30))
    put_away(world)
    for _ in range(3):
        world.later(days=40)
        world.sweep()
    assert len(world.away()) == 1


def test_it_is_brought_back_by_undo_and_by_a_wish_and_no_sweep_moves_it_again(world: World) -> None:
    _, move = put_away(world)
    world.undo(Selection(sweep=move.sweep))
    assert (len(world.inbox()), world.away()) == (1, [])
    again = fulfilled(world, ask(world, WishKind.PUT_AWAY, move=move.id))
    assert (again.state, len(world.away())) == (WishState.DONE, 1)
    back = fulfilled(world, ask(world, WishKind.BRING_BACK, move=again.done_by))
    assert (back.state, len(world.inbox()), world.away()) == (WishState.DONE, 1, [])
    assert world.sweep(folders=["INBOX"]).moved == 0
    assert len(world.inbox()) == 1


def test_an_orphan_that_the_hand_put_away_and_brought_back_is_never_moved_by_a_sweep(tmp_path: Path) -> None:
    """Also where the server keeps no keyword that would tell."""
    world = World(tmp_path / "log.db", MemoryServer(keywords=False))
    world.history()
    world.watched()
    world.bounced("forged.1@spam.example")
    world.sweep(mode=Mode.OBSERVE)
    [case] = world.store.docket.open_cases("home")
    wish = fulfilled(world, ask(world, WishKind.PUT_AWAY, case=case.id))
    fulfilled(world, ask(world, WishKind.BRING_BACK, move=wish.done_by))
    assert (len(world.inbox()), world.away()) == (1, [])
    world.later(hours=1)
    for _ in range(2):
        assert world.sweep(folders=["INBOX"]).moved == 0
    assert (len(world.inbox()), world.away()) == (1, [])
    world.close()


def test_it_is_done_also_where_the_account_only_observes(world: World) -> None:
    world.set(mode=Mode.OBSERVE)
    put_away(world)
    assert len(world.away()) == 1


def test_a_wish_about_what_became_an_alarm_or_genuine_is_refused_with_the_reason(world: World) -> None:
    case = undecided(world)
    world.store.docket.close([case], world.now, Closure.GENUINE)
    wish = fulfilled(world, ask(world, WishKind.PUT_AWAY, case=case.id))
    assert (wish.state, wish.told) == (WishState.REFUSED, words.PROVED_YOURS)
    assert len(world.inbox()) == 1


def test_a_wish_about_what_a_sweep_put_away_meanwhile_is_done_and_doubles_nothing(world: World) -> None:
    world.bounced("forged.1@spam.example")
    world.sweep(mode=Mode.OBSERVE)
    [case] = world.store.docket.open_cases("home")
    wish = ask(world, WishKind.PUT_AWAY, case=case.id)
    world.sweep()
    wish = fulfilled(world, wish)
    assert (wish.state, wish.told) == (WishState.DONE, words.AWAY_BEFORE)
    assert (world.inbox(), len(world.away())) == ([], 1)
    assert not world.store.journal.moves("home", errand=Errand.HAND)


@pytest.mark.parametrize("closed", [False, True], ids=["unseen", "seen by a sweep"])
def test_a_message_that_another_hand_took_is_said_to_be_gone(world: World, closed: bool) -> None:
    case = undecided(world)
    wish = ask(world, WishKind.PUT_AWAY, case=case.id)
    hand: OtherHand = world.server
    hand.delete("INBOX", case.where.uid)
    if closed:
        world.sweep()
    wish = fulfilled(world, wish)
    assert (wish.state, wish.told) == (WishState.GONE, words.NOT_THERE)


def test_what_another_program_has_marked_as_deleted_is_left_alone(world: World) -> None:
    case = undecided(world)
    world.server.flag("INBOX", case.where.uid, "\\Deleted")
    wish = fulfilled(world, ask(world, WishKind.PUT_AWAY, case=case.id))
    assert (wish.state, wish.told) == (WishState.REFUSED, "it is marked as deleted")
    assert len(world.inbox()) == 1


def test_a_server_that_cannot_move_is_named_as_the_reason(world: World) -> None:
    case = undecided(world)
    world.server.knows_move, world.server.knows_uidplus = False, False
    wish = fulfilled(world, ask(world, WishKind.PUT_AWAY, case=case.id))
    assert wish.state is WishState.REFUSED
    assert "MOVE" in wish.told
    assert len(world.inbox()) == 1


def test_where_nothing_can_be_moved_it_is_copied_and_marked_as_the_person_has_set(world: World) -> None:
    case = undecided(world)
    world.server.knows_move, world.server.knows_uidplus = False, False
    world.set(without_uidplus=WithoutUidplus.COPY_AND_MARK)
    wish = fulfilled(world, ask(world, WishKind.PUT_AWAY, case=case.id))
    assert wish.state is WishState.DONE
    assert (len(world.inbox()), len(world.away())) == (1, 1)
    back = fulfilled(world, ask(world, WishKind.BRING_BACK, move=wish.done_by))
    assert back.state is WishState.DONE
    [message] = world.server.messages("INBOX")
    assert "$Backscatter" not in message.flags


# --- bring back -----------------------------------------------------------------------------------------


def swept(world: World) -> Move:
    world.bounced("forged.1@spam.example")
    world.sweep()
    [move] = world.store.journal.moves("home", errand=Errand.SWEEP)
    assert (move.state, move.intent.kind, move.intent.recipient) == (
        MoveState.MOVED,
        "bounce",
        "nobody@elsewhere.example",
    )
    return move


def test_one_message_is_brought_back_and_the_others_stay_away(world: World) -> None:
    world.bounced("forged.2@spam.example", number=2)
    world.bounced("forged.3@spam.example", number=3)
    world.sweep()
    first, _ = world.store.journal.moves("home", errand=Errand.SWEEP)
    assert fulfilled(world, ask(world, WishKind.BRING_BACK, move=first.id)).state is WishState.DONE
    assert (len(world.inbox()), len(world.away())) == (1, 1)


def test_asked_for_twice_it_comes_back_once(world: World) -> None:
    move = swept(world)
    first = ask(world, WishKind.BRING_BACK, move=move.id)
    world.fulfil()
    world.later(seconds=1)
    second = fulfilled(world, ask(world, WishKind.BRING_BACK, move=move.id))
    assert second.id != first.id
    assert second.state is WishState.DONE
    assert len(world.inbox()) == 1
    assert len(world.store.journal.moves("home", errand=Errand.UNDO)) == 1


def test_the_undo_of_bringing_back_puts_it_away_again_by_hand(world: World) -> None:
    move = swept(world)
    world.undo()
    wish = fulfilled(world, ask(world, WishKind.PUT_AWAY, move=move.id))
    assert (wish.state, world.inbox(), len(world.away())) == (WishState.DONE, [], 1)
    [by_hand] = world.store.journal.moves("home", errand=Errand.HAND)
    assert by_hand.intent.kind == "bounce"
    world.later(hours=1)
    assert world.sweep().returned == 0


def test_what_was_deleted_from_backscatter_is_said_to_be_gone(world: World) -> None:
    move = swept(world)
    world.server.delete(world.backscatter, move.target_uid or 0)
    wish = fulfilled(world, ask(world, WishKind.BRING_BACK, move=move.id))
    assert (wish.state, wish.told) == (WishState.GONE, words.NOT_THERE)


def test_a_wish_that_nobody_could_carry_out_for_a_day_is_not_carried_out_any_more(world: World) -> None:
    move = swept(world)
    case = undecided(world)
    back, away = ask(world, WishKind.BRING_BACK, move=move.id), ask(world, WishKind.PUT_AWAY, case=case.id)
    world.later(seconds=PATIENCE.total_seconds() + 1)
    assert fulfilled(world, back).state is WishState.EXPIRED
    assert fulfilled(world, away).state is WishState.EXPIRED
    assert (len(world.inbox()), len(world.away())) == (1, 1)


def test_a_connection_that_breaks_leaves_the_wish_for_the_next_time(world: World) -> None:
    from scatterclean.errors import ConnectionLost

    from .crash import fulfil
    from .tripwire import Fate

    move = swept(world)
    wish = ask(world, WishKind.BRING_BACK, move=move.id)
    with pytest.raises(ConnectionLost):
        fulfil(world, Fate(breaks=2))
    waiting = world.store.wishes.get(wish.id)
    assert waiting is not None
    assert waiting.state is WishState.ASKED
    world.close()
    assert fulfilled(world, wish).state is WishState.DONE
    assert (len(world.inbox()), world.away()) == (1, [])


def test_on_a_server_without_move_it_is_copied_and_the_source_removed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    world = World(tmp_path_factory.mktemp("no move") / "log.db", MemoryServer(move=False))
    world.history()
    world.watched()
    put_away(world)
    assert (world.inbox(), len(world.away())) == ([], 1)
    world.close()
