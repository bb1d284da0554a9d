"""What every Experience keeps its promise on: proofs add up, routes and hosts are bounded, ids are forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scatterclean.model import OUTBOX, Lessons, Proofs, Route, RouteCause
from scatterclean.ports import Experience
from scatterclean.store import Store, open_store
from scatterclean.store.experience import MOST_HOSTS, MOST_ROUTES
from tests.contracts.records import NOW, cursor, days, message


@pytest.fixture
def experience(store: Store) -> Experience:
    return store.experience


def route(shape: str, at: datetime = NOW, cause: RouteCause = RouteCause.REPLY) -> Route:
    return Route(shape, cause, f"example of {shape}", at)


def test_at_first_nothing_is_known(experience: Experience) -> None:
    found = experience.learned("ada", ["home"])
    assert dict(found.proofs) == {"home": Proofs()}
    assert (found.routes, found.hosts) == ((), frozenset())


def test_proofs_add_up_and_the_last_one_counts(experience: Experience) -> None:
    experience.learn(
        "home", "ada", Lessons(proofs={"home": Proofs(2, NOW), "work": Proofs(1, NOW - days(9))})
    )
    experience.learn(
        "work", "ada", Lessons(proofs={"home": Proofs(3, NOW - days(2)), "work": Proofs(1, NOW)})
    )
    experience.learn("home", "ada", Lessons(proofs={"home": Proofs(1, None)}))
    assert dict(experience.learned("ada", ["home", "work", "late"]).proofs) == {
        "home": Proofs(6, NOW),
        "work": Proofs(2, NOW),
        "late": Proofs(),
    }


def test_of_a_route_the_latest_sight_stays(experience: Experience) -> None:
    experience.learn(
        "home", "ada", Lessons(routes=(route("a@x"), route("a@x", NOW - days(1), RouteCause.TIE)))
    )
    experience.learn(
        "home", "ada", Lessons(routes=(route("a@x", NOW - days(2), RouteCause.ECHO), route("n@y")))
    )
    assert {r.shape: r.cause for r in experience.learned("ada", []).routes} == {
        "a@x": RouteCause.REPLY,
        "n@y": RouteCause.REPLY,
    }


def test_another_person_learns_nothing_of_it(experience: Experience) -> None:
    lessons = Lessons(routes=(route("a@x"),), hosts=frozenset([".x.example"]), received={"l@x.example": NOW})
    experience.learn("home", "ada", lessons)
    experience.learn("his", "bob", Lessons(hosts=frozenset([".y.example"])))
    assert experience.learned("bob", []).routes == ()
    assert experience.learned("bob", []).hosts == {".y.example"}
    assert experience.received("bob", ["l@x.example"]) == frozenset()


def test_the_number_of_routes_and_hosts_is_bounded_and_the_oldest_go(experience: Experience) -> None:
    old = tuple(route(f"old{n}@x", NOW - days(1)) for n in range(MOST_ROUTES))
    experience.learn("home", "ada", Lessons(routes=old))
    experience.learn("home", "ada", Lessons(routes=tuple(route(f"new{n}@x") for n in range(10))))
    shapes = {r.shape for r in experience.learned("ada", []).routes}
    assert len(shapes) == MOST_ROUTES
    assert {f"new{n}@x" for n in range(10)} <= shapes
    experience.learn(
        "home", "ada", Lessons(hosts=frozenset(f"h{n}.x.example" for n in range(MOST_HOSTS + 5)))
    )
    experience.learn("home", "ada", Lessons(hosts=frozenset(["late.example"])))
    hosts = experience.learned("ada", []).hosts
    assert len(hosts) == MOST_HOSTS
    assert "late.example" in hosts


def test_received_ids_are_found_and_forgotten_by_age(experience: Experience) -> None:
    experience.learn("home", "ada", Lessons(received={"old@x.example": NOW - days(90), "new@x.example": NOW}))
    assert experience.received("ada", ["old@x.example", "new@x.example", "no@x"]) == {
        "old@x.example",
        "new@x.example",
    }
    experience.forget_received("ada", NOW - days(60))
    assert experience.received("ada", ["old@x.example", "new@x.example"]) == {"new@x.example"}


def test_what_is_asked_comes_back_in_the_askers_spelling(experience: Experience) -> None:
    experience.learn("home", "ada", Lessons(received={"a\udc80b@x.example": NOW}))
    assert experience.received("ada", ["a\udc80b@x.example"]) == {"a\udc80b@x.example"}
    assert experience.received("ada", []) == frozenset()


texts = st.text(max_size=12)
lessons = st.builds(
    Lessons,
    proofs=st.dictionaries(
        st.sampled_from(["home", "work"]),
        st.builds(
            Proofs, st.integers(1, 9), st.none() | st.integers(0, 90).map(lambda n: NOW - timedelta(n))
        ),
    ),
    routes=st.lists(
        st.builds(
            Route,
            texts.filter(bool),
            st.just(RouteCause.REPLY),
            texts,
            st.integers(0, 90).map(lambda n: NOW - timedelta(n)),
        ),
        max_size=4,
    ).map(tuple),
    hosts=st.frozensets(texts.filter(bool), max_size=3),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(lessons, max_size=4))
def test_the_order_of_lessons_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, taught: list[Lessons]
) -> None:
    found = []
    for order in (taught, taught[::-1]):
        path: Path = tmp_path_factory.mktemp("experience") / "x.db"
        with open_store(path) as store:
            for one in order:
                store.experience.learn("home", "ada", one)
            known = store.experience.learned("ada", ["home", "work"])
            found.append((dict(known.proofs), {(r.shape, r.seen_at) for r in known.routes}, known.hosts))
    assert found[0] == found[1]


# --- what was sent and lies in no Sent folder -------------------------------------------------------------


def test_what_lies_in_no_sent_folder_acquits_and_proves_nothing_else(store: Store) -> None:
    log = store.sent_log
    log.record("home" + OUTBOX, "ada", [message(1)], cursor("outbox"))
    assert log.holders("ada", [key for i in message(1).ids for key in i.keys])
    assert (log.count("ada"), log.count_account("home")) == (0, 0)
    assert log.senders("ada") == frozenset()
    assert log.shapes("ada") == frozenset()
    assert list(log.hours("home", NOW - days(9000))) == []
    log.assign({"home": "eve"})
    assert log.holders("eve", [key for i in message(1).ids for key in i.keys])


def test_hours_tell_messages_and_those_never_written_to_before(store: Store) -> None:
    log = store.sent_log
    log.record("home", "ada", [message(1), message(2)], cursor())
    hours = log.hours("home", NOW - days(9000))
    assert sum(hour.messages for hour in hours) == 2
    strangers = {r for n in (1, 2) for r in message(n).recipients}
    assert sum(hour.strangers for hour in hours) == len(strangers)
    assert [hour.start for hour in hours] == sorted(hour.start for hour in hours)
    assert all(hour.start.minute == hour.start.second == 0 for hour in hours)
