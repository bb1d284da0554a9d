"""What is published of a domain, and what to do about it, in words; the records stand in them ready to be "
"pasted.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scatterclean.model.advised import (
    Advised,
    Caution,
    Effect,
    Mute,
    Outcome,
    Point,
    Record,
    Remark,
    Step,
    Topic,
    When,
)
from scatterclean.wording.text import shown

_TOPICS: Mapping[Topic, str] = {
    Topic.DOMAIN: "Domain",
    Topic.SPF: "SPF",
    Topic.DMARC: "DMARC",
    Topic.DKIM: "DKIM",
    Topic.MX: "MX",
    Topic.CATCH_ALL: "Catch-all",
    Topic.TAGS: "Tagged addresses",
    Topic.MTA_STS: "MTA-STS",
    Topic.TLS_RPT: "TLS-RPT",
}

MUTE: Mapping[Mute, str] = {
    Mute.TIMEOUT: "no answer came in time",
    Mute.SERVFAIL: "the name servers answer with an error (SERVFAIL; a broken DNSSEC signature is a usual cause)",
    Mute.REFUSED: "the name servers refuse to answer",
    Mute.NO_RESOLVER: "this machine knows no name server",
    Mute.FAILED: "the answer could not be used",
    Mute.ENOUGH: "too much would have to be asked for it",
}

_POINTS: Mapping[Point, str] = {
    Point.UNKNOWN: "{name} could not be looked up: {why}. That does not mean that it is not there",
    Point.NO_SUCH_DOMAIN: "there is no such domain, as the name servers of this machine have it: look at the spelling",
    Point.PROVIDERS: "the domain is your provider's, and its records are your provider's to set: there is nothing "
    "that you could publish",
    Point.RECORD: "published is: {record}",
    Point.MX_HOSTS: "mail to it is received by {hosts}",
    Point.MX_NULL: "it says that it receives no mail (null MX): so no bounce comes to it either",
    Point.MX_NONE: "no MX record is there",
    Point.SPF_NONE: "no SPF record is there: no server can tell your machines from a stranger's",
    Point.SPF_NEARLY: 'a text looks like an SPF record, but is none, for it does not begin with "v=spf1 ": {record}',
    Point.SPF_MANY: "there are {count} SPF records: servers then take notice of none of them",
    Point.SPF_SYNTAX: 'one term is none that SPF has, and servers then take no notice of the record: "{term}"',
    Point.SPF_ALL_PASS: 'it ends in "+all": every machine in the world may send in your name',
    Point.SPF_NEUTRAL: 'it ends in "?all": it says of no machine that it is not yours',
    Point.SPF_NO_ALL: 'it has no "all" at its end: it says of no machine that it is not yours',
    Point.SPF_SOFT: 'it ends in "~all": strangers\' mail is suspect, but few servers refuse it for that alone',
    Point.SPF_STRICT: 'it ends in "-all": servers may refuse what comes from other machines',
    Point.SPF_LOOKUPS: "{count} look-ups are needed to read it to its end, and 10 are allowed: servers then take "
    "no notice of it. They are used up by: {costs}",
    Point.SPF_VOID: "{count} of the names in it lead to nothing, and 2 are allowed: {names}",
    Point.SPF_PTR: '"ptr" is slow, and many servers pass over it (RFC 7208 says: do not use it)',
    Point.SPF_DEAD: '"{term}" leads to no SPF record: servers then take no notice of yours',
    Point.SPF_OPEN: '"{term}" lets every machine in the world send in your name',
    Point.SPF_BROKEN_INCLUDE: '"{term}" leads to a record that is broken ({what}): servers then take no notice of '
    "yours",
    Point.SPF_LOOP: '"{term}" leads back to where it stands: servers then take no notice of the record',
    Point.SPF_WIDE: '"{term}" lets a large part of the internet send in your name',
    Point.SPF_AFTER_ALL: 'beside "all" this is never looked at: {terms}',
    Point.DMARC_NONE: "no DMARC record is there: what is done with mail forged in your name is left to every server",
    Point.DMARC_NEARLY: 'a text looks like a DMARC record, but is none, for it does not begin with "v=DMARC1;": '
    "{record}",
    Point.DMARC_MISPLACED: "a DMARC record stands at the domain itself, where no server looks: its place is _dmarc",
    Point.DMARC_MANY: "there are {count} DMARC records: servers then take notice of none of them",
    Point.DMARC_SYNTAX: 'a part of it is not understood and passed over: "{tag}"',
    Point.DMARC_P_NONE: '"p=none" asks servers to deliver what is forged like all other mail',
    Point.DMARC_QUARANTINE: '"p=quarantine" asks servers to put what is forged aside: accepted mail can still be '
    "bounced "
    "later",
    Point.DMARC_REJECT: '"p=reject" asks servers to refuse what is forged',
    Point.DMARC_ABOVE: "it has no DMARC record of its own: the one of {domain} holds, which asks for {policy} here",
    Point.DMARC_SUBDOMAINS: "for sub-domains it asks for less ({policy}): there it can be forged all the same",
    Point.DMARC_NO_SUBDOMAINS: "for sub-domains that do not exist it asks for less ({policy}): there it can be "
    "forged all the same",
    Point.DMARC_PCT: '"pct={pct}" spares a part of the forged mail (and newer servers do not know it any more)',
    Point.DMARC_TESTING: '"t=y" says that it is a test: servers then do less than it asks for',
    Point.DMARC_NO_REPORTS: 'it names no address for reports ("rua"): so nobody learns what would be refused',
    Point.DMARC_REPORTS_BROKEN: 'reports go nowhere, for this is no address: "{uri}"',
    Point.DMARC_REPORTS_REFUSED: "reports to {host} are not sent, for {host} does not publish that it takes them",
    Point.ALIAS: "its name is an alias (CNAME) of {target}: change it there, or put this record in place of the "
    "alias",
    Point.DKIM_GOOD: "the key {selector} is good ({key})",
    # No others: what has none in DNS is told by its ground.
    Point.DKIM_NONE: "no key is published: nothing vouches for your mail where it is forwarded",
    Point.DKIM_UNSEEN: "no key was found under the usual names; there may be one under another: name it by "
    "--selector (it stands behind s= in the DKIM-Signature of mail that you sent)",
    Point.DKIM_REVOKED: "the key {selector} is revoked (its p= is empty)",
    Point.DKIM_SHORT: "the key {selector} is short ({bits} bits): 2048 are usual",
    Point.DKIM_FACTORED: "the key {selector} is so short ({bits} bits) that strangers can find out its secret "
    "half, and sign as you",
    Point.DKIM_TESTING: "the key {selector} says that it is a test (t=y): servers need not take notice of it",
    Point.DKIM_BROKEN: "the key {selector} cannot be read",
    Point.DKIM_SHA1: "the key {selector} is for SHA-1 alone, which servers do not accept any more",
    Point.DKIM_DANGLING: "the key {selector} is an alias of {target}, and there is nothing",
    Point.DKIM_ABSENT: "the key {selector} is not there",
    Point.STS_NONE: "nothing is published",
    Point.STS_MANY: "there are {count} records: servers then take notice of none of them",
    Point.STS_BROKEN: 'the record is not as it must be ("v=STSv1; id=" and letters or digits): {record}',
    Point.STS_UNFETCHED: "it announces a policy, but that cannot be had: {said}",
    Point.STS_POLICY_BROKEN: 'its policy is not understood: "{line}"',
    Point.STS_TESTING: "its policy is a test (mode: testing)",
    Point.STS_OFF: "its policy is switched off (mode: none)",
    Point.STS_ENFORCE: "its policy is enforced",
    Point.STS_MISMATCH: "its policy does not name hosts that the MX records name: {hosts}. Mail to them may not be "
    "delivered",
    Point.STS_SHORT: "its policy is forgotten after {seconds} seconds: a week is usual",
    Point.RPT_NONE: "nothing is published",
    Point.RPT_BROKEN: "the record is not as it must be: {record}",
    Point.RPT_GOOD: "reports are asked for",
    Point.CATCH_ALL: "{least}{unused} of {forged} forged addresses are none that you ever wrote from, and "
    "{bounces} of {all} bounces came to them. They come in because every address at the domain is taken",
    Point.TAG: "the address {address} was forged: {bounces} bounces came to it",
}

_TO_DO: Mapping[Topic, str] = {
    Topic.SPF: "name the machines that send for you, and say that all others do not",
    Topic.DMARC: "ask servers to refuse what is forged",
    Topic.DKIM: "see to a sound key, and that your mail is signed with it",
    Topic.MX: "say that no mail is received",
    Topic.CATCH_ALL: "take mail only for the addresses that there are",
    Topic.TAGS: "give up the addresses that were forged",
    Topic.MTA_STS: "let mail to you come only by TLS with a certificate that is right, so that nobody reads it on "
    "its way",
    Topic.TLS_RPT: "hear of mail that could not come by TLS",
}

_CAUTIONS: Mapping[Caution, str] = {
    Caution.SENDERS: "Before you do: are all who send for you named in it (provider, newsletter, shop, web "
    "forms)? Others are refused.",
    Caution.ASK_PROVIDER: "This is a guess, from what is in DNS: ask your provider what belongs into it.",
    Caution.ONE_RECORD: "Delete the others: exactly one may be there.",
    Caution.FORWARDING: "Mail of yours that somebody forwards may then be refused by servers that look at SPF "
    "alone; with "
    'DMARC at "reject" you can leave it as it is.',
    Caution.REPORTS_ADDRESS: "Make that address first, or name another one; the reports come daily, as attachments.",
    Caution.REPORTS_ELSEWHERE: "This domain takes no mail: for reports add rua=mailto: and an address of another "
    "domain, which has to publish that it takes them.",
    Caution.LISTS: 'Mailing lists that change what you write can lose your mail under "reject".',
    Caution.OWN_MAIL: "First see to SPF and DKIM: as it is, nothing vouches for your own mail, and it would be "
    "refused, too.",
    Caution.DKIM_PROVIDER: 'The key is made where your mail is signed: at your provider look for "DKIM" in the '
    "settings of "
    "the domain.",
    Caution.SENDS_NOTHING: "Only if really nothing is sent from this domain, by no machine.",
    Caution.TOO_MANY: "Which of them to leave out is for you to say: leave out who does not send for you any "
    "more, or ask your provider for a shorter record.",
    Caution.BY_HAND: "What is there is too odd to be mended by a program: write it anew.",
    Caution.LIST_ADDRESSES: "Before you do: which others did you give away (shops, cards, family)? Add them; "
    "scatterclean only knows from which ones you wrote.",
    Caution.RECEIVES: "Only if you want no mail at this domain at all.",
}

_WHEN: Mapping[When, str] = {
    When.NOW: "Publish:",
    When.INSTEAD: "Publish this in place of what is there:",
    When.REPORTS: "When two to four weeks of reports show that only strangers would be hit:",
    When.AGAIN: "When as many weeks more show the same:",
    When.SERVED: "When the file is there:",
    When.REPLACED: "When your mail is signed with a new key, take the old one back:",
}

_OUTCOMES: Mapping[Outcome, str] = {
    Outcome.GOOD: "All is well: there is nothing more to publish against forging.",
    Outcome.UNKNOWN: "What could be looked up is well; the rest is not known.",
    Outcome.STEPS: "What would make the next storm smaller, the most effective first:",
    Outcome.NO_SUCH_DOMAIN: "",
    Outcome.PROVIDERS: "",
}

BESIDE = "Beside that (no storm gets smaller by it):"

_GROUNDS = {
    "person": "as you have configured, nothing is ever sent from this domain: all mail in its name is forged, and "
    "may be refused",
    "spf": "its SPF record says that nothing is ever sent from this domain: all mail in its name is forged, and "
    "may be refused",
    "seems": "nothing seems to be sent from this domain: if that is so, all mail in its name is forged, and may "
    "be refused",
}

LIMITS = (
    "What this can do, and what not: a server that looks at SPF and DMARC before it accepts a message "
    "refuses the forged one, and sends you no bounce. A server that looks at neither, or only after it has "
    "accepted the message, bounces as before. Nothing that you publish keeps anybody from writing your "
    "address into a message."
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line, or paragraph, at an indent; `head`: it is a heading.  `whole`: to be copied, so it may not be cut."""

    text: str
    indent: int = 0
    head: bool = False
    whole: bool = False


def remark(found: Remark) -> str:
    """A sentence without its full stop."""
    detail = {name: shown(value, 600 if name == "costs" else 200) for name, value in found.detail}
    if found.point is Point.PARKED:
        return _GROUNDS.get(found["ground"], _GROUNDS["seems"])
    if found.point is Point.UNKNOWN and found["why"] in set(Mute):
        detail["why"] = MUTE[Mute(found["why"])]
    said = _POINTS[found.point].format_map(detail)
    if found.point is Point.NO_SUCH_DOMAIN and found["like"]:
        said += f". Did you mean {shown(found['like'])}?"
    return said


def told(advised: Advised) -> list[Line]:
    """All about one domain."""
    name = shown(advised.domain)
    head = name if advised.domain == advised.ascii else f"{name} ({advised.ascii} in DNS)"
    lines = [Line(head, head=True)]
    if advised.outcome in (Outcome.NO_SUCH_DOMAIN, Outcome.PROVIDERS):
        lines += [Line(f"{_sentence(remark(each))}", 2) for each in advised.remarks]
    else:
        lines.append(Line("What is published:", 2, head=True))
        lines += [Line(f"{_TOPICS[each.topic]}: {remark(each)}", 4) for each in advised.remarks]
    if advised.remarks and all(each.point is Point.UNKNOWN for each in advised.remarks):
        return [*lines, Line("Nothing could be looked up: neither good nor bad is known.", 2, head=True)]
    against = [step for step in advised.steps if step.effect is not Effect.BESIDE]
    if said := _OUTCOMES[Outcome.STEPS if against else advised.outcome]:
        lines.append(Line(said, 2, head=True))
    for number, step in enumerate(advised.steps, start=1):
        if step.effect is Effect.BESIDE and step is next(
            s for s in advised.steps if s.effect is Effect.BESIDE
        ):
            lines.append(Line(BESIDE, 2, head=True))
        lines += _step(step, number, advised.ascii)
    return lines


def _step(step: Step, number: int, domain: str) -> Iterable[Line]:
    yield Line(f"{number}. {to_do(step)}.", 4)
    for reason in step.reasons:
        yield Line(_sentence(remark(reason)), 7)
    for stage in step.stages:
        yield Line(_WHEN[stage.when], 7)
        for record in stage.records:
            yield from _record(record)
    if step.topic is Topic.CATCH_ALL:
        yield from _kept(step.keep, domain, int(step.reasons[0]["used"] or 0))
    for caution in step.cautions:
        yield Line(_CAUTIONS[caution], 7)


def _kept(keep: Sequence[str], domain: str, used: int) -> Iterable[Line]:
    if keep:
        yield Line(f"At your provider: close the catch-all of {domain}, and keep these {used}:", 7)
        yield from (Line(shown(address), 9) for address in keep)
        if used > len(keep):
            yield Line(f"and {used - len(keep)} more from which you wrote, too many to be named", 9)
    else:
        yield Line(
            f"At your provider: close the catch-all of {domain}, and keep the addresses that you use.", 7
        )


def _record(record: Record) -> Iterable[Line]:
    if record.kind == "FILE":
        yield Line(f"File:  {record.name}", 9, whole=True)
        yield from (Line(line, 11, whole=True) for line in record.value.splitlines())
        return
    yield Line(f"Name:  {record.name}", 9, whole=True)
    yield Line(f"Type:  {record.kind}", 9, whole=True)
    yield Line(f"Value: {record.value}", 9, whole=True)


def to_do(step: Step) -> str:
    return f"{_TOPICS[step.topic]}: {_TO_DO[step.topic]}"


def caution(which: Caution) -> str:
    return _CAUTIONS[which]


def when(which: When) -> str:
    return _WHEN[which]


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith(("?", ".")) else f"{text}."
