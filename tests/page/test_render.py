"""What the page says, and that it is said harmlessly; without a browser."""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
import unicodedata
from dataclasses import replace
from datetime import timedelta
from html import unescape

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markupsafe import escape

from scatterclean import page, wording
from scatterclean.cli import exits, main
from scatterclean.model import Push
from scatterclean.model.report import Course, Failure, Fate, Says, Width
from scatterclean.page import setting
from scatterclean.standing import Rhythm
from scatterclean.wording import page as words
from tests.page import reports
from tests.page.conftest import PAGES


def rendered(name: str) -> str:
    report = getattr(reports, name)()
    return page.render(reports.matter(report, report.accounts))


def text_of(html: str) -> str:
    """As a person reads it."""
    body = re.sub(r"<(style|title)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(
        unescape(
            re.sub(r"</?(?:bdi|wbr|code|strong|time)\b[^>]*>|(<[^>]*>)", lambda m: " " if m[1] else "", body)
        ).split()
    )


@pytest.mark.parametrize("name", PAGES)
def test_the_policy_allows_the_style_of_the_page_and_nothing_else(name: str) -> None:
    html = rendered(name)
    [policy] = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', html)
    [style] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert unescape(policy) == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert html.index("Content-Security-Policy") < html.index("<style>")
    assert not re.search(r"url\((?!#)|@import|@font-face|expression|https?:", style)


@pytest.mark.parametrize("name", PAGES)
def test_there_is_no_script_no_handler_no_address_and_no_style_at_an_element(name: str) -> None:
    tags = re.findall(r"<[a-zA-Z/!][^>]*>", rendered(name))
    assert len(tags) > 100
    for tag in tags:
        assert not re.match(
            r"<(script|img|iframe|object|embed|form|input|base|link|video|audio|image|use|"
            r"a(?! (?:class=\"skip\" )?href=\"#))\b",
            tag,
        ), tag
        assert not re.search(r"\s(on\w+|style|src|srcset|xlink:href|formaction)\s*=", tag), tag


@pytest.mark.parametrize("name", PAGES)
def test_every_place_has_one_name_and_every_link_leads_to_one(name: str) -> None:
    html = rendered(name)
    names = re.findall(r'\sid="([^"]*)"', html)
    assert len(names) == len(set(names))
    links = re.findall(r'\shref="#([^"]*)"', html)
    assert len(links) > 3
    assert set(links) <= set(names)
    named = " ".join(re.findall(r'aria-labelledby="([^"]*)"', html)).split()
    assert set(named) <= set(names)


def test_every_text_of_a_stranger_is_escaped_wherever_it_stands() -> None:
    html = rendered("hostile")
    for raw in ("<script", "<img", 'onerror=alert(1)>"', "<svg onload", "<!-- -->"):
        assert raw not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "{{7*7}}" in html
    assert "49 " not in re.sub(r"[^ ]*7\*7[^ ]*", "", html)[:0] + "".join(re.findall(r"\b49\b(?= \{%)", html))
    for hidden in "\u202e\u200b\u200d\ufeff\u2060\x07\x1b\x00\x08\ud83d":
        assert hidden not in html
    assert "A" * 400 not in html
    assert "\u0300\u0301\u0302\u0300\u0301" not in html


def test_links_of_the_spam_are_written_so_that_nothing_opens_them() -> None:
    html = rendered("storm")
    assert "track-parcel[.]evil[.]example" in html
    assert "track-parcel.evil" not in html
    assert "hxxp://evil[.]example/a[.]exe" in rendered("hostile")


def test_a_dangerous_file_is_marked_in_words() -> None:
    told = text_of(rendered("storm"))
    assert "invoice_4471.pdf.exe dangerous: files of this type can harm your computer" in told
    assert "logo.png dangerous" not in told


def test_the_answer_comes_first_and_says_what_to_do() -> None:
    told = text_of(rendered("storm"))
    assert (
        told.index(words.QUESTION)
        < told.index("No sign of it")
        < told.index("What to do now")
        < told.index("On this page")
    )
    assert "2,280" in told
    assert "About the forged mail: nothing." in told
    assert "Read the 17 bounces of your own mail" in told


def test_the_worst_hour_is_that_of_the_storm_that_is_told() -> None:
    at = reports.BEGAN - timedelta(days=20)
    course = replace(reports.course(), peak=900, peak_at=at, storm_peak=412, storm_peak_at=reports.BEGAN)
    told = words.peak(course, reports.NOW)
    assert told.startswith(
        "In its worst hour (yesterday 22:00) 412 bounces came (at another time more did: 900, 8 Nov"
    )


@pytest.mark.parametrize("name", ["storm", "alarm", "nothing", "hostile"])
def test_a_page_that_is_kept_names_days_by_their_dates(name: str) -> None:
    told = text_of(rendered(name))
    assert not re.findall(r"\b(?:today|yesterday)\b", told)
    assert "28 November 23:20" in told or name != "storm"
    assert "Report of 2026-11-29 09:12 CET" in told
    live = text_of(page.content(reports.matter(reports.storm())))
    assert "yesterday 23:20" in live


def test_what_needs_the_person_stands_directly_below_the_answer_and_the_chart() -> None:
    html = rendered("storm")
    sections = re.findall(r'<section id="([a-z]+)"', html)
    assert sections[:3] == ["storm", "returned", "forged"]
    contents = re.findall(r'<li><a href="#([a-z]+)">', html.partition("On this page")[2])
    assert contents[: len(sections)] == sections


def test_an_alarm_says_what_happened_what_else_it_may_be_and_what_to_do_in_steps() -> None:
    html = rendered("alarm")
    told = text_of(html)
    assert "Maybe. Look at this now" in told
    assert "Account home: your account seems to have sent mail that is not in your Sent folders" in told
    assert "It is harmless if" in told
    steps = re.findall(r"<ol class=\"steps\">(.*?)</ol>", html, re.DOTALL)
    assert len(steps) == 1
    assert steps[0].count("<li>") == 4
    assert "Change the password of the account now" in steps[0]


def test_what_keeps_it_from_being_told_is_said_with_what_would_help() -> None:
    told = text_of(rendered("cannot_tell"))
    assert "It cannot be told yet" in told
    assert (
        "Cannot tell whether your account was used: the Sent folders of account work were never read" in told
    )
    assert "What would help scatterclean sweep work reads them." in told
    assert "About the forged mail: nothing." in told
    assert "If you are worried, change your password" in told


@pytest.mark.parametrize("name", PAGES)
def test_the_answer_is_the_sentence_that_the_terminal_and_the_json_say(name: str) -> None:
    report = getattr(reports, name)()
    sentence = wording.conclusion.answer(report).sentence.removeprefix("ALARM: account home: ")
    ground = re.search(r'<p class="ground">(.*?)</p>', rendered(name))
    assert ground is not None
    assert " ".join(text_of(ground[1]).split()).lower().removeprefix("account home: ") in (
        sentence.replace("`", "").lower(),
        sentence.replace("`", "").removeprefix("ALARM: account home: ").lower(),
    )


def test_where_nothing_came_the_page_is_short_and_says_so() -> None:
    told = text_of(rendered("nothing"))
    assert "Nothing: no bounces came." in told
    assert "No bounces came in this time." in told
    assert "Who sends the bounces" not in told


def test_every_failure_kind_fate_and_answer_has_words() -> None:
    assert set(words.FAILURES) == set(Failure)
    assert set(words.FATES) == set(Fate)
    assert set(words.HEADLINES) == set(Says)
    for what, todo in words.FAILURES.values():
        assert not what.endswith(".")
        assert todo.endswith(".")


def test_a_genuine_bounce_names_address_reason_letter_and_the_servers_own_words() -> None:
    told = text_of(rendered("storm"))
    card = told[told.index("bob@firm.example") :][:600]
    for wanted in (
        "There is no such address. Check the spelling",
        "Your message “Minutes of the choir's meeting”",
        "550 5.1.1 <bob@firm.example>: Recipient address rejected",
    ):
        assert wanted in card
    assert (
        told.index("clara@lake.example")
        < told.index("Good news, and answers")
        < told.index("dora@hill.example")
    )


def test_an_unknown_reason_without_a_word_of_the_server_points_to_the_bounce_itself() -> None:
    one = replace(reports.returned()[0], failure=Failure.OTHER)
    assert words.failed(one) == "It did not arrive. The server's own words say why."
    assert words.failed(replace(one, said="")) == "It did not arrive. Read the bounce itself: it may say why."


def test_what_stays_says_why_by_which_rule_and_what_would_help() -> None:
    told = text_of(rendered("storm"))
    heap = told[told.index("31 undecided") :]
    assert "That the log does not know these messages does not prove enough" in heap
    assert "Where nothing shows that a stranger sent it, the log counts only if" in heap
    assert "A reply to mail that you sent: the next one that is seen proves that the log is whole" in heap


def commands(html: str) -> list[str]:
    return [unescape(one) for one in re.findall(r'<code class="command">(.*?)</code>', html)]


@pytest.mark.parametrize("name", ["storm", "hostile", "large"])
def test_every_command_on_the_page_is_one_that_can_be_typed(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(click.Command, "invoke", lambda _self, _ctx: None)
    found = [one for one in commands(rendered(name)) if not one.startswith("scatterclean advise")]
    assert {"undo", "why"} <= {one.split()[1] for one in found} <= {"undo", "why", "report"}
    for one in found:
        assert main(shlex.split(one)[1:]) == exits.DONE, one
    capsys.readouterr()


def test_commands_name_the_accounts_and_the_configuration_that_were_asked_for() -> None:
    report = reports.storm()
    matter = replace(
        reports.matter(report), named=("home office",), command="scatterclean --config 'my mail.toml'"
    )
    told = commands(page.render(matter))
    assert "scatterclean --config 'my mail.toml' undo 'home office' --since '2026-11-28 23:20'" in told
    assert "scatterclean --config 'my mail.toml' undo home --sweep 14" in told
    assert all(one.startswith("scatterclean --config 'my mail.toml' ") for one in told)


def test_while_the_daemon_runs_the_page_says_that_it_carries_out_an_undo() -> None:
    matter = reports.matter(reports.storm())
    assert "it carries this out" not in page.render(matter)
    watched = replace(matter.standings[0], rhythm=Rhythm(timedelta(minutes=5), Push.WOKEN))
    assert "it carries this out" in page.render(replace(matter, standings=[watched]))


def test_each_server_has_a_note_to_its_postmaster() -> None:
    html = rendered("storm")
    assert html.count('<pre class="note">') == len(reports.storm().bouncers)
    assert "postmaster@harbor0.example" in text_of(html)


def test_a_page_of_the_longest_lists_stays_below_400_kilobytes() -> None:
    size = len(rendered("large").encode())
    assert 100_000 < size < 400_000


def test_what_a_long_list_leaves_out_is_counted() -> None:
    told = text_of(rendered("large"))
    assert "And 4,140 servers that sent still fewer." in told
    assert "And 960 other addresses." in told
    assert "And 539 older ones." in told


def test_two_hundred_accounts_are_told_of_shortly() -> None:
    told = text_of(rendered("large"))
    assert "Accounts account0, account1, account2, account3, account4, account5 and 194 more." in told
    assert "188 more accounts" in told
    assert "account199 4,211 messages in the log" in told


# Any text that a database can hold, and what is not let in.
_ANY = st.text(st.characters(), max_size=400)


@given(_ANY)
def test_whatever_a_stranger_writes_no_tag_and_no_hidden_character_comes_of_it(text: str) -> None:
    for made in (setting.stranger(text), setting.link(text), setting.prose(text), setting.lines(text)):
        html = str(escape(made))
        bare = re.sub(r'</?(?:bdi|wbr|code|code class="short")>', "", html)
        assert "<" not in bare
        assert ">" not in bare
        assert '"' not in bare
    shown = unescape(re.sub(r"<[^>]*>", "", setting.stranger(text)))
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")]
    assert len(shown) <= 120


def test_a_name_without_a_value_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        setting.environment().from_string("{{ nobody_gave_this }}").render()


def test_templates_escape_by_themselves() -> None:
    assert setting.environment().from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("say `a <b>` & c", 'say <code class="short">a &lt;b&gt;</code> &amp; c'),
        ("one ` is left", "one ` is left"),
        ("<i>", "&lt;i&gt;"),
        ("``", '<code class="short"></code>'),
        (f"`{'x' * 25}`", f"<code>{'x' * 25}</code>"),
    ],
)
def test_backquotes_of_a_sentence_become_code(text: str, html: str) -> None:
    assert setting.prose(text) == html


def test_an_address_may_break_where_its_parts_meet() -> None:
    assert setting.stranger("ada+x@winter.example") == "<bdi>ada+<wbr>x@<wbr>winter.example</bdi>"
    assert setting.stranger("mx1.mail.google.com") == "<bdi>mx1.<wbr>mail.<wbr>google.com</bdi>"
    assert setting.stranger("a b.c") == "<bdi>a b.c</bdi>"


@pytest.mark.parametrize(
    ("peak", "usual", "told"),
    [
        (412, 0.0, "On a usual day none comes at all."),
        (412, 3.0, "as many as in 140 usual days. On a usual day about 3 come."),
        (3, 2.0, "3 bounces came. On a usual day about 2 come."),
        (4, 1.0, "as many as in 4 usual days. On a usual day about 1 comes."),
    ],
)
def test_the_worst_hour_is_compared_with_what_is_usual(peak: int, usual: float, told: str) -> None:
    course = Course(Width.HOUR, peak=peak, peak_at=reports.BEGAN, usual=usual)
    assert words.peak(course, reports.NOW).endswith(told)


def test_a_storm_that_goes_on_has_no_end() -> None:
    course = Course(Width.HOUR, storm_since=reports.BEGAN)
    assert words.storm(course, reports.NOW) == "A storm of bounces began yesterday 22:00, and it goes on."


def test_answers_of_robots_do_not_hide_that_older_mail_did_not_arrive() -> None:
    """Only the latest are laid out: that nothing failed among those says nothing of the others."""
    report = reports.storm()
    good = [replace(one, failure=Failure.ANSWERED) for one in report.returned]
    many = replace(
        report,
        returned=tuple(good),
        more_returned=5,
        conclusion=replace(report.conclusion, own=len(good) + 5),
    )
    text = text_of(page.render(reports.matter(many)))
    assert "All that you sent arrived" not in text
    assert "older ones are not shown here, and may" in text
    assert "some may not have arrived" in text


def test_an_alarm_of_another_account_keeps_its_name() -> None:
    report = reports.alarm()
    theirs = replace(report.conclusion.alarms[0], account="elsewhere")
    told = replace(report, accounts=("home",), conclusion=replace(report.conclusion, alarms=(theirs,)))
    assert "Account elsewhere: " in text_of(page.render(reports.matter(told)))
