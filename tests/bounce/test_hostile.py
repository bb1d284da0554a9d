"""What a hostile writer cannot do: make the reader raise, work out of proportion, or take more than its share."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.shapes import FILLINGS, LEVELS, PLACES, filled
from scatterclean import bounce
from scatterclean.bounce.anatomy import LOOK, MAX_HEADER
from tests.bounce.test_fixtures import only_candidate_fields
from tests.bounce.test_properties import FIXTURES, MESSAGES, WRAPPER, damaged, essence, strong_ids

FUZZ = Path(__file__).parents[2] / "bench" / "fuzz.py"
# What makes steps is lines, parts and fields; what is one step in Python whatever its length is a trap for clocks, and
# `bench/giants.py --traps` times it.
LINES = tuple(filling for filling in FILLINGS if b"\n" in filling)


def steps(raw: bytes) -> int:
    """Calls, of Python and of C, that reading takes: the same on every machine, however busy it is."""
    count = 0

    def counted(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    gc.disable()  # hypothesis is told of each collection, and what it does then would be counted
    sys.setprofile(counted)
    try:
        bounce.read(raw)
    finally:
        sys.setprofile(before)
        gc.enable()
    return count


def bound(raw: bytes) -> int:
    """Twice what the worst filling takes today; anything quadratic in 16 kB takes a hundred times as many."""
    return 3000 + 3 * len(raw)


@pytest.fixture(scope="module", autouse=True)
def _formats_are_imported() -> None:
    """The first call imports them, which would count as its steps."""
    for raw in MESSAGES:
        bounce.read(raw)


@pytest.mark.parametrize("place", PLACES)
def test_lines_of_one_kind_cost_at_most_three_steps_a_byte_wherever_they_stand(place: str) -> None:
    for filling in LINES:
        raw = filled(place, filling, 16_384)
        assert steps(raw) <= bound(raw), filling


@pytest.mark.parametrize("levels", [5, 80, 1000])
@pytest.mark.parametrize("name", LEVELS)
def test_nesting_costs_at_most_three_steps_a_byte_at_any_depth(name: str, levels: int) -> None:
    raw = LEVELS[name](levels)
    assert steps(raw) <= bound(raw)


@pytest.mark.parametrize("place", PLACES)
def test_no_format_stumbles_over_a_filling_at_any_place(place: str) -> None:
    for filling in FILLINGS:
        found = bounce.read(filled(place, filling, 3000))
        assert found is None or found.stumbled == (), filling


@pytest.mark.parametrize("name", FIXTURES)
def test_what_stands_behind_the_first_megabyte_changes_nothing_and_costs_nothing(name: str) -> None:
    raw = FIXTURES[name] + b"\n" * (LOOK - len(FIXTURES[name]))
    behind = raw + FIXTURES[name] * 50
    assert bounce.read(behind) == bounce.read(raw + b"\n")
    assert steps(behind) == steps(raw + b"\n")


@pytest.mark.parametrize(("size", "seen"), [(1000, True), (2 * MAX_HEADER, False)])
def test_of_a_returned_header_no_more_is_read_than_an_honest_one_has(size: int, seen: bool) -> None:
    """Found by bench/fuzz.py (seed 42): a megabyte of blank lines was searched 26 times, in 386 ms."""
    raw = (
        b"From: Postmaster <postmaster@mail.example.cn>\nTo: ada@example.org\nSubject: Undelivered mail\n"
        b"Content-Type: multipart/mixed; boundary=qq\n\n--qq\nContent-Type: message/rfc822\n\n"
        b"Received: from a by b\n" + b" \n" * (size // 2) + b"Message-ID: <late@example.org>\n"
    )
    found = bounce.read(raw)
    assert found is not None
    assert ("late@example.org" in {r.id.text for r in found.references}) is seen


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_line_ends_change_neither_kind_nor_ids_of_a_damaged_message(raw: bytes) -> None:
    raw = raw.replace(b"\r", b"")
    wanted = essence(bounce.read(raw))
    assert essence(bounce.read(raw.replace(b"\n", b"\r\n"))) == wanted
    assert essence(bounce.read(raw.replace(b"\n", b"\r"))) == wanted


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_the_fields_that_a_sweep_fetches_find_every_damaged_message_that_is_read(raw: bytes) -> None:
    # A server that is asked for header fields sees lines that end in LF or CRLF, and a header that begins at once.
    raw = raw.replace(b"\r", b"").lstrip(b"\n \t\x00")
    if bounce.read(raw) is not None:
        assert bounce.candidate(only_candidate_fields(raw))


@pytest.mark.slow
@pytest.mark.parametrize("complete", [True, False], ids=["said to be whole", "said to be cut"])
@pytest.mark.parametrize("name", FIXTURES)
def test_truncation_at_every_third_byte_of_a_wrapped_bounce_makes_no_id_strong(
    name: str, complete: bool
) -> None:
    raw = WRAPPER % FIXTURES[name].removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"\n")
    wanted = strong_ids(bounce.read(raw))
    for end in range(0, len(raw), 3):
        assert strong_ids(bounce.read(raw[:end], complete=complete)) <= wanted, raw[:end][-60:]


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(damaged(), st.integers(2, 40))
def test_a_damaged_message_in_the_depth_of_other_bounces_is_read_without_raising(
    raw: bytes, depth: int
) -> None:
    for _ in range(depth):
        raw = WRAPPER % raw
    found = bounce.read(raw)
    assert found is not None
    assert found.stumbled == ()


def fuzzed(*options: str) -> None:
    done = subprocess.run([sys.executable, FUZZ, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "inputs " in done.stdout


@pytest.mark.slow
def test_twenty_thousand_mutated_messages_break_no_promise(tmp_path: Path) -> None:
    fuzzed("--runs", "20000", "--save", str(tmp_path))


@pytest.mark.slow
def test_five_thousand_messages_led_by_coverage_break_no_promise(tmp_path: Path) -> None:
    if find_spec("atheris") is None:
        absent = "atheris is absent: pip install 'scatterclean[fuzz]' (Python up to 3.13)"
        # In CI a tool that is missing is a failure, as a server is; there are no wheels for 3.14.
        if os.environ.get("SCATTERCLEAN_REQUIRE_SERVERS") and sys.version_info < (3, 14):
            pytest.fail(absent)
        pytest.skip(absent)
    fuzzed("--atheris", "--runs", "5000", "--save", str(tmp_path))
