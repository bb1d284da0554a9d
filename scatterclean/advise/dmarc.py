"""The DMARC record that holds for a domain (RFC 9989; what RFC 7489 had before is understood).  Pure.

A domain without a record of its own has that of one above it, found by walking up the tree; it needs no list of public
suffixes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from scatterclean.advise.known import Known
from scatterclean.model.advised import Answer, Point, Remark, Topic, remark

# RFC 9989, 4.10: of a longer name the walk goes on with so many labels.
_MAX_LABELS = 7
_NEARLY = re.compile(r"\W{0,3}(?:(?:v\s*[=:]\s*)?\"?dmarc|p\s*=\s*(?:none|quarantine|reject))", re.IGNORECASE)
_POLICIES = ("none", "quarantine", "reject")
_MAX_TAGS = 30
_MAX_SHOWN = 3  # records


@dataclass(frozen=True, slots=True)
class Policy:
    """One record.  `tags` as published, names lower-cased, in order; `wrong` what could not be read."""

    tags: Mapping[str, str]
    wrong: tuple[str, ...] = ()

    @property
    def p(self) -> str:
        """RFC 9989, 4.7: without one that can be read it is "none"."""
        return _policy(self.tags.get("p"), "none")

    def for_subdomains(self, *, existing: bool = True) -> str:
        below = _policy(self.tags.get("sp"), self.p)
        return below if existing else _policy(self.tags.get("np"), below)

    @property
    def testing(self) -> bool:
        return self.tags.get("t", "").lower() == "y"

    @property
    def pct(self) -> int:
        """Of 100; RFC 9989 knows it no more, but most receivers were built before."""
        text = self.tags.get("pct", "100")
        return min(100, int(text)) if re.fullmatch(r"\d{1,3}", text) else 100

    @property
    def reports(self) -> tuple[str, ...]:
        return tuple(uri.strip() for uri in self.tags.get("rua", "").split(",") if uri.strip())


def _policy(text: str | None, default: str) -> str:
    policy = (text or "").lower()
    return policy if policy in _POLICIES else default


@dataclass(slots=True)
class Dmarc:
    """What holds for the domain.  `owner` is the domain whose record it is, "" if there is none."""

    answer: Answer
    owner: str = ""
    policy: Policy | None = None
    remarks: list[Remark] = field(default_factory=list)
    unknown: dict[str, Answer] = field(default_factory=dict)
    near: Policy | None = None  # what is meant as one at the domain itself, and is none

    @property
    def asked(self) -> str:
        """What receivers are asked to do with forged mail; "" if nothing."""
        return self.policy.p if self.policy else ""


def read(text: str) -> Policy | None:
    """None if it is no DMARC record: v=DMARC1 comes first, in this spelling."""
    first, *rest = text.split(";")
    if re.fullmatch(r"v\s*=\s*DMARC1\s*", first) is None:
        return None
    return Policy(*_tags(rest))


def _tags(parts: list[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    tags: dict[str, str] = {}
    wrong: list[str] = []
    for part in parts[:_MAX_TAGS]:
        if not part.strip():
            continue
        name, equals, value = (piece.strip() for piece in part.partition("="))
        name = name.lower()
        if not equals or not re.fullmatch(r"[a-z0-9_]{1,20}", name) or name in tags:
            wrong.append(part.strip())
            continue
        tags[name] = value
        known = {"p": _POLICIES, "sp": _POLICIES, "np": _POLICIES}.get(name)
        if known and value.lower() not in known:
            wrong.append(part.strip())
    return tags, tuple(wrong)


def dmarc_of(domain: str, known: Known) -> Dmarc:
    names = _walk(domain)
    answers = {name: known("TXT", f"_dmarc.{name}") for name in names}
    found = Dmarc(answers[domain])
    policies: dict[str, Policy] = {}
    for name, answer in answers.items():
        read_here = [policy for text in answer.records if (policy := read(text))]
        if len(read_here) == 1 and (name != names[-1] or name == domain or _is_suffix(read_here[0])):
            policies[name] = read_here[0]
        if name == domain:
            _remark_own(found, answer, read_here, known("TXT", domain))
    if answers[domain].unknown:
        found.unknown[f"_dmarc.{domain}"] = answers[domain]
        return found
    found.owner = domain if domain in policies else _above(names, policies)
    if found.owner != domain and (silent := [name for name in names if answers[name].unknown]):
        found.unknown[f"_dmarc.{silent[0]}"] = answers[silent[0]]
        return found
    found.policy = policies.get(found.owner)
    if found.policy is None:
        if found.near is None:
            found.remarks.append(remark(Topic.DMARC, Point.DMARC_NONE))
        return found
    if found.owner != domain:
        here = found.policy.for_subdomains()
        found.policy = Policy({**found.policy.tags, "p": here}, found.policy.wrong)
        found.remarks.append(remark(Topic.DMARC, Point.DMARC_ABOVE, domain=found.owner, policy=here))
        found.remarks.append(remark(Topic.DMARC, _POINTS[here]))
        _remark_hollow(found, found.policy)
        return found
    _remark_policy(found, found.policy, known)
    return found


def _walk(domain: str) -> list[str]:
    """The domain and those above it (RFC 9989, 4.10)."""
    labels = domain.split(".")
    above = labels[1:] if len(labels) <= _MAX_LABELS else labels[-_MAX_LABELS:]
    return [domain, *(".".join(above[i:]) for i in range(len(above)))]


def _is_suffix(policy: Policy) -> bool:
    return policy.tags.get("psd", "").lower() == "y"


def _above(names: list[str], policies: Mapping[str, Policy]) -> str:
    """Whose record holds for a domain without one: that of its organisation, else of the public suffix."""
    owner = ""
    for name in names[1:]:
        if name not in policies:
            continue
        psd = policies[name].tags.get("psd", "").lower()
        if psd == "y":
            return owner or name
        owner = name
        if psd == "n":
            break
    return owner


def _remark_own(found: Dmarc, answer: Answer, policies: Sequence[Policy], apex: Answer) -> None:
    texts = [text for text in answer.records if read(text)]
    found.remarks += [remark(Topic.DMARC, Point.RECORD, record=text) for text in texts[:_MAX_SHOWN]]
    if len(policies) > 1:
        found.remarks.append(remark(Topic.DMARC, Point.DMARC_MANY, count=len(policies)))
        found.near = next((policy for policy in policies if policy.reports), policies[0])
    elif not policies:
        near = next((text for text in answer.records if _NEARLY.match(text)), "")
        if near:
            found.remarks.append(remark(Topic.DMARC, Point.DMARC_NEARLY, record=near))
            # Some forms want semicolons escaped, others publish the quotes that are typed.
            plain = near.replace("\\", "").replace('"', "").rstrip("; ")
            found.near = Policy(*_tags(re.split(r"[;,\s]\s*(?=[a-z]{1,5}\s*=)", plain)))
        elif any(read(text) for text in apex.records):
            found.remarks.append(remark(Topic.DMARC, Point.DMARC_MISPLACED))
            found.near = next(policy for text in apex.records if (policy := read(text)))
    if answer.alias and policies:
        found.remarks.append(remark(Topic.DMARC, Point.ALIAS, target=answer.alias))


_POINTS = {
    "none": Point.DMARC_P_NONE,
    "quarantine": Point.DMARC_QUARANTINE,
    "reject": Point.DMARC_REJECT,
}


def _remark_policy(found: Dmarc, policy: Policy, known: Known) -> None:
    found.remarks.append(remark(Topic.DMARC, _POINTS[policy.p]))
    found.remarks += [remark(Topic.DMARC, Point.DMARC_SYNTAX, tag=text) for text in policy.wrong]
    below, nowhere = policy.for_subdomains(), policy.for_subdomains(existing=False)
    if _POLICIES.index(below) < _POLICIES.index(policy.p):
        found.remarks.append(remark(Topic.DMARC, Point.DMARC_SUBDOMAINS, policy=below))
    if _POLICIES.index(nowhere) < _POLICIES.index(below):
        found.remarks.append(remark(Topic.DMARC, Point.DMARC_NO_SUBDOMAINS, policy=nowhere))
    _remark_hollow(found, policy)
    if policy.p == "none" and not policy.reports:
        found.remarks.append(remark(Topic.DMARC, Point.DMARC_NO_REPORTS))
    for uri in policy.reports[:5]:
        _remark_reports(found, uri, known)


def _remark_hollow(found: Dmarc, policy: Policy) -> None:
    if policy.p != "none" and policy.testing:
        found.remarks.append(remark(Topic.DMARC, Point.DMARC_TESTING))
    if policy.p != "none" and policy.pct < 100:
        found.remarks.append(remark(Topic.DMARC, Point.DMARC_PCT, pct=policy.pct))


def _remark_reports(found: Dmarc, uri: str, known: Known) -> None:
    scheme, _, rest = uri.partition("!")[0].partition(":")
    host = _host(uri)
    if scheme.lower() != "mailto" or "@" not in rest or not host:
        if scheme.lower() != "https":  # allowed once, and served by nobody
            found.remarks.append(remark(Topic.DMARC, Point.DMARC_REPORTS_BROKEN, uri=uri))
        return
    owner = found.owner
    if host == owner or host.endswith(f".{owner}") or owner.endswith(f".{host}"):
        return
    answer = known("TXT", f"{owner}._report._dmarc.{host}")  # RFC 9990, 4: or nothing is sent there
    if not answer.unknown and not any(re.match(r"\s*v\s*=\s*DMARC1", text) for text in answer.records):
        found.remarks.append(remark(Topic.DMARC, Point.DMARC_REPORTS_REFUSED, host=host))


def _host(uri: str) -> str:
    """Of an address for reports; "!10m" behind it is a size (RFC 7489)."""
    return uri.partition("!")[0].rpartition("@")[2].strip().lower().rstrip(".")


def record_of(policy: Policy | None, p: str, *, rua: str = "", refused: Collection[str] = ()) -> str:
    """A record with this policy, for sub-domains too, and what else was published and does no harm.

    `rua`: an address for reports, if none that works is there; `refused`: hosts that take none."""
    kept = dict(policy.tags) if policy else {}
    reports = [_put_right(uri) for uri in (policy.reports if policy else ()) if _host(uri) not in refused]
    tags = {"v": "DMARC1", "p": p}
    for name in ("sp", "np"):
        if name in kept and _POLICIES.index(_policy(kept[name], "none")) >= _POLICIES.index(p):
            tags[name] = kept[name]
    tags["rua"] = ",".join(filter(None, reports)) or (f"mailto:{rua}" if rua else "")
    tags |= {name: kept[name] for name in ("ruf", "adkim", "aspf", "fo", "psd") if name in kept}
    return "; ".join(f"{name}={value}" for name, value in tags.items() if value)


def _put_right(uri: str) -> str:
    if re.fullmatch(r"[^\s:@;,]+@[^\s:@;,]+", uri):
        return f"mailto:{uri}"
    return uri if re.fullmatch(r"mailto:[^\s@;,]+@[^\s@;,]+", uri, re.IGNORECASE) else ""
