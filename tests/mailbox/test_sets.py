"""UIDs as ranges: exactly what was asked, on short lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatterclean.mailbox.sets import compressed, cut, expanded, ordered

# UIDs as they are: dense runs with gaps, anywhere up to 2^32 - 1.
RUNS = st.lists(st.tuples(st.integers(1, 2**32 - 400), st.integers(0, 300)), max_size=60)
UIDS = RUNS.map(lambda runs: [uid for start, length in runs for uid in range(start, start + length + 1)])


@given(UIDS, st.integers(1, 600), st.integers(21, 300))
def test_the_pieces_hold_exactly_the_uids_that_were_asked_for_each_once(
    uids: list[int], most: int, room: int
) -> None:
    pieces = list(cut(uids, most, room))
    assert [uid for _, members in pieces for uid in members] == sorted(set(uids))
    for text, members in pieces:
        assert expanded(text, 1000) == members  # the text names no neighbour
        assert 1 <= len(members) <= most
        assert len(text) <= room


@given(UIDS)
def test_compressed_names_exactly_the_uids(uids: list[int]) -> None:
    text = compressed(uids)
    assert (expanded(text, 20_000) if text else []) == sorted(set(uids))


def test_neighbours_are_joined_into_ranges() -> None:
    assert compressed([7, 3, 1, 2, 8, 11]) == "1:3,7:8,11"


def test_ten_thousand_scattered_uids_fit_on_lines_below_8_kb() -> None:
    pieces = list(cut(range(10**9, 10**9 + 20_000, 2), 100_000))
    assert max(len(text) for text, _ in pieces) <= 8000
    assert len(pieces) == 14  # and the lines are full: 727 UIDs of ten digits each


@pytest.mark.parametrize("uid", [0, -1, 2**32])
def test_what_cannot_be_a_uid_is_a_bug_and_says_so(uid: int) -> None:
    with pytest.raises(ValueError, match="not a UID"):
        ordered([5, uid])


@pytest.mark.parametrize(
    "text", ["", "*", "1:*", "1,,2", "a", "1:2:3", "-1", "1:4294967296", "0", "1:1000000", "१", "9" * 5000]
)
def test_sets_that_make_no_sense_or_are_too_large_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"UIDs|digits"):
        expanded(text, 1000)


def test_a_set_is_expanded_in_the_order_of_its_text() -> None:
    assert expanded("4,9:7,2", 10) == [4, 7, 8, 9, 2]
