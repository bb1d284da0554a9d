"""All that is known of one domain -> what was found, and what to do about it, the most effective first.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from scatterclean.advise.dkim import Dkim, dkim_of
from scatterclean.advise.dmarc import Dmarc, dmarc_of, record_of
from scatterclean.advise.known import Known
from scatterclean.advise.providers import COMMON, providers_of
from scatterclean.advise.spf import FINE, Spf, spf_of
from scatterclean.advise.transport import Transport, transport_of
from scatterclean.model.advised import (
    Advised,
    Answer,
    Caution,
    Effect,
    Heard,
    Outcome,
    Point,
    Record,
    Remark,
    Stage,
    Step,
    Topic,
    When,
    remark,
)

# A value that a form for DNS records takes, and that a program may have written anew from a stranger's text.
_PLAIN = re.compile(r"[\x20-\x7e]{1,2000}")
_EFFECTS = tuple(Effect)
_TOPICS = (
    Topic.CATCH_ALL,
    Topic.SPF,
    Topic.DMARC,
    Topic.DKIM,
    Topic.MX,
    Topic.TAGS,
    Topic.MTA_STS,
    Topic.TLS_RPT,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One domain: `name` as people write it, `ascii` as DNS has it; `selectors` sign the person's mail there, `tried`
    may do so.

    `never_sends`: the person said so.  `today` makes ids of policies: "20261129"."""

    name: str
    ascii: str
    selectors: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    never_sends: bool = False
    today: str = ""


@dataclass(slots=True)
class _Zone:
    asked: Asked
    spf: Spf
    dmarc: Dmarc
    dkim: Dkim
    mail: Answer
    hosts: tuple[str, ...]
    null: bool
    parked: str  # why it is taken for one that sends nothing; "" if it is not
    transport: Transport | None

    @property
    def may_send(self) -> bool:
        """Is it taken for silent, though nobody can be sure?  Others may send from a domain, one of whose addresses the
        person never uses: then its record names their machines."""
        return self.parked == "seems" or (
            self.parked == "person" and any(t.kind != "all" for t in self.spf.terms)
        )


def weigh(asked: Asked, known: Known, habits: Iterable[Step] = (), like: str = "") -> Advised:
    """`like`: a domain of the person's that is spelled nearly as this one, for one that does not exist."""
    domain = asked.ascii
    spf = spf_of(domain, known)
    if (
        spf.answer.heard is Heard.NO_NAME
        and not spf.answer.alias
        and known("MX", domain).heard is Heard.NO_NAME
    ):
        gone = remark(Topic.DOMAIN, Point.NO_SUCH_DOMAIN, like=like)
        return Advised(asked.name, domain, Outcome.NO_SUCH_DOMAIN, (gone,))
    zone = _zone(asked, spf, known)
    steps = [*habits, *filter(None, (_spf(zone), _dmarc(zone), _dkim(zone), _mx(zone), *_beside(zone)))]
    steps.sort(key=lambda step: (_EFFECTS.index(step.effect), _TOPICS.index(step.topic)))
    remarks = _remarks(zone)
    unknown = any(each.point in (Point.UNKNOWN, Point.DKIM_UNSEEN) for each in remarks)
    against = any(step.effect is not Effect.BESIDE for step in steps)
    outcome = Outcome.STEPS if against else Outcome.UNKNOWN if unknown else Outcome.GOOD
    return Advised(asked.name, domain, outcome, tuple(remarks), tuple(steps))


def _zone(asked: Asked, spf: Spf, known: Known) -> _Zone:
    domain = asked.ascii
    mail = known("MX", domain)
    pairs = [record.partition(" ") for record in mail.records]
    hosts = tuple(dict.fromkeys(host.lower().rstrip(".") for _, _, host in pairs if host != "."))
    null = bool(pairs) and not hosts
    nowhere = mail.heard is Heard.NONE and _no_addresses(domain, known)
    silent = not spf.record and not spf.mended and not spf.unknown
    parked = "person" if asked.never_sends else "spf" if spf.sends_nothing else ""
    if silent and (null or nowhere):
        parked = parked or "seems"
    targets = [term.target for term in spf.terms if term.kind in ("include", "redirect=")]
    usual = [name for provider in providers_of((*hosts, *targets)) for name in provider.selectors]
    dkim = (
        Dkim()
        if parked and not asked.selectors
        else dkim_of(domain, asked.selectors, (*asked.tried, *usual, *COMMON), known)
    )
    transport = transport_of(domain, hosts, known, asked.today) if hosts else None
    return _Zone(asked, spf, dmarc_of(domain, known), dkim, mail, hosts, null, parked, transport)


def _no_addresses(domain: str, known: Known) -> bool:
    return all(known(kind, domain).heard is Heard.NONE for kind in ("A", "AAAA"))


def _remarks(zone: _Zone) -> list[Remark]:
    domain = zone.asked.ascii
    found: list[Remark] = []
    if zone.mail.unknown:
        found.append(_unknown(Topic.MX, domain, zone.mail))
    elif zone.null:
        found.append(remark(Topic.MX, Point.MX_NULL))
    elif zone.hosts:
        found.append(remark(Topic.MX, Point.MX_HOSTS, hosts=", ".join(zone.hosts)))
    else:
        found.append(remark(Topic.MX, Point.MX_NONE))
    if zone.parked:
        found.append(_parked(zone))
    parts: list[tuple[Topic, list[Remark], Mapping[str, Answer]]] = [
        (Topic.SPF, zone.spf.remarks, zone.spf.unknown),
        (Topic.DKIM, zone.dkim.remarks, zone.dkim.unknown),
        (Topic.DMARC, zone.dmarc.remarks, zone.dmarc.unknown),
    ]
    if zone.transport is not None:
        parts.append((Topic.MTA_STS, zone.transport.remarks, zone.transport.unknown))
    for topic, remarks, unknown in parts:
        found += remarks
        found += [_unknown(topic, name, answer) for name, answer in unknown.items()]
    return found


def _unknown(topic: Topic, name: str, answer: Answer) -> Remark:
    if name.startswith("_smtp._tls."):
        topic = Topic.TLS_RPT
    return remark(topic, Point.UNKNOWN, name=name, why=answer.why or "failed")


# --- SPF --------------------------------------------------------------------------------------------------


def _spf(zone: _Zone) -> Step | None:
    spf, domain = zone.spf, zone.asked.ascii
    faults = tuple(each for each in spf.remarks if each.point not in FINE)
    if spf.answer.unknown or (spf.unknown and not faults):
        return None
    if zone.parked:
        return None if spf.sends_nothing and not faults else _only(zone, "v=spf1 -all", faults)
    if not faults:
        return _soft(zone)
    effect = Effect.LITTLE if {f.point for f in faults} <= _SMALL else Effect.MUCH
    if spf.names_nobody or (not spf.record and not spf.mended):
        return _first_spf(zone, faults)
    cautions = [Caution.SENDERS]
    if len(spf.records) > 1:
        cautions.insert(0, Caution.ONE_RECORD)
    if not _PLAIN.fullmatch(spf.mended):
        many = any(f.point is Point.SPF_LOOKUPS for f in faults)
        cautions.append(Caution.TOO_MANY if many else Caution.BY_HAND)
        return Step(Topic.SPF, effect, faults, (), tuple(cautions))
    stage = Stage(When.INSTEAD, (Record(domain, "TXT", spf.mended),))
    return Step(Topic.SPF, effect, faults, (stage,), tuple(cautions))


_SMALL = frozenset({Point.SPF_PTR, Point.SPF_AFTER_ALL})


def _only(zone: _Zone, value: str, faults: tuple[Remark, ...]) -> Step:
    grounds = faults or tuple(each for each in zone.spf.remarks if each.point is Point.SPF_SOFT)
    cautions = [Caution.ONE_RECORD] if len(zone.spf.records) > 1 else []
    cautions += [Caution.SENDS_NOTHING] if zone.may_send else []
    when = When.INSTEAD if zone.spf.record else When.NOW
    stage = Stage(when, (Record(zone.asked.ascii, "TXT", value),))
    return Step(Topic.SPF, Effect.MUCH, (*grounds, _parked(zone)), (stage,), tuple(cautions))


def _parked(zone: _Zone) -> Remark:
    return remark(Topic.DOMAIN, Point.PARKED, ground=zone.parked)


def _soft(zone: _Zone) -> Step | None:
    """ "~all" is right beside a DMARC policy that is enforced; without one it asks for little."""
    soft = tuple(each for each in zone.spf.remarks if each.point is Point.SPF_SOFT)
    if not soft or zone.dmarc.unknown or zone.dmarc.asked == "reject" or zone.spf.unknown:
        return None
    value = re.sub(r"(?<= )~all\b", "-all", zone.spf.record, count=1, flags=re.IGNORECASE)
    if value == zone.spf.record or not _PLAIN.fullmatch(value):
        return None  # it ends so in a record that it redirects to: somebody else's
    stage = Stage(When.INSTEAD, (Record(zone.asked.ascii, "TXT", value),))
    effect = Effect.LITTLE if zone.dmarc.asked == "quarantine" else Effect.SOME
    return Step(Topic.SPF, effect, soft, (stage,), (Caution.SENDERS, Caution.FORWARDING))


def _first_spf(zone: _Zone, faults: tuple[Remark, ...]) -> Step:
    """None is there, or one that names nobody: by the provider, if that is known, else by who receives its mail."""
    domain = zone.asked.ascii
    includes = [provider.include for provider in providers_of(zone.hosts) if provider.include]
    own = " ".join(f"include:{name}" for name in includes) or ("mx" if zone.hosts else "a")
    stages = [
        Stage(when, (Record(domain, "TXT", f"v=spf1 {own} {end}"),))
        for when, end in ((When.INSTEAD if zone.spf.record else When.NOW, "~all"), (When.REPORTS, "-all"))
    ]
    cautions = (Caution.SENDERS,) if includes else (Caution.ASK_PROVIDER,)
    return Step(Topic.SPF, Effect.MUCH, faults, tuple(stages), cautions)


# --- DMARC ------------------------------------------------------------------------------------------------

_DMARC_FINE = (Point.RECORD, Point.DMARC_REJECT, Point.DMARC_ABOVE, Point.ALIAS)


def _dmarc(zone: _Zone) -> Step | None:
    dmarc, domain = zone.dmarc, zone.asked.ascii
    if dmarc.unknown:
        return None
    faults = tuple(each for each in dmarc.remarks if each.point not in _DMARC_FINE)
    if not faults:
        return None
    above = tuple(each for each in dmarc.remarks if each.point in (Point.DMARC_ABOVE, Point.ALIAS))
    effect = Effect.MUCH if not dmarc.asked or dmarc.asked == "none" or _hollow(dmarc) else Effect.SOME
    if dmarc.asked == "reject" and {f.point for f in faults} <= _DMARC_SMALL:
        effect = Effect.LITTLE if {f.point for f in faults} - _REPORTS else Effect.BESIDE
    own = dmarc.policy if dmarc.owner == domain else dmarc.near
    rua = "" if zone.null else f"dmarc-reports@{domain}"
    steps = [(When.NOW, "reject")] if zone.parked else _ladder(zone)
    refused = {f["host"] for f in faults if f.point is Point.DMARC_REPORTS_REFUSED}
    lost = any(f.point in _REPORTS for f in faults)
    wanted = rua if lost or not (zone.parked or dmarc.asked == "reject") else ""
    records = [(when, record_of(own, p, rua=wanted, refused=refused)) for when, p in steps]
    if not all(_PLAIN.fullmatch(value) for _, value in records):
        return Step(Topic.DMARC, effect, (*above, *faults), (), (Caution.BY_HAND,))
    if dmarc.answer.records and records[0][0] is When.NOW:
        records[0] = (When.INSTEAD, records[0][1])
    stages = tuple(Stage(when, (Record(f"_dmarc.{domain}", "TXT", value),)) for when, value in records)
    silent = [Caution.SENDS_NOTHING] if zone.may_send and zone.spf.terms else []
    cautions = silent if zone.parked else _dmarc_cautions(zone, records[-1][1], rua)
    if any(f.point is Point.DMARC_MANY for f in faults):
        cautions.insert(0, Caution.ONE_RECORD)
    return Step(Topic.DMARC, effect, (*above, *faults), stages, tuple(cautions))


_REPORTS = frozenset({Point.DMARC_REPORTS_REFUSED, Point.DMARC_REPORTS_BROKEN})
_DMARC_SMALL = _REPORTS | {Point.DMARC_SYNTAX, Point.DMARC_NO_SUBDOMAINS}


def _hollow(dmarc: Dmarc) -> bool:
    return any(each.point in (Point.DMARC_TESTING, Point.DMARC_PCT) for each in dmarc.remarks)


def _ladder(zone: _Zone) -> list[tuple[When, str]]:
    """From where it stands up to "reject": in steps, for each may hit mail of the person's own."""
    dmarc = zone.dmarc
    watched = bool(dmarc.policy and dmarc.policy.reports) and not any(
        each.point in (Point.DMARC_REPORTS_BROKEN, Point.DMARC_REPORTS_REFUSED) for each in dmarc.remarks
    )
    if dmarc.asked == "reject":
        return [(When.NOW, "reject")]
    if dmarc.asked == "quarantine":
        return (
            [(When.NOW, "quarantine"), (When.REPORTS, "reject")] if _hollow(dmarc) else [(When.NOW, "reject")]
        )
    if dmarc.asked == "none" and watched and dmarc.owner == zone.asked.ascii:
        return [(When.REPORTS, "quarantine"), (When.AGAIN, "reject")]
    return [(When.NOW, "none"), (When.REPORTS, "quarantine"), (When.AGAIN, "reject")]


def _dmarc_cautions(zone: _Zone, value: str, rua: str) -> list[Caution]:
    cautions = []
    if not rua:
        cautions.append(Caution.REPORTS_ELSEWHERE)
    elif rua in value and not (zone.dmarc.policy and any(rua in uri for uri in zone.dmarc.policy.reports)):
        cautions.append(Caution.REPORTS_ADDRESS)
    if (zone.spf.broken or not zone.spf.record) and not zone.dkim.good:
        cautions.append(Caution.OWN_MAIL)
    if zone.dmarc.asked != "reject":
        cautions.append(Caution.LISTS)
    return cautions


# --- DKIM, MX, and what is beside the point ---------------------------------------------------------------


def _dkim(zone: _Zone) -> Step | None:
    faults = tuple(zone.dkim.faults)
    if zone.parked or not faults:
        return None
    records = tuple(
        Record(f"{selector}._domainkey.{zone.asked.ascii}", "TXT", "v=DKIM1; p=")
        for selector in dict.fromkeys(zone.dkim.weak)
    )
    stages = (Stage(When.REPLACED, records),) if records else ()
    grave = any(f.point in (Point.DKIM_FACTORED, Point.DKIM_NONE) for f in faults)
    effect = Effect.SOME if grave or not zone.dkim.good else Effect.LITTLE
    return Step(Topic.DKIM, effect, faults, stages, (Caution.DKIM_PROVIDER,))


def _mx(zone: _Zone) -> Step | None:
    """To a domain with a null MX no server even tries to send a bounce (RFC 7505, 4.1)."""
    if not zone.parked or zone.null or zone.mail.unknown or zone.hosts:
        return None
    reasons = (remark(Topic.MX, Point.MX_NONE), _parked(zone))
    stage = Stage(When.NOW, (Record(zone.asked.ascii, "MX", "0 ."),))
    return Step(Topic.MX, Effect.SOME, reasons, (stage,), (Caution.RECEIVES,))


_STS_FINE = (Point.STS_ENFORCE, Point.STS_OFF)


def _beside(zone: _Zone) -> list[Step]:
    transport, domain = zone.transport, zone.asked.ascii
    if transport is None:
        return []
    steps = []
    faults = tuple(
        each for each in transport.remarks if each.topic is Topic.MTA_STS and each.point not in _STS_FINE
    )
    if faults and transport.policy:
        url = f"https://mta-sts.{domain}/.well-known/mta-sts.txt"
        file = Stage(When.INSTEAD if transport.served else When.NOW, (Record(url, "FILE", transport.policy),))
        name = Stage(When.SERVED, (Record(f"_mta-sts.{domain}", "TXT", f"v=STSv1; id={transport.id}"),))
        steps.append(Step(Topic.MTA_STS, Effect.BESIDE, faults, (file, name)))
    elif faults:
        name = Stage(When.NOW, (Record(f"_mta-sts.{domain}", "TXT", f"v=STSv1; id={transport.id}"),))
        steps.append(Step(Topic.MTA_STS, Effect.BESIDE, faults, (name,)))
    if transport.reports is False:
        faults = tuple(each for each in transport.remarks if each.topic is Topic.TLS_RPT)
        value = f"v=TLSRPTv1; rua=mailto:tls-reports@{domain}"
        record = Record(f"_smtp._tls.{domain}", "TXT", value)
        stage = Stage(When.NOW, (record,))
        steps.append(Step(Topic.TLS_RPT, Effect.BESIDE, faults, (stage,), (Caution.REPORTS_ADDRESS,)))
    return steps


def providers_own(asked: Asked) -> Advised:
    """A domain that many share."""
    return Advised(asked.name, asked.ascii, Outcome.PROVIDERS, (remark(Topic.DOMAIN, Point.PROVIDERS),))


def with_habits(advised: Advised, steps: Iterable[Step]) -> Advised:
    """For a provider's domain: what the person can do there all the same."""
    return replace(advised, steps=(*advised.steps, *steps))
