"""Whatever stands in the file: it is loaded, or the person is told; nothing else happens, and no secret shows."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from scatterclean.config import load
from scatterclean.config.schema import AccountTable, FileTable
from scatterclean.errors import ConfigBroken

GOOD = b"""[defaults]
poll = "5m"
[accounts.home]
host = "imap.example.org"
username = "me@example.org"
password = "open sesame"
addresses = ["me@example.org", "*@own.example"]
settle = "10m"
[accounts.home.kinds]
bounce = "always"
"""

_values = st.one_of(
    st.sampled_from(
        ['"x"', '""', "1", "-1", "true", "1.5", "[]", '["a"]', "{}", "{a = 1}", "[[1], {}]", "nan"]
    ),
    st.sampled_from(
        ["07:00:00", "2026-01-01", '"5m"', '"*@x.example"', '["*@a.example"]', '"none"', '"move"']
    ),
    st.text(alphabet="ab@*./~\\\n\x1b é", max_size=6).map(
        lambda text: '"' + "".join(f"\\u{ord(c):04x}" for c in text) + '"'
    ),
)
_keys = st.sampled_from([*AccountTable.model_fields, *FileTable.model_fields, "x", '"a b"', "bounce"])
_headers = st.sampled_from(
    ["[accounts.home]", "[accounts.b]", "[defaults]", "[accounts]", "[x]", "[[accounts]]", '[accounts."a b"]']
)
_shaped = st.lists(
    st.one_of(st.tuples(_keys, _values).map(" = ".join), _headers, st.just("[accounts.b.kinds]")), max_size=14
).map(lambda lines: "\n".join(lines).encode())


def _complaint(content: bytes) -> str:
    """What load says about a file of this content, good or bad; anything but ConfigBroken goes through."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "config.toml"
        path.write_bytes(content)
        problems: tuple[str, ...] = ()
        said = ""
        try:
            said = repr(load(path))
        except ConfigBroken as error:
            problems = error.problems
            said = f"{error}{error!r}"
        assert all(problem.startswith(str(path)) and problem.isprintable() for problem in problems)
        return said


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_words(content: bytes) -> None:
    _complaint(content)


@settings(deadline=None)
@given(_shaped)
def test_any_keys_with_any_values_are_read_or_refused_in_words(content: bytes) -> None:
    _complaint(content)


@settings(deadline=None)
@given(st.integers(0, len(GOOD)), st.integers(0, 40), st.binary(max_size=6))
def test_a_good_file_with_a_piece_replaced_is_read_or_refused_and_shows_no_password(
    at: int, length: int, piece: bytes
) -> None:
    said = _complaint(GOOD[:at] + piece + GOOD[at + length :])
    assert "open sesame" not in said


@settings(deadline=None)
@given(st.text(alphabet="sS3$%&/'#=[]{}, ", min_size=1, max_size=12), _values)
def test_a_password_shows_in_no_complaint_about_its_surroundings(text: str, other: str) -> None:
    secret = f"zq{text}qz"
    for line in (
        f'password = "{secret}"',
        f'password = ["{secret}"]',
        f'password = "{secret}" x',
        f"password = {secret}",
    ):
        said = _complaint(f'[accounts.home]\nhost = {other}\nhots = {other}\nmode = "x"\n{line}\n'.encode())
        assert secret not in said
