"""docs/verdicts.md is the table of the judge: the same rules, in the same order, with the same findings."""

from __future__ import annotations

import re
from pathlib import Path

from scatterclean import judge
from scatterclean.model import Verdict

PAGE = Path(__file__).parents[2] / "docs" / "verdicts.md"


def page() -> list[tuple[str, str]]:
    """(rule, finding) of each row."""
    rows = [line.strip("| ").split("|") for line in PAGE.read_text().splitlines() if line.startswith("|")]
    return [(cells[0].strip(), cells[-1].strip()) for cells in rows[2:]]


def in_code() -> list[tuple[str, str]]:
    """(rule, verdict) of each row of the docstring."""
    table = (judge.__doc__ or "").partition("the first that answers decides:")[2]
    rows = [re.fullmatch(r"    (\S.{23})\s.*?(?:  +(\w+))?", line) for line in table.splitlines()]
    return [(row[1].strip(), row[2]) for row in rows if row and row[2] and not row[1].startswith(" ")]


def test_the_page_has_the_rules_of_the_judge_in_their_order() -> None:
    names = [rule.__name__.strip("_").replace("_", " ") for rule in judge.RULES]
    assert [rule.replace("'", "") for rule, _ in page()] == [*names, "(none of these)"]


def test_page_and_code_say_the_same_finding_of_each_rule() -> None:
    told = [(rule, finding.partition(":")[0]) for rule, finding in page()]
    assert told == in_code()
    assert {finding for _, finding in told} == set(Verdict)


def test_a_person_can_read_the_table_in_a_minute() -> None:
    """At 240 words a minute."""
    table = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    assert len(" ".join(table).replace("|", " ").split()) < 300
