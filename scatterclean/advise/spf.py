"""The SPF record of a domain (RFC 7208): what is wrong with it, and how it would read mended.  Pure.

It is read as receivers do, all includes followed, but to the end: a stranger's machine matches nothing before it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from scatterclean.advise.known import Known
from scatterclean.model.advised import Answer, Point, Remark, Topic, remark

# RFC 7208, 4.6.4.
MAX_LOOKUPS, _MAX_VOID = 10, 2
_ENOUGH = 40  # look-ups: of what is far beyond the limit nobody needs the exact number
_MAX_TERMS = 300
_MAX_SHOWN = 3  # records
# Wider ones mean everybody (as in names/spf.py): no registry ever gave an operator of mail so much.
_WIDEST = {4: 8, 6: 12}

VERSION = re.compile(r"v=spf1(?: |$)", re.IGNORECASE)
_NEARLY = re.compile(r"\W{0,3}(?:v\s*[=:]\s*)?\"?spf ?[1-9]?\b", re.IGNORECASE)
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9_-]{1,63}\.?", re.IGNORECASE)
_MACRO = re.compile(r"%(?:\{[slodiphcrtv]\d{0,3}r?[-.+,/_=]*\}|[%_-])", re.IGNORECASE)
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(.*)", re.IGNORECASE | re.DOTALL)
_MECHANISM = re.compile(
    r"([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?::(.*?))?(?:/(\d{1,2}))?(?://(\d{1,3}))?",
    re.IGNORECASE | re.DOTALL,
)
# What people write: ipv4: and ip: for ip4:, = for :, a comma or semicolon behind, a typographer's dash before "all".
_IP = re.compile(r"([+?~-]?)(?:ip|ipv4|ipv6|ip4|ip6)[:=]\s*([0-9a-f:.]+(?:/\d{1,3})?)", re.IGNORECASE)
_EQUALS = re.compile(r"([+?~-]?(?:include|a|mx|exists))=(.+)", re.IGNORECASE)
_DASH = re.compile(r"[^\x00-\x7f]{1,3}all", re.IGNORECASE)
# Two strings of a record are joined without a blank: "include:a.example" "include:b.example".
_GLUED = re.compile(r"(?<=[a-z0-9.])(?=(?:include:|ip[46]:|redirect=|[~?-]all$))", re.IGNORECASE)
_ASKING = ("include", "a", "mx", "ptr", "exists")


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a record; `kind` "" if it is none.  `target` is a domain, "" for the record's own."""

    text: str
    kind: str = ""
    qualifier: str = "+"
    target: str = ""
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None

    @property
    def modifies(self) -> bool:
        return self.kind.endswith("=")


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


def read(record: str) -> list[Term]:
    """The terms behind the version."""
    return [_term(text) for text in record[6:].split(" ")[:_MAX_TERMS] if text]


def _term(text: str) -> Term:
    modifier = _MODIFIER.fullmatch(text)
    if modifier and not _EQUALS.fullmatch(text):
        name = modifier[1].lower()
        if name in ("ip4", "ip6", "ipv4", "ipv6", "ip"):
            return Term(text)
        if name == "redirect" and not _is_domain(modifier[2]):
            return Term(text)
        return Term(text, name + "=", target=modifier[2].lower().rstrip("."))
    found = _MECHANISM.fullmatch(text)
    if found is None:
        return Term(text)
    qualifier, kind = found[1] or "+", found[2].lower()
    if kind in ("ip4", "ip6"):
        return _network_term(text, qualifier, kind)
    target, lengths = found[3], found[4] or found[5]
    if kind == "all":
        return Term(text, kind, qualifier) if target is None and not lengths else Term(text)
    if kind in ("include", "exists", "ptr") and lengths:
        return Term(text)
    if target is None:
        return Term(text) if kind in ("include", "exists") else Term(text, kind, qualifier)
    if not _is_domain(target) or int(found[4] or 0) > 32 or int(found[5] or 0) > 128:
        return Term(text)
    return Term(text, kind, qualifier, target.lower().rstrip("."))


def _network_term(text: str, qualifier: str, kind: str) -> Term:
    address = text.partition(":")[2]
    try:
        if "%" in address:  # a zone index
            raise ValueError
        if kind == "ip4":
            return Term(text, kind, qualifier, network=ipaddress.IPv4Network(address, strict=False))
        return Term(text, kind, qualifier, network=ipaddress.IPv6Network(address, strict=False))
    except ValueError:
        return Term(text)


def _is_domain(text: str) -> bool:
    """A name with a dot, or one with macros (RFC 7208, 7.1)."""
    if len(text) > 253:
        return False
    plain = _MACRO.sub("x", text)
    return "%" not in plain and (bool(_NAME.fullmatch(plain)) or plain != text)


def _put_right(term: Term) -> list[Term]:
    """What was meant by something that is no term; nothing if that cannot be told."""
    text = term.text.strip(",;'\"")
    tries = [text]
    if address := _IP.fullmatch(text):
        tries.append(f"{address[1]}ip{6 if ':' in address[2] else 4}:{address[2]}")
    if named := _EQUALS.fullmatch(text):
        tries.append(f"{named[1]}:{named[2]}")
    if _DASH.fullmatch(text):
        tries.append("-all")
    for each in tries:
        parts = [_term(part) for part in _GLUED.split(each) if part]
        if parts and all(part.kind for part in parts):
            return parts
    return []


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


def _walk_own(domain: str, found: Spf, known: Known) -> None:
    walk = _Walk(known, found)
    costs: dict[str, int] = {}
    useless: set[str] = set()  # terms that match nobody, or everybody
    ends: list[str] = []
    after: list[str] = []
    for term in found.terms:
        if not term.kind:
            found.remarks.append(remark(Topic.SPF, Point.SPF_SYNTAX, term=term.text))
            continue
        if term.kind == "all":
            ends.append(term.qualifier)
            continue
        if ends and len(found.records) == 1 and not term.modifies:
            after.append(term.text)
        before = walk.lookups
        faults = _fault(term, domain, walk, (domain,))
        if faults:
            useless.add(term.text)
            found.remarks.extend(each for each in faults if each not in found.remarks)
        costs[term.text] = walk.lookups - before
    redirect = next((term for term in found.terms if term.kind == "redirect="), None)
    if not ends and redirect is not None:
        before = walk.lookups
        ends, faults = _redirected(redirect, walk, (domain,))
        if faults:
            useless.add(redirect.text)
            found.remarks.extend(faults)
        costs[redirect.text] = walk.lookups - before
    if after:
        found.remarks.append(remark(Topic.SPF, Point.SPF_AFTER_ALL, terms=" ".join(after)))
    found.lookups = walk.lookups
    if len(found.records) == 1 and walk.lookups > MAX_LOOKUPS:
        told = ", ".join(f"{text} {cost}" for text, cost in costs.items() if cost)
        found.remarks.append(remark(Topic.SPF, Point.SPF_LOOKUPS, count=walk.lookups, costs=told))
    if len(walk.void) > _MAX_VOID:
        found.remarks.append(
            remark(Topic.SPF, Point.SPF_VOID, count=len(walk.void), names=", ".join(walk.void))
        )
        useless |= {term.text for term in found.terms if (term.target or domain) in walk.void}
    if ends or not found.unknown:
        first = ends[:1] if len(found.records) == 1 else ends  # the first "all" ends an evaluation
        found.all = min(first, key="-~?+".index) if first else "?"
        end = _ENDS[found.all] if ends else Point.SPF_NO_ALL
        if end not in FINE or not found.broken:
            found.remarks.append(remark(Topic.SPF, end))
    found.mended = _mended(found, costs, useless)


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
    if term.kind not in _ASKING:
        return []
    walk.count()
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
        for each in [term] if term.kind else _put_right(term):
            if each.text in useless or each.kind == "all" or each.text in kept:
                continue
            if each.kind == "redirect=":
                # "all" goes before a redirect, and some of these end in ?all: as an include it authorises the same.
                if "all" in (other.kind for other in found.terms):
                    continue
                kept[f"include:{each.target}"] = None
                lookups += costs.get(each.text, 1)
            elif each.modifies:
                modifiers[each.text] = None
            else:
                kept[each.text] = None
                lookups += costs.get(each.text, int(each.kind in _ASKING))
        if not term.kind and not _put_right(term):
            return ""
    if lookups > MAX_LOOKUPS:
        return ""
    ends = [part.qualifier for term in found.terms for part in _parts(term) if part.kind == "all"]
    end = "~all" if found.all == "~" or ends == ["~"] else "-all"
    return " ".join(("v=spf1", *kept, end, *modifiers))


def _parts(term: Term) -> list[Term]:
    return [term] if term.kind else _put_right(term)
