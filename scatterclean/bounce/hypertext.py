"""HTML -> the text that a person would see; it loads nothing and trusts nothing."""

from __future__ import annotations

import re
from html import unescape

_HTML_START = re.compile(rb"\s*<(?:!doctype|html|head|body|p|pre|font|table|div|meta)\b", re.IGNORECASE)
# Ids and addresses in angle brackets that a careless generator did not escape would be lost as tags.
_BARE_BRACKETS = re.compile(r"<([^\s<>@]{1,300}@[^\s<>]{1,300})>")
_LINE_TAG = re.compile(
    r"<(?:br|dt|/?(?:p|div|tr|li|pre|table|h[1-6]|blockquote|dl))(?=[\s/>])", re.IGNORECASE
)
_CELL_END = re.compile(r"</(?:td|th|dt|dd)\s{0,3}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
# What is not text; each with its end.  A parser builds a tree that hostile nesting makes quadratic, so none is used.
_UNSEEN = (("<!--", "-->"), ("<style", "</style"), ("<script", "</script"), ("<head>", "</head"))


def begins_as_html(content: bytes) -> bool:
    """Does it look like HTML, whatever its type says?"""
    return _HTML_START.match(content) is not None


def text_of_html(html: str) -> bytes:
    """The text that a person would see, one line per line; as UTF-8, without NUL."""
    html = html.replace("\0", "")
    for begin, end in _UNSEEN:
        html = _without(html, begin, end)
    html = _BARE_BRACKETS.sub(r"&lt;\1&gt;", html)
    html = _TAG.sub("", _CELL_END.sub(" ", _LINE_TAG.sub(r"\n\g<0>", html)))
    return unescape(html).replace("\xa0", " ").encode("utf-8", "replace")


def _without(html: str, begin: str, end: str) -> str:
    lowered = html.lower()
    if begin not in lowered or len(lowered) != len(html):
        return html
    kept = []
    position = 0
    while (at := lowered.find(begin, position)) >= 0:
        kept.append(html[position:at])
        closed = lowered.find(end, at)
        position = len(html) if closed < 0 else closed + len(end)
        if begin != "<!--" and closed >= 0:
            position = lowered.find(">", position) + 1 or len(html)
    kept.append(html[position:])
    return "".join(kept)
