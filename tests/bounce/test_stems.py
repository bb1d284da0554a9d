"""A search for many stems at once finds what a search for each of them would."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from scatterclean.bounce.stems import Stems

_LETTERS = (
    "abv .\u00e9\u044f"  # frequent and rare ones, one that means something to an expression, two beyond ASCII
)
_TEXTS = st.text(_LETTERS, max_size=30)
_SEVERAL = st.lists(st.text(_LETTERS, min_size=1, max_size=5), min_size=1, max_size=8).map(
    lambda few: ("a.b", *few)
)


@settings(max_examples=1000)
@given(_SEVERAL, _TEXTS)
def test_a_text_holds_one_of_several_stems_exactly_if_it_holds_any_of_them(
    stems: tuple[str, ...], text: str
) -> None:
    found = Stems(stems).search(text)
    assert (found is not None) == any(stem in text for stem in stems)


@given(_SEVERAL, _TEXTS)
def test_a_text_begins_with_the_shortest_stem_that_fits(stems: tuple[str, ...], text: str) -> None:
    found = Stems(stems).match(text)
    fitting = sorted((stem for stem in stems if text.startswith(stem)), key=len)
    assert (found[0] if found else None) == (fitting[0] if fitting else None)
