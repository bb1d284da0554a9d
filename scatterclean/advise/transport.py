"""MTA-STS (RFC 8461) and TLS-RPT (RFC 8460) of a domain.  Pure.

Neither makes forging harder: they see to it that mail to the domain is not read or diverted on its way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scatterclean.advise.known import Known
from scatterclean.model.advised import Answer, Heard, Point, Remark, Topic, remark

_STS = re.compile(r"v=STSv1\s*;", re.IGNORECASE)
_ID = re.compile(r";\s*id\s*=\s*[A-Za-z0-9]{1,32}\s*(?:;|$)", re.IGNORECASE)
_RPT = re.compile(r"v=TLSRPTv1\s*;\s*rua\s*=\s*(?:mailto|https):", re.IGNORECASE)
_MODES = ("enforce", "testing", "none")
_A_DAY = 86_400  # RFC 8461, 3.2: "expected ... a few weeks or greater"
_MAX_LINES = 200


@dataclass(slots=True)
class Transport:
    """`policy` is the file as it should read; "" if it is right as it is, or cannot be told."""

    remarks: list[Remark] = field(default_factory=list)
    unknown: dict[str, Answer] = field(default_factory=dict)
    policy: str = ""
    served: bool = False  # is any file there?
    id: str = ""  # another one than what is published
    reports: bool | None = None  # is the one of TLS-RPT?  None: nobody knows


def transport_of(domain: str, exchangers: Sequence[str], known: Known, today: str) -> Transport:
    """`today`, digits, makes the id of a policy."""
    found = Transport(id=today)
    _sts(found, domain, exchangers, known, today)
    name = f"_smtp._tls.{domain}"
    answer = known("TXT", name)
    if answer.unknown:
        found.unknown[name] = answer
        return found
    texts = [text for text in answer.records if text[:8].lower() == "v=tlsrpt"]
    found.reports = len(texts) == 1 and bool(_RPT.match(texts[0]))
    if found.reports:
        found.remarks.append(remark(Topic.TLS_RPT, Point.RPT_GOOD))
    elif texts:
        found.remarks.append(remark(Topic.TLS_RPT, Point.RPT_BROKEN, record=texts[0]))
    else:
        found.remarks.append(remark(Topic.TLS_RPT, Point.RPT_NONE))
    return found


def _sts(found: Transport, domain: str, exchangers: Sequence[str], known: Known, today: str) -> None:
    name = f"_mta-sts.{domain}"
    answer = known("TXT", name)
    if answer.unknown:
        found.unknown[name] = answer
        return
    texts = [text for text in answer.records if text[:5].lower() == "v=sts"]
    if not texts:
        found.remarks.append(remark(Topic.MTA_STS, Point.STS_NONE))
        found.policy = _policy("testing", exchangers)
        return
    if any(today in text for text in texts):
        found.id += "1"
    if len(texts) > 1:
        found.remarks.append(remark(Topic.MTA_STS, Point.STS_MANY, count=len(texts)))
    elif not (_STS.match(texts[0]) and _ID.search(texts[0])):
        found.remarks.append(remark(Topic.MTA_STS, Point.STS_BROKEN, record=texts[0]))
    page = known("POLICY", domain)
    if page.unknown:
        found.unknown[f"https://mta-sts.{domain}/.well-known/mta-sts.txt"] = page
    elif page.heard is not Heard.RECORDS:
        found.remarks.append(remark(Topic.MTA_STS, Point.STS_UNFETCHED, said=page.said))
        found.policy = _policy("testing", exchangers)
    else:
        found.served = True
        _read(found, page.records[0], exchangers)


def _read(found: Transport, text: str, exchangers: Sequence[str]) -> None:
    values: dict[str, str] = {}
    hosts: list[str] = []
    for line in text.splitlines()[:_MAX_LINES]:
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon and line.strip():
            values.setdefault("wrong", line.strip())
        elif name.lower() == "mx":
            hosts.append(value.lower().rstrip("."))
        elif colon:
            values.setdefault(name.lower(), value)  # RFC 8461, 3.2: of several the first counts
    mode, age = values.get("mode", "").lower(), values.get("max_age", "")
    if wrong := _wrong(values, mode, age, hosts):
        found.remarks.append(remark(Topic.MTA_STS, Point.STS_POLICY_BROKEN, line=wrong))
        found.policy = _policy("testing", exchangers)
        return
    points = {"enforce": Point.STS_ENFORCE, "testing": Point.STS_TESTING, "none": Point.STS_OFF}
    found.remarks.append(remark(Topic.MTA_STS, points[mode]))
    missing = [host for host in exchangers if not any(_fits(host, pattern) for pattern in hosts)]
    if mode == "none":
        return  # that is how one ends it
    if missing:
        found.remarks.append(remark(Topic.MTA_STS, Point.STS_MISMATCH, hosts=", ".join(missing)))
    if int(age) < _A_DAY:
        found.remarks.append(remark(Topic.MTA_STS, Point.STS_SHORT, seconds=age))
    if mode == "testing" or missing or int(age) < _A_DAY:
        found.policy = _policy("testing" if missing and mode == "testing" else "enforce", exchangers)


def _wrong(values: Mapping[str, str], mode: str, age: str, hosts: Sequence[str]) -> str:
    """The line that makes it no policy; "" if none does."""
    if values.get("version") != "STSv1":
        return f"version: {values.get('version', '')}"
    if mode not in _MODES:
        return f"mode: {mode}"
    if not re.fullmatch(r"\d{1,10}", age):
        return f"max_age: {age}"
    return "mx:" if mode != "none" and not hosts else values.get("wrong", "")


def _fits(host: str, pattern: str) -> bool:
    """RFC 8461, 4.1: "*" stands for one label at the left."""
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:]
    return host == pattern


def _policy(mode: str, exchangers: Sequence[str]) -> str:
    if not exchangers:
        return ""
    lines = ["version: STSv1", f"mode: {mode}", *(f"mx: {host}" for host in exchangers), "max_age: 604800"]
    return "\n".join(lines)
