"""Coverage: which stretches of time the log knows, and how well."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scatterclean.model import Coverage, Grade, Identities, Interval

from .people import NOW


def at(day: float) -> datetime:
    return NOW + timedelta(days=day)


def covered(*spans: tuple[float, float, Grade]) -> Coverage:
    return Coverage(tuple(Interval(at(a), at(b), grade) for a, b, grade in spans))


W, B = Grade.WITNESSED, Grade.BACKFILLED


def test_nothing_covers_nothing() -> None:
    assert Coverage().hole(at(0), at(1)) == (at(0), at(1))
    assert Coverage().grade(at(0), at(1)) is None
    assert Coverage().through is None


def test_touching_intervals_cover_together_and_the_lower_grade_counts() -> None:
    both = covered((0, 5, B), (5, 9, W))
    assert both.hole(at(1), at(8)) is None
    assert both.grade(at(1), at(8)) is B
    assert both.grade(at(6), at(8)) is W
    assert (both.since, both.through) == (at(0), at(9))


def test_witnessed_wins_where_both_grades_overlap() -> None:
    assert covered((0, 9, B), (2, 9, W)).grade(at(3), at(8)) is W


def test_the_first_hole_is_named() -> None:
    assert covered((0, 2, W), (3, 4, W), (6, 9, W)).hole(at(1), at(8)) == (at(2), at(3))
    assert covered((3, 4, W)).hole(at(1), at(8)) == (at(1), at(3))
    assert covered((0, 4, W)).hole(at(1), at(8)) == (at(4), at(8))
    assert covered((9, 10, W)).hole(at(1), at(8)) == (at(1), at(8))


SPANS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20), st.sampled_from([W, B])).map(
        lambda t: (min(t[:2]), max(t[:2]), t[2])
    ),
    max_size=6,
)


@given(spans=SPANS, start=st.integers(0, 19), length=st.integers(1, 10))
def test_a_stretch_is_covered_exactly_if_every_half_step_of_it_is(
    spans: list[tuple[int, int, Grade]], start: int, length: int
) -> None:
    coverage = covered(*spans)
    steps = [start + half / 4 for half in range(length * 4 + 1)]
    whole = all(any(a <= step <= b for a, b, _ in spans) for step in steps)
    assert (coverage.hole(at(start), at(start + length)) is None) == whole
    assert (coverage.grade(at(start), at(start + length)) is not None) == whole


def test_identities_know_wildcards_sub_addresses_and_shared_mailboxes() -> None:
    person = Identities(
        addresses=frozenset(["ada@winter.example", "*@ada.example"]),
        shared=frozenset(["info@ada.example"]),
        never_sends=frozenset(["old@winter.example"]),
    )
    for own in (
        "ada@winter.example",
        "Ada+shop@Winter.example",
        "whatever@ada.example",
        "old@winter.example",
    ):
        assert person.owns(own)
    for other in ("bob@winter.example", "info@ada.example", "ada@sub.ada.example", "ada", ""):
        assert not person.owns(other)
    assert person.sends_never("old+x@winter.example")
    assert not person.sends_never("ada@winter.example")
