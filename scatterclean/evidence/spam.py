"""What the spam was about: subjects that differ by numbers or spacing alone together, links, files.  Pure."""

from __future__ import annotations

import re

from scatterclean.bounce.contents import Attachment
from scatterclean.evidence.passing import Passed
from scatterclean.model.report import Counted, Spam
from scatterclean.subjects import loose

MOST_SUBJECTS = 30
MOST_LINKS = 30
MOST_FILES = 30

_NUMBERS = re.compile(r"\d+")


def spam(found: Passed) -> Spam:
    subjects, more_subjects = _subjects(found)
    links, more_links = found.links.top(MOST_LINKS)
    files, more_files = _files(found)
    return Spam(
        subjects=subjects,
        more_subjects=more_subjects,
        links=tuple(Counted(host, number) for host, number in links),
        more_links=more_links,
        files=files,
        more_files=more_files,
        seen=found.bodies,
    )


def _subjects(found: Passed) -> tuple[tuple[Counted, ...], int]:
    """Each heap under the text in it that is most frequent."""
    heaps: dict[str, tuple[str, int, int, int]] = {}  # text, how often it came, all, different ones
    keys: dict[str, str] = {}  # comparing loosely is what takes long: once for all that differ by numbers
    for text, number in found.subjects.counts.items():
        plain = _NUMBERS.sub("0", text)
        key = keys.get(plain)
        if key is None:
            key = keys[plain] = _NUMBERS.sub("0", loose(plain)) or plain.strip()
        best, most, total, texts = heaps.get(key, (text, 0, 0, 0))
        if number > most:
            best, most = text, number
        heaps[key] = best, most, total + number, texts + 1
    ranked = sorted(heaps.values(), key=lambda heap: (-heap[2], heap[0]))
    told = tuple(Counted(best, total, others=texts - 1) for best, _, total, texts in ranked[:MOST_SUBJECTS])
    return told, max(len(ranked) - MOST_SUBJECTS, 0) + found.subjects.gone


def _files(found: Passed) -> tuple[tuple[Counted, ...], int]:
    heaps: dict[tuple[str, bool], int] = {}
    for (name, kind), number in found.files.counts.items():
        one = name or kind, Attachment(name, kind).dangerous
        heaps[one] = heaps.get(one, 0) + number
    ranked = sorted(heaps.items(), key=lambda item: (-item[1], item[0][0]))
    told = tuple(Counted(text, number, dangerous=bad) for (text, bad), number in ranked[:MOST_FILES])
    return told, max(len(ranked) - MOST_FILES, 0) + found.files.gone
