"""Planted zones on a name server of our own, asked through the command: the whole advice, word for word.

A case is a file in `cases`: a sentence, what is typed, the zone, and all that must be said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.advise.world import a_world, case_in

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))


def test_there_are_cases() -> None:
    """If none is found any more, the search is broken."""
    assert len(CASES) >= 60


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_advice_is_what_the_case_says(
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    certificates: Path,
) -> None:
    case = case_in(path)
    with a_world(
        case.zone,
        tmp_path,
        monkeypatch,
        capsys,
        certificates=certificates,
        policies=case.policies,
        patience=case.patience,
    ) as world:
        code, told, said = world(*case.typed)
    assert told + said == case.told, case.about
    assert code == case.code
