"""The line finder knows the line of everything that tomllib finds in a text."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scatterclean.config.lines import Path, lines_of

TEXT = '''# a comment with = and [brackets]
title = "a # is no comment, \\" is no end" # but this is
[owner.address] # "
"quoted key" . 'second' = 1
lines = """
not = a key
\\""" still inside""""
literal = \'\'\'
[neither]
\'\'\'
list = [
  # "comment
  "one", "two",
  [ 'three' ],
  { four = 4,   "fi.ve" = [5] },
]
[[people]]
name = "a"
[[people]]
name = "b"
[people.home]
city = "c"
dotted.key.here = 1979-05-27 07:32:00
[owner]
late = true
'''


def paths(value: object, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*path, index))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("owner",), 3),
        (("owner", "address"), 3),
        (("owner", "address", "quoted key", "second"), 4),
        (("owner", "address", "lines"), 5),
        (("owner", "address", "literal"), 8),
        (("owner", "address", "list"), 11),
        (("owner", "address", "list", 0), 13),
        (("owner", "address", "list", 1), 13),
        (("owner", "address", "list", 2, 0), 14),
        (("owner", "address", "list", 3, "four"), 15),
        (("owner", "address", "list", 3, "fi.ve", 0), 15),
        (("people", 0), 17),
        (("people", 0, "name"), 18),
        (("people", 1), 19),
        (("people", 1, "name"), 20),
        (("people", 1, "home", "city"), 22),
        (("people", 1, "home", "dotted", "key", "here"), 23),
        (("owner", "late"), 25),
    ],
)
def test_each_key_is_found_on_its_line(path: Path, line: int) -> None:
    assert lines_of(TEXT)[path] == line


def test_nothing_but_what_tomllib_finds_is_found() -> None:
    assert set(lines_of(TEXT)) == set(paths(tomllib.loads(TEXT)))


def test_windows_line_ends_count_once() -> None:
    assert lines_of(TEXT.replace("\n", "\r\n")) == lines_of(TEXT)


def test_a_text_that_is_no_toml_gives_what_was_found_before() -> None:
    assert lines_of("a = 1\n= = =\nb = 2\n") == {("a",): 1}
    assert lines_of("a = " + "[" * 5000)[("a",)] == 1


_keys = st.one_of(
    st.sampled_from(["a", "b", "c-1", "2"]),
    st.text(alphabet="a.# =\"[]{},'\\\n\té", max_size=4),
)


def _quoted(text: str) -> str:
    return '"' + "".join(c if c.isalnum() or c in " .#=[]{},'" else f"\\u{ord(c):04x}" for c in text) + '"'


_strings = st.text(alphabet="a.# =\"'[]{},\\\n\t\ré", max_size=8)
_scalars = st.one_of(
    _strings.map(_quoted),
    _strings.map(lambda text: '"""' + _quoted(text)[1:-1] + '\n"x"""'),
    st.sampled_from(["'''\n'' # ]'''", "''", "'#'", '"""a"""""', "1", "-0.5", "true", "07:32:00", "inf"]),
    st.sampled_from(["1979-05-27 07:32:00Z", "0xff", "[]", "{}", "[ # ]\n ]"]),
)
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda each: "[\n" + " , # x\n".join(each) + "]"),
        st.dictionaries(_keys, inner, max_size=3).map(
            lambda table: "{ " + ", ".join(f"{_quoted(key)} = {value}" for key, value in table.items()) + " }"
        ),
    ),
    max_leaves=6,
)
_lines = st.one_of(
    st.tuples(st.lists(_keys, min_size=1, max_size=3), _values).map(
        lambda pair: " . ".join(map(_quoted, pair[0])) + " = " + pair[1]
    ),
    st.lists(_keys, min_size=1, max_size=3).map(lambda keys: "[" + ".".join(map(_quoted, keys)) + "]"),
    st.lists(_keys, min_size=1, max_size=2).map(
        lambda keys: "[[ " + ".".join(map(_quoted, keys)) + " ]] # x"
    ),
    st.sampled_from(["", "# [x]", "   ", "\t# a = 1"]),
)


@settings(deadline=None)
@given(st.lists(_lines, max_size=12))
def test_every_path_of_any_toml_is_found_and_no_other(lines: list[str]) -> None:
    text = ""
    for line in lines:  # keep what fits together
        try:
            tomllib.loads(text + line + "\n")
        except tomllib.TOMLDecodeError:
            continue
        text += line + "\n"
    found = lines_of(text)
    assert set(found) == set(paths(tomllib.loads(text)))
    assert all(1 <= line <= text.count("\n") for line in found.values())
