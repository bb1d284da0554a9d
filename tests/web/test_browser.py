"""The dashboard in a real browser: as a person sees it, with the keyboard alone, on a phone, without script, and with
what strangers write into mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from scatterclean.demo.dovecot import ScratchDovecot
from scatterclean.model import Closure, Kind, Mode, MoveState
from scatterclean.store import open_store
from tests.browser import DESKTOP, PHONE, SCHEMES, Looked, chromium, looking
from tests.contracts.records import BOUNCE, NOW, TARGET, UNDECIDED, case, intent
from tests.web.conftest import configured
from tests.web.house import Running, running
from tests.web.person import Person, a_person

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Each stands as subject, sender, host and name of a file; none may run, load, hide or turn anything.
HOSTILE = (
    "<script>document.title = 'taken'; alert(1)</script>",
    '"><img src=http://evil.example/x onerror=alert(2)>',
    "'; alert(3); //</title></main><main id=main>",
    "\u202egpj.exe \u2066invoice\u2069",
    "\x1b[2J\x07\x00\x08bell",
    "javascript:alert(4)",
    "{{ 7 * 7 }} {% raw %} `code` &lt;b&gt;",
    "x" * 10_000,
    "Z\u0361\u0353\u0323" * 400,
    "\n\r\n Set-Cookie: a=b",
)
PAGES = (
    "/",
    "/away",
    "/stays",
    "/away/1",
    "/stays/11",
    "/away/2/bring-back",
    "/stays/12/put-away",
    "/wishes",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The dashboard on a store in which all that strangers can write is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    with open_store(folder / "log.db") as store:
        sweep = store.journal.begin_sweep("home", Mode.MOVE, NOW)
        bounces = [
            replace(
                BOUNCE,
                subject=text,
                sender=f"{text}@evil.example",
                recipients=(f"{text}@evil.example",),
                reporting_mta=text,
                diagnostic=text,
                message_id=f"<{number}.{text[:300]}@evil.example>",
                original=replace(BOUNCE.original, subject=text, files=((text, text),), links=(text,)),
            )
            for number, text in enumerate(HOSTILE)
        ]
        orphans = [case(number, bounce=one) for number, one in enumerate(bounces, 1)]
        unsure = [case(100 + number, bounce=one, finding=UNDECIDED) for number, one in enumerate(bounces)]
        store.docket.enter("home", [*orphans, *unsure], None)
        intents = [
            replace(
                intent(number),
                subject=one.subject,
                sender=one.sender,
                recipient=one.recipients[0],
                kind=Kind.BOUNCE,
                message_id=one.message_id,
            )
            for number, one in enumerate(bounces, 1)
        ]
        moves = store.journal.intend(sweep, intents, TARGET, NOW)
        store.journal.settle([(move, MoveState.MOVED, 40 + move.id) for move in moves], NOW)
        store.docket.close(orphans, NOW, Closure.MOVED)
    configured(folder)
    with running(folder / "scatterclean.toml") as made:
        yield made


@pytest.fixture
def looked(browser: Browser, hostile: Running) -> Iterator[Looked]:
    """A browser that was let in, on a desktop."""
    with looking(browser, hostile.another_link()) as one:
        yield one


def go(looked: Looked, path: str) -> None:
    looked.page.goto(looked.page.evaluate("location.origin") + path)


def test_the_link_leads_in_and_is_nowhere_to_be_seen_afterwards(looked: Looked, hostile: Running) -> None:
    assert looked.page.url == f"http://{hostile.host}/"
    assert hostile.token not in looked.page.content()
    looked.follow(looked.page.get_by_role("link", name="Put away"))
    assert looked.page.title() == "Put away · scatterclean"
    assert looked.page.evaluate("document.referrer") == f"http://{hostile.host}/"
    assert looked.page.evaluate("document.cookie") == ""  # no script sees the session
    looked.page.go_back()
    assert hostile.token not in looked.page.url


def test_a_link_that_was_used_is_a_page_that_says_what_to_do(browser: Browser, hostile: Running) -> None:
    link = hostile.another_link()
    with looking(browser, link):
        pass
    with looking(browser, link) as late:
        assert late.page.get_by_role("heading").inner_text() == "This link was used already"
        assert "press Enter there" in late.page.inner_text("main")
        assert late.axe() == []


def test_what_strangers_write_is_shown_and_does_nothing(looked: Looked, hostile: Running) -> None:
    for number in range(1, 2 * len(HOSTILE) + 1):
        go(looked, f"/away/{number}" if number <= len(HOSTILE) else f"/stays/{number}")
        assert looked.page.locator("main").count() == 1
    for path in PAGES:
        go(looked, path)
        looked.open_all()
        assert "scatterclean" in looked.page.title()
        shown = looked.page.evaluate("document.body.innerText")
        assert not {c for c in shown if c < " " and c not in "\n\t"}
        assert not set(shown) & set("\u202e\u2066\u2069\u200f\x1b")
        assert (
            looked.page.evaluate("[...document.querySelectorAll('img, iframe, object, embed')].length") == 0
        )
        links = looked.page.evaluate("[...document.links].map(one => one.href)")
        assert all(link.startswith(f"http://{hostile.host}/") for link in links), links
    assert looked.said == []
    assert {one.split("/")[2] for one in looked.asked} == {hostile.host}


def test_each_page_is_good_for_everybody_light_and_dark_on_a_phone_and_a_desk(
    browser: Browser, hostile: Running
) -> None:
    for width, scheme, pages in ((PHONE, SCHEMES[0], PAGES), (DESKTOP, SCHEMES[1], PAGES[1:4])):
        with looking(browser, hostile.another_link(), width=width, scheme=scheme) as one:
            for path in pages:
                go(one, path)
                one.open_all()
                assert one.axe() == [], (path, width, scheme)
                assert one.too_wide() == [], (path, width)


def test_a_search_is_a_form_whose_result_is_an_address(looked: Looked) -> None:
    go(looked, "/away")
    looked.page.get_by_label("Search").fill("INVOICE gpj")
    looked.follow(looked.page.get_by_role("button", name="Show"))
    assert "text=INVOICE+gpj" in looked.page.url
    assert looked.page.locator(".messages > li").count() == 1
    assert "\n1 message\n" in looked.page.inner_text("main")
    assert looked.page.get_by_label("Search").input_value() == "INVOICE gpj"
    looked.page.get_by_text("Choose by kind, day and more").click()
    looked.page.get_by_label("Came from day").fill("2001-02-03")
    looked.page.get_by_label("Now").select_option("brought back")
    looked.follow(looked.page.get_by_role("button", name="Show"))
    assert "Nothing fits what you chose." in looked.page.inner_text("main")
    assert looked.page.get_by_label("Now").is_visible()  # what is chosen is not folded away
    looked.follow(looked.page.get_by_role("link", name="Show all"))
    assert looked.page.locator(".messages > li").count() == len(HOSTILE)
    assert f"\n{len(HOSTILE)} messages\n" in looked.page.inner_text("main")


def test_on_a_phone_the_first_screen_of_a_list_shows_a_message(browser: Browser, hostile: Running) -> None:
    with looking(browser, hostile.another_link(), width=PHONE) as one:
        go(one, "/away")
        top = one.page.locator(".messages > li").first.bounding_box()
        seen = one.page.viewport_size
        assert top is not None
        assert seen is not None
        assert top["y"] < seen["height"]


# --- deeds, on a real server ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def person(dovecot: ScratchDovecot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    with a_person(dovecot, tmp_path_factory.mktemp("person")) as made:
        yield made


@pytest.fixture(scope="module")
def real(person: Person) -> Iterator[Running]:
    with person.dashboard() as made:
        yield made


def test_with_the_mouse_a_message_is_brought_back_and_put_away_again(
    browser: Browser, person: Person, real: Running
) -> None:
    inbox, away = person.counts()
    with looking(browser, real.another_link()) as one:
        page = one.page
        one.follow(page.get_by_role("link", name="Put away"))
        one.follow(page.locator(".messages a").first)
        one.follow(page.get_by_role("link", name="Bring back"))
        assert page.get_by_role("heading", level=1).inner_text() == "Bring this message back?"
        assert person.counts() == (inbox, away)
        one.follow(page.get_by_role("button", name="Yes, bring it back"))
        page.get_by_text("It was brought back").wait_for()  # the page shows by itself how it ended
        assert person.counts() == (inbox + 1, away - 1)
        one.follow(page.get_by_role("link", name="Undo"))
        one.follow(page.get_by_role("button", name="Yes, put it away"))
        page.get_by_text("It was put away").wait_for()
        assert person.counts() == (inbox, away)
        one.follow(page.get_by_role("link", name="What you asked for"))
        assert page.locator(".messages > li").count() == 2
        assert one.axe() == []
        assert one.said == []
    person.books.whole()


def test_with_the_keyboard_alone_and_no_script_an_undecided_one_is_put_away_and_brought_back(
    browser: Browser, person: Person, real: Running
) -> None:
    inbox, away = person.counts()
    with looking(browser, real.another_link(), java_script_enabled=False) as one:
        page = one.page

        def tab_to(name: str) -> None:
            """With Tab until this has the focus, which can be seen; then Enter."""
            for _ in range(120):
                page.keyboard.press("Tab")
                focus = page.locator(":focus")
                if focus.count() and focus.inner_text().strip().startswith(name):
                    with page.expect_navigation():
                        page.keyboard.press("Enter")
                    return
            raise AssertionError(f"{name} cannot be reached")

        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "Skip to the content"
        tab_to("What stays")
        page.goto(page.url + "?verdict=undecided")
        tab_to(page.locator(".messages a").first.inner_text())
        tab_to("This is backscatter")
        tab_to("Yes, put it away")
        page.get_by_text("It was put away").wait_for()  # the page loads itself anew
        assert person.counts() == (inbox - 1, away + 1)
        tab_to("Undo: bring it back")
        tab_to("Yes, bring it back")
        page.get_by_text("It was brought back").wait_for()
        assert person.counts() == (inbox, away)
    person.books.whole()


def test_a_page_that_is_open_shows_by_itself_what_is_new_unless_it_is_told_not_to(
    browser: Browser, person: Person, real: Running
) -> None:
    with looking(browser, real.another_link()) as one:
        page = one.page
        page.goto(f"http://{real.host}/away?state=moved")
        before = page.locator(".messages > li").count()
        with person.store() as store:
            [move] = store.journal.moves(ids=person.away()[:1])
        back = person.program("undo", "--message", move.intent.message_id or "")
        assert len(back["accounts"][0]["back"]) == 1
        page.get_by_text("This page was updated.").wait_for(state="attached")
        assert page.locator(".messages > li").count() == before - 1
        page.get_by_role("button", name="Stop live updates").click()
        assert page.get_by_role("button", name="Start live updates").count() == 1
        assert one.said == []
    person.books.whole()


def test_the_mail_server_is_looked_at_on_demand(browser: Browser, real: Running) -> None:
    with looking(browser, real.another_link()) as one:
        page = one.page
        one.follow(page.get_by_role("link", name="Put away"))
        one.follow(page.locator(".messages a").first)
        one.follow(page.get_by_role("button", name="Look at the mail server"))
        page.get_by_text("As the mail server showed it just now.").wait_for()
        assert one.axe() == []
