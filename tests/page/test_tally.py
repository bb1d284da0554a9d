"""The numbers below the answer agree with the sentence above them and with what is to be done."""

from __future__ import annotations

from dataclasses import replace

from scatterclean import page
from tests.page import reports
from tests.page.test_render import rendered, text_of


def test_what_is_about_others_mail_is_told_apart_and_asks_nothing_of_the_person() -> None:
    report = reports.storm()
    report = replace(report, conclusion=replace(report.conclusion, others=33))
    told = text_of(page.render(reports.matter(report)))
    assert "undecided 33 not about your mail" in told
    assert "could not be decided: they are" not in told
    report = replace(report, conclusion=replace(report.conclusion, others=2))
    told = text_of(page.render(reports.matter(report)))
    assert "33 could not be decided (2 of them are about somebody else's mail)" in told
    assert "undecided 33 it cannot be told; 2 of them are not about your mail" in told
    assert "Look at the 31 undecided ones that may be about your mail: they are in your inbox." in told


def test_what_is_not_yours_and_was_left_is_told_with_the_reason() -> None:
    report = reports.storm()
    report = replace(report, conclusion=replace(report.conclusion, left_by_hand=1))
    told = text_of(page.render(reports.matter(report)))
    why = "1 was left alone: you flagged or answered it, or brought it back"
    assert f"not yours 2,280 you never sent what they speak of; {why}" in told
    assert "left alone:" not in text_of(rendered("storm"))


def test_what_the_person_put_away_by_hand_is_not_said_to_be_in_the_inbox() -> None:
    report = reports.storm()
    for by_hand, words_ in ((1, "Look at the 32 that could not be decided and"), (33, "")):
        changed = replace(report, conclusion=replace(report.conclusion, undecided_away=by_hand))
        told = text_of(page.render(reports.matter(changed)))
        assert ("Look at the" in told) == bool(words_)
        assert words_ in told
