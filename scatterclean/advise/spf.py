"""The SPF record of a domain (RFC 7208): what is wrong with it, and how it would read mended.  Pure.

It is read as receivers do, all includes followed, but to the end: a stranger's machine matches nothing before it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from scatterclean.advise.known import Known
from scatterclean.advise.terms import VERSION, Term, put_right, read
from scatterclean.model.advised import Answer, Point, Remark, Topic, remark

# RFC 7208, 4.6.4.
MAX_LOOKUPS, _MAX_VOID = 10, 2
_ENOUGH = 40  # look-ups: of what is far beyond the limit nobody needs the exact number
_MAX_SHOWN = 3  # records
# Wider ones mean everybody (as in names/spf.py): no registry ever gave an operator of mail so much.
_WIDEST = {4: 8, 6: 12}

_NEARLY = re.compile(r"\W{0,3}(?:v\s*[=:]\s*)?\"?(?!spf2\.0/)spf ?[1-9]?\b", re.IGNORECASE)
_ASKING = ("include", "a", "mx", "ptr", "exists")
_OF_HOSTS = ("a", "mx", "exists")


@dataclass(slots=True)
class Spf:
    """What was found.  `all`: what it says of strangers ("-", "~", "?", "+"); "" if nothing, or nobody knows.

    `mended` is the record as it should read ("" if no program can tell); it ends as the person's does if that is
    "~all" or "-all", else in "-all".  `unknown`: names that could not be looked up."""

    answer: Answer
    record: str = ""
    records: tuple[str, ...] = ()
    all: str = ""
    lookups: int = 0
    remarks: list[Remark] = field(default_factory=list)
    unknown: dict[str, Answer] = field(default_factory=dict)
    terms: list[Term] = field(default_factory=list)
    mended: str = ""

    @property
    def broken(self) -> bool:
        """Will receivers take no notice of it?"""
        return any(each.point in _BROKEN for each in self.remarks)

    @property
    def names_nobody(self) -> bool:
        """Would it, mended, say of no machine that it may send?"""
        return self.mended.split(" ")[1:2] in (["-all"], ["~all"])

    @property
    def sends_nothing(self) -> bool:
        """Does it say that nobody at all sends for the domain?"""
        return self.all == "-" and [term.kind for term in self.terms] == ["all"]


_BROKEN = frozenset(
    {
        Point.SPF_NONE,
        Point.SPF_NEARLY,
        Point.SPF_MANY,
        Point.SPF_SYNTAX,
        Point.SPF_LOOKUPS,
        Point.SPF_VOID,
        Point.SPF_DEAD,
        Point.SPF_BROKEN_INCLUDE,
        Point.SPF_LOOP,
    }
)


def spf_of(domain: str, known: Known) -> Spf:
    """`domain` in the form that DNS has."""
    answer = known("TXT", domain)
    found = Spf(answer)
    if answer.unknown:
        found.unknown[domain] = answer
        return found
    found.records = tuple(text for text in answer.records if VERSION.match(text))
    if not found.records:
        near = next((text for text in answer.records if _NEARLY.match(text)), "")
        found.remarks.append(
            remark(Topic.SPF, Point.SPF_NEARLY, record=near) if near else remark(Topic.SPF, Point.SPF_NONE)
        )
        if near:
            found.terms = read(f"v=spf1 {_NEARLY.sub('', near, count=1)}")
            found.mended = _mended(found, {}, set())
        return found
    found.record = found.records[0]
    found.remarks += [remark(Topic.SPF, Point.RECORD, record=text) for text in found.records[:_MAX_SHOWN]]
    if len(found.records) > 1:
        found.remarks.append(remark(Topic.SPF, Point.SPF_MANY, count=len(found.records)))
    found.terms = [term for text in found.records for term in read(text)]
    _walk_own(domain, found, known)
    return found


# --- the walk ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Walk:
    known: Known
    found: Spf
    lookups: int = 0
    void: dict[str, None] = field(default_factory=dict)

    def count(self) -> bool:
        self.lookups += 1
        return self.lookups <= _ENOUGH


@dataclass(slots=True)
class _Own:
    """What the walk through the person's own record (or records) brings together."""

    costs: dict[str, int] = field(default_factory=dict)  # look-ups of a term
    spent: Counter[str] = field(default_factory=Counter)  # the same, for each time that it stands there
    useless: set[str] = field(default_factory=set)  # terms that match nobody, or everybody
    ends: list[str] = field(default_factory=list)  # qualifiers of "all"
    after: list[str] = field(default_factory=list)  # terms that no server comes to

    @property
    def counted(self) -> int:
        return sum(self.spent.values())

    def pay(self, text: str, lookups: int, *, in_vain: bool) -> None:
        self.costs[text] = lookups
        if in_vain:
            self.after.append(text)
        elif lookups:
            self.spent[text] += lookups


def _walk_own(domain: str, found: Spf, known: Known) -> None:
    walk, own = _Walk(known, found), _Own()
    for term in found.terms:
        if not term.kind:
            found.remarks.append(remark(Topic.SPF, Point.SPF_SYNTAX, term=term.text))
        elif term.kind == "all":
            own.ends.append(term.qualifier)
        elif term.kind == "redirect=":
            continue  # it counts behind all others, wherever it stands
        else:
            _mechanism(term, domain, walk, own)
    for term in found.terms:
        if term.kind == "redirect=":
            _redirect(term, domain, walk, own)
            break
    if own.after:
        found.remarks.append(remark(Topic.SPF, Point.SPF_AFTER_ALL, terms=" ".join(own.after)))
    found.lookups = own.counted
    _limits(domain, walk, own)
    if own.ends or not found.unknown:
        first = own.ends[:1] if len(found.records) == 1 else own.ends  # the first "all" ends an evaluation
        found.all = min(first, key="-~?+".index) if first else "?"
        end = _ENDS[found.all] if own.ends else Point.SPF_NO_ALL
        if end not in FINE or not found.broken:
            found.remarks.append(remark(Topic.SPF, end))
    found.mended = _mended(found, own.costs, own.useless)


def _mechanism(term: Term, domain: str, walk: _Walk, own: _Own) -> None:
    found = walk.found
    in_vain = bool(own.ends) and len(found.records) == 1 and not term.modifies
    before = walk.lookups
    faults = _fault(term, domain, walk, (domain,))
    if faults:
        own.useless.add(term.text)
        found.remarks.extend(each for each in faults if each not in found.remarks and not in_vain)
    own.pay(term.text, walk.lookups - before, in_vain=in_vain)


def _redirect(term: Term, domain: str, walk: _Walk, own: _Own) -> None:
    before = walk.lookups
    ends, faults = _redirected(term, walk, (domain,))
    own.pay(term.text, walk.lookups - before, in_vain=bool(own.ends))  # "all" goes before it
    if faults:
        own.useless.add(term.text)
    if not own.ends:
        own.ends = ends
        walk.found.remarks.extend(faults)


def _limits(domain: str, walk: _Walk, own: _Own) -> None:
    found = walk.found
    if len(found.records) == 1 and own.counted > MAX_LOOKUPS:
        told = ", ".join(f"{text} {cost}" for text, cost in own.spent.items())
        found.remarks.append(remark(Topic.SPF, Point.SPF_LOOKUPS, count=own.counted, costs=told))
    if len(walk.void) > _MAX_VOID:
        names = ", ".join(walk.void)
        found.remarks.append(remark(Topic.SPF, Point.SPF_VOID, count=len(walk.void), names=names))
        hosts = {term.text: term.target or domain for term in found.terms if term.kind in _OF_HOSTS}
        own.useless |= {text for text, name in hosts.items() if name in walk.void}


FINE = (Point.RECORD, Point.SPF_STRICT, Point.SPF_SOFT)
_ENDS = {
    "-": Point.SPF_STRICT,
    "~": Point.SPF_SOFT,
    "?": Point.SPF_NEUTRAL,
    "+": Point.SPF_ALL_PASS,
}


def _fault(term: Term, domain: str, walk: _Walk, above: tuple[str, ...]) -> list[Remark]:
    """What is wrong with a mechanism of the person's own record."""
    if term.network is not None:
        wide = term.network.prefixlen < _WIDEST[term.network.version] and term.qualifier == "+"
        return [remark(Topic.SPF, Point.SPF_WIDE, term=term.text)] if wide else []
    if term.kind not in _ASKING or not walk.count():
        return []
    if term.kind == "ptr":
        return [remark(Topic.SPF, Point.SPF_PTR)]
    if "%" in term.target:
        return []
    if term.kind == "include":
        return _included(term, walk, above)
    _hosts(term, domain, walk)
    return []


def _included(term: Term, walk: _Walk, above: tuple[str, ...]) -> list[Remark]:
    ends, fault = _record(term.target, walk, above)
    if fault is not None:
        return [_of_term(fault, term.text)]
    if "+" in ends and term.qualifier == "+":
        return [remark(Topic.SPF, Point.SPF_OPEN, term=term.text)]
    return []


def _redirected(term: Term, walk: _Walk, above: tuple[str, ...]) -> tuple[list[str], list[Remark]]:
    walk.count()
    if "%" in term.target:
        return ["-"], []  # it depends on the message; whoever writes such a record knows
    ends, fault = _record(term.target, walk, above)
    return list(ends), [] if fault is None else [_of_term(fault, term.text)]


def _of_term(fault: Remark, text: str) -> Remark:
    rest = tuple((name, value) for name, value in fault.detail if name != "term")
    return replace(fault, detail=(("term", text), *rest))


def _record(domain: str, walk: _Walk, above: tuple[str, ...]) -> tuple[Sequence[str], Remark | None]:
    """The record of another domain: (how it ends, why it makes all of the person's record worthless)."""
    if domain in above:
        return (), remark(Topic.SPF, Point.SPF_LOOP)
    answer = walk.known("TXT", domain)
    if answer.unknown:
        walk.found.unknown[domain] = answer
        return (), None
    texts = [text for text in answer.records if VERSION.match(text)]
    if not texts:  # RFC 7208, 5.2: "none" of an include is a permerror
        return (), remark(Topic.SPF, Point.SPF_DEAD)
    if len(texts) > 1:
        return (), remark(Topic.SPF, Point.SPF_BROKEN_INCLUDE, what=f"{len(texts)} SPF records")
    return _others_terms(read(texts[0]), domain, walk, (*above, domain))


def _others_terms(
    terms: Sequence[Term], domain: str, walk: _Walk, above: tuple[str, ...]
) -> tuple[Sequence[str], Remark | None]:
    redirect = None
    for term in terms:
        if not term.kind:
            return (), remark(Topic.SPF, Point.SPF_BROKEN_INCLUDE, what=term.text)
        if term.kind == "all":
            return (term.qualifier,), None
        if term.kind == "redirect=":
            redirect = term
        if term.kind not in _ASKING or not walk.count() or "%" in term.target:
            continue
        if term.kind == "include":
            _, fault = _record(term.target, walk, above)
            if fault is not None:
                what = fault["what"] or term.text
                return (), remark(Topic.SPF, Point.SPF_BROKEN_INCLUDE, what=what)
        elif term.kind != "ptr":
            _hosts(term, domain, walk)
    if redirect is None or not walk.count() or "%" in redirect.target:
        return (), None
    return _record(redirect.target, walk, above)


def _hosts(term: Term, domain: str, walk: _Walk) -> None:
    """Counts a look-up that finds nothing (RFC 7208, 4.6.4: "void")."""
    target = term.target or domain
    kinds = ("MX",) if term.kind == "mx" else ("A", "AAAA")
    answers = [walk.known(kind, target) for kind in kinds]
    if any(answer.unknown for answer in answers):
        walk.found.unknown.setdefault(target, next(answer for answer in answers if answer.unknown))
    elif not any(answer.records for answer in answers):
        walk.void[target] = None


# --- mending ----------------------------------------------------------------------------------------------


def _mended(found: Spf, costs: dict[str, int], useless: set[str]) -> str:
    """The record without what is wrong; "" if too much would be left, or it cannot be told what was meant."""
    kept: dict[str, None] = {}
    modifiers: dict[str, None] = {}
    lookups = 0
    for term in found.terms:
        for each in [term] if term.kind else put_right(term):
            if each.text in useless or each.kind == "all" or each.text in kept:
                continue
            if each.kind == "redirect=":
                # "all" goes before a redirect, and some of these end in ?all: as an include it authorises the same.
                kept[f"include:{each.target}"] = None
                lookups += costs.get(each.text, 1)
            elif each.modifies:
                modifiers[each.text] = None
            else:
                kept[each.text] = None
                lookups += costs.get(each.text, int(each.kind in _ASKING))
        if not term.kind and not put_right(term):
            return ""
    if lookups > MAX_LOOKUPS:
        return ""
    ends = [part.qualifier for term in found.terms for part in _parts(term) if part.kind == "all"]
    end = "~all" if found.all == "~" or ends == ["~"] else "-all"
    return " ".join(("v=spf1", *kept, end, *modifiers))


def _parts(term: Term) -> list[Term]:
    return [term] if term.kind else put_right(term)
