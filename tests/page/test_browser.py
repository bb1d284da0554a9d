"""The page as a person has it: in a real browser, from disk, at three widths, in two schemes, on paper, by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import DESKTOP, PHONE, TABLET, WIDTHS, looking
from tests.page.conftest import PAGES
from tests.page.reports import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Address = Callable[[str], str]


@pytest.mark.parametrize("name", PAGES)
def test_nothing_but_the_file_itself_is_asked_for_and_the_browser_has_nothing_to_say(
    name: str, browser: Browser, address: Address
) -> None:
    with looking(browser, address(name)) as looked:
        looked.open_all()
        looked.page.mouse.move(300, 900)
        looked.page.wait_for_timeout(50)
        assert looked.asked == [address(name)]
        assert looked.said == []


def test_what_would_be_asked_for_is_seen_and_forbidden(browser: Browser, address: Address) -> None:
    """The test above can fail: a picture is noticed, and the policy of the page does not let it be fetched."""
    with looking(browser, address("storm")) as looked:
        looked.page.evaluate(
            "document.body.append(Object.assign(new Image(), {src: 'https://evil.example/x'}))"
        )
        looked.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')")
        looked.page.wait_for_timeout(50)
        assert looked.asked == [address("storm")]
        assert [word for said in looked.said for word in ("img-src", "style-src") if word in said]


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_window(name: str, browser: Browser, address: Address) -> None:
    with looking(browser, address(name)) as looked:
        for opened in (False, True):
            if opened:
                looked.open_all()
            for width in WIDTHS:
                looked.page.set_viewport_size({"width": width, "height": 900})
                assert looked.too_wide() == [], (width, opened)


def test_what_is_too_wide_is_seen(browser: Browser, address: Address) -> None:
    with looking(browser, address("nothing"), width=PHONE) as looked:
        looked.page.evaluate("document.querySelector('.ground').style.width = '400px'")
        assert len(looked.too_wide()) > 1


@pytest.mark.parametrize("name", ["storm", "alarm", "cannot_tell"])
def test_axe_finds_nothing_wrong(name: str, browser: Browser, address: Address) -> None:
    looks = [(PHONE, "light"), (DESKTOP, "dark")]
    if name == "storm":
        looks += [(PHONE, "dark"), (DESKTOP, "light")]
    for width, scheme in looks:
        with looking(browser, address(name), width=width, scheme=scheme) as looked:
            looked.open_all()
            assert looked.axe() == [], (width, scheme)


def test_axe_would_find_it(browser: Browser, address: Address) -> None:
    with looking(browser, address("nothing")) as looked:
        looked.page.evaluate(
            """() => { document.querySelector('.ground').insertAdjacentHTML('beforeend', '<img src="x">');
            document.documentElement.lang = '' }"""
        )
        told = " ".join(looked.axe())
    assert "image-alt" in told
    assert "html-has-lang" in told


def test_what_strangers_wrote_is_shown_and_does_nothing(browser: Browser, address: Address) -> None:
    with looking(browser, address("hostile"), width=PHONE) as looked:
        looked.open_all()
        page = looked.page
        text = page.inner_text("body")
        for wanted in (
            "<script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "{{7*7}} {% for x in y %}",
        ):
            assert wanted in text
        assert not [c for c in "\u202e\u200b\u200d\ufeff\x07\x1b" if c in text]
        assert page.locator("script, img, iframe, object, embed, form, input, base").count() == 0
        links = page.eval_on_selector_all("a", "all => all.map(one => one.getAttribute('href'))")
        assert links
        assert all(link.startswith("#") for link in links)
        handlers = page.evaluate(
            """[...document.querySelectorAll('*')].filter(one =>
            [...one.attributes].some(a => /^on|^style$/.test(a.name))).length"""
        )
        assert handlers == 0
        # Marks that are piled up, or stand on their head, stay within their line.
        tall = page.evaluate(
            "[...document.querySelectorAll('bdi')].filter(one => one.scrollHeight > 900).map(one => one.innerText)"
        )
        assert tall == []
        assert looked.said == []
        assert looked.asked == [address("hostile")]
    assert any("\u202e" in one for one in HOSTILE)


def test_the_keyboard_alone_reaches_and_opens_everything(browser: Browser, address: Address) -> None:
    with looking(browser, address("storm"), width=PHONE) as looked:
        page = looked.page
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        wanted = page.locator("main a, main summary").count()
        opened, seen, unmarked = 0, 0, []
        while True:
            page.keyboard.press("Tab")
            at: dict[str, Any] = page.evaluate(
                """() => { const one = document.activeElement, style = getComputedStyle(one);
                return {tag: one.tagName, ring: style.outlineStyle + style.outlineWidth, html: one.outerHTML} }"""
            )
            if at["tag"] == "BODY":
                break
            seen += 1
            if not at["ring"].startswith("solid3"):
                unmarked.append(at["html"])
            if at["tag"] == "SUMMARY":
                page.keyboard.press("Enter")
                opened += page.evaluate("document.activeElement.parentElement.open")
        assert unmarked == []
        # Those within others were reached when these were open.
        assert seen >= wanted - page.locator("details details summary").count()
        assert opened == page.locator("summary").count() == page.locator("details[open]").count()


def test_a_screen_reader_finds_landmarks_headings_tables_and_names(
    browser: Browser, address: Address
) -> None:
    for name in ("storm", "alarm", "nothing"):
        with looking(browser, address(name)) as looked:
            found = looked.page.evaluate(
                """() => ({
                    marks: ['header', 'main', 'nav', 'footer'].map(one => document.querySelectorAll('body > ' + one +
                        ', main > ' + one).length),
                    levels: [...document.querySelectorAll('h1,h2,h3,h4')].map(one => +one.tagName[1]),
                    tables: [...document.querySelectorAll('table')].filter(one => !one.caption ||
                        [...one.querySelectorAll('th')].some(head => !head.scope)).length,
                    pictures: [...document.querySelectorAll('svg')].filter(one =>
                        !one.parentElement.closest('svg') && one.getAttribute('aria-hidden') !== 'true' &&
                        !(one.getAttribute('role') === 'img' &&
                        (one.getAttribute('aria-label') || (one.querySelector('title') && one.querySelector('desc')))))
                        .length,
                    regions: [...document.querySelectorAll('section')].filter(one =>
                        !document.getElementById(one.getAttribute('aria-labelledby'))).length,
                })"""
            )
        assert found["marks"] == [1, 1, 1, 1]
        levels = found["levels"]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert (found["tables"], found["pictures"], found["regions"]) == (0, 0, 0), name


def test_it_prints_on_white_without_what_only_a_screen_needs(browser: Browser, address: Address) -> None:
    with looking(browser, address("storm"), scheme="dark") as looked:
        page = looked.page
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert dark != "rgb(255, 255, 255)"
        assert not page.locator("nav").is_visible()
        assert not page.locator("summary").first.is_visible()
        assert page.locator("#answer").is_visible()
        pdf = page.pdf(format="A4")
        assert pdf.startswith(b"%PDF-")
        assert 2 <= pdf.count(b"/Type /Page\n") <= 15


def test_letters_twice_as_large_fit(browser: Browser, address: Address) -> None:
    """WCAG 2.2, 1.4.4."""
    with looking(browser, address("storm"), width=TABLET) as looked:
        looked.page.evaluate("document.documentElement.style.fontSize = '200%'")
        looked.open_all()
        assert looked.too_wide() == []
