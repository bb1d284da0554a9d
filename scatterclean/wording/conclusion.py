"""Was it you?  The answer of a report in one sentence with its ground, and what would help or is to be done.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from scatterclean.model import Alarm, Because
from scatterclean.model.report import Conclusion, Doubt, Doubted, Report, Says
from scatterclean.wording.alarms import WHAT_TO_DO, alarm_told
from scatterclean.wording.reasons import CAUSES
from scatterclean.wording.text import ago, day, shown, table


@dataclass(frozen=True, slots=True)
class Answer:
    """`sentence` is the answer with its ground; `more` are sentences, one by one: of an alarm what to do now and what
    else could explain it; where it cannot be told, what would help."""

    says: Says
    sentence: str
    more: tuple[str, ...] = ()


def answer(report: Report) -> Answer:
    """The answer for these accounts and this time."""
    found = report.conclusion
    if found.says is Says.ALARM:
        return _alarm(report)
    if found.says is Says.NO_SIGN:
        sentence = f"No sign that {_any_account(report)} was used: {_ground(report)}."
        return Answer(found.says, sentence + _earlier(found.earlier_alarms, report.now))
    missing = "; ".join(doubt(one, report.now) for one in found.doubts)
    numbers = _ground(report)
    sentence = f"Cannot tell whether {_any_account(report)} was used: {missing}."
    if numbers:
        sentence += f" {numbers[0].upper()}{numbers[1:]}."
    sentence += _earlier(found.earlier_alarms, report.now)
    return Answer(found.says, sentence, tuple(dict.fromkeys(helps(one, report.now) for one in found.doubts)))


def _any_account(report: Report) -> str:
    return "your account" if len(report.accounts) == 1 else "any of your accounts"


def _earlier(alarms: Sequence[Alarm], now: datetime) -> str:
    """An answer about some time only must not read as if there had never been an alarm."""
    if not alarms:
        return ""
    when = ago(alarms[0].at, now)
    told = (
        f"an alarm of {when} is" if len(alarms) == 1 else f"{len(alarms):,} alarms, the latest of {when}, are"
    )
    return f" But from before the time that this is about {told} on record (`--since all`)."


def _alarm(report: Report) -> Answer:
    found = report.conclusion
    if found.alarms:
        first, otherwise, what_to_do = alarm_told(found.alarms[0])
    else:  # found, and the sweep was cut off before it was told
        first = f"ALARM: somebody else seems to send through {_any_account(report)}."
        otherwise, what_to_do = "", WHAT_TO_DO
    sentences = [first]
    rest = len(found.alarms) - 1 + len(found.earlier_alarms) if found.alarms else len(found.earlier_alarms)
    if rest > 0:
        sentences.append(f"{_many(rest, 'earlier alarm')} {'is' if rest == 1 else 'are'} on record.")
    if found.bounces and (numbers := _ground(report)):
        sentences.append(f"{numbers[0].upper()}{numbers[1:]}.")
    return Answer(Says.ALARM, " ".join(sentences), tuple(filter(None, (what_to_do, otherwise))))


# --- the ground -----------------------------------------------------------------------------------------


def _ground(report: Report) -> str:
    """The numbers, but for those that are zero, and those that a doubt has told; may be empty."""
    found = report.conclusion
    if not found.bounces:
        return _nothing_came(report)
    told = {one.doubt for one in found.doubts}
    unsure = 0 if Doubt.MOSTLY_UNDECIDED in told else found.undecided
    waiting = 0 if Doubt.MOSTLY_UNDECIDED in told else found.waiting
    heaps = [
        (found.not_yours, *_FORGED),
        (found.alarming, "speaks of mail that your account sent", "speak of mail that your account sent"),
        (found.own, "is your own mail", "are your own mail"),
        (unsure, _UNDECIDED, _UNDECIDED),
        (waiting, "is still to be judged", "are still to be judged"),
    ]
    clauses: list[str] = []
    for number, one, many in heaps:
        if not number:
            continue
        said = one if number == 1 else many
        if clauses:
            clauses.append(f"{number:,} {said}")
        elif many is _UNDECIDED and number == found.bounces:
            clauses.append(_none_of(number))
        else:
            clauses.append(f"{_of_all(number, found.bounces)} {_FIRST.get(said, said)}")
        if many is _FORGED[1]:
            clauses[0] += _evidence(found)
            clauses += [_back(found)] if found.brought_back and found.back <= found.brought_back else []
        if many is _UNDECIDED:
            clauses[-1] += _others(found.others, number)
    if clauses and found.back > found.brought_back:  # not only of what is not yours
        clauses.append(
            f"{found.back:,} of all these {'was' if found.back == 1 else 'were'} brought back to your inbox"
        )
    return "; ".join(clauses)


_UNDECIDED = "could not be decided"
_FIRST = {"is your own mail": "speaks of your own mail", "are your own mail": "speak of your own mail"}
_FORGED = "speaks of a message that you did not send", "speak of messages that you did not send"


def _others(others: int, of: int) -> str:
    """How many of the undecided are about somebody else's mail, as the end of the clause that counts them."""
    if others and of == 1:
        return " (it is about somebody else's mail)"
    return (
        f" ({_part(others, of)} of them {'is' if others == 1 else 'are'} about somebody else's mail)"
        if others
        else ""
    )


def _of_all(number: int, bounces: int) -> str:
    if number < bounces:
        return f"{number:,} of {bounces:,} bounces"
    return {1: "the only bounce", 2: "both bounces"}.get(number, f"all {number:,} bounces")


def _evidence(found: Conclusion) -> str:
    """What shows it, beside that the log does not know them."""
    said = []
    if found.foreign:
        it = "it" if found.foreign == 1 else "them"
        said.append(
            f"{_for(found.foreign, found.not_yours)}the line of the server that refused {it} names a stranger's machine"
        )
    if found.never_sends:
        be = "is" if found.never_sends == 1 else "are"
        whom = "it" if found.not_yours == 1 else f"{_part(found.never_sends, found.not_yours)} of them"
        said.append(f"{whom} {be} about an address that you never send from")
    return "".join(f", and {each}" for each in said)


def _for(number: int, of: int) -> str:
    return "" if of == 1 else f"for {_part(number, of)} of them "


def _part(number: int, of: int) -> str:
    if number < of:
        return f"{number:,}"
    return "both" if of == 2 else "all"


def _back(found: Conclusion) -> str:
    number = found.brought_back
    if found.not_yours == 1:
        return "it was brought back to your inbox"
    return f"{_part(number, found.not_yours)} of them {'was' if number == 1 else 'were'} brought back to your inbox"


def _nothing_came(report: Report) -> str:
    found = report.conclusion
    since = report.since
    came = f"no bounce came since {day(since, report.now)}" if since else "no bounce is on record"
    if found.log_since is None:
        return came
    only = "only " if since and found.log_since > since else ""
    logs = "your log covers" if len(report.accounts) == 1 else "your logs cover"
    return f"{came}; {logs} {only}what you sent since {day(found.log_since, report.now)}"


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


# --- doubts ---------------------------------------------------------------------------------------------


def doubt(one: Doubted, now: datetime) -> str:
    """Why it cannot be told, as the end of a sentence.  `now` in the zone of the person."""
    return _DOUBTS[one.doubt](one, now)


def helps(one: Doubted, now: datetime) -> str:
    """What would help, in a sentence or two."""
    return _HELPS[one.doubt](one, now)


def _since(iso: str, now: datetime) -> str:
    return ago(datetime.fromisoformat(iso), now)


def _bounces(one: Doubted, verb: str, verbs: str) -> str:
    number = int(one["bounces"] or 0)
    return f"{_many(number, 'bounce')} {verb if number == 1 else verbs}"


def _not_looked_at(one: Doubted, now: datetime) -> str:
    if not one["since"]:
        return f"account {one['account']} was never looked at"
    return f"account {one['account']} was not looked at since {_since(one['since'], now)}"


def _unread(one: Doubted, now: datetime) -> str:
    retired = ", which the configuration no longer has," if one["retired"] else ""
    when = f"not read since {_since(one['through'], now)}" if one["through"] else "never read"
    return f"the Sent folders of account {one['account']}{retired} were {when}"


def _not_covered(one: Doubted, now: datetime) -> str:
    begins = f" (it begins {day(datetime.fromisoformat(one['since']), now)})" if one["since"] else ""
    falls = _bounces(one, "is about a time", "are about times")
    return f"{falls} of which the log of account {one['account']} knows nothing{begins}"


_DOUBTS: Mapping[Doubt, Callable[[Doubted, datetime], str]] = {
    Doubt.NEVER_READ: lambda one, _: f"the Sent folders of account {one['account']} were never read",
    Doubt.EMPTY_LOG: lambda one, _: f"nothing was ever found in the Sent folders of account {one['account']}",
    Doubt.NOT_COVERED: _not_covered,
    Doubt.UNREACHABLE: _not_looked_at,
    Doubt.UNREAD: _unread,
    Doubt.UNLOGGED: lambda one, _: (
        f"bounces in account {one['account']} quote Message-IDs like those of mail that you send and of which no equal "
        f"copy is filed ({shown(one['shape'], 120)})"
    ),
    Doubt.MAY_BE_YOURS: lambda one, _: (
        f"{_bounces(one, 'speaks', 'speak')} of mail that may have left through your own account"
    ),
    Doubt.UNTRACED: lambda one, _: _untraced(one),
    Doubt.MOSTLY_UNDECIDED: lambda one, _: _mostly(one),
}


def _untraced(one: Doubted) -> str:
    number, of = int(one["bounces"]), int(one["of"])
    part = "" if number == of else f"{number:,} of "
    what = (
        "the message that came back and is not in your log was"
        if of == 1
        else f"{part}the {of:,} messages that came back and are not in your log were"
    )
    return f"nothing shows through whose servers {what} sent"


def _mostly(one: Doubted) -> str:
    number, waiting, bounces = int(one["undecided"]), int(one["waiting"] or 0), int(one["bounces"])
    judged_later = "is still to be judged" if waiting == 1 else "are still to be judged"
    if not number:
        return f"{_of_all(waiting, bounces)} {judged_later}"
    told = f"{number:,} of {bounces:,} bounces {_UNDECIDED}" if number < bounces else _none_of(bounces)
    told += _others(int(one["others"] or 0), number)
    return f"{told}, and {waiting:,} {judged_later}" if waiting else told


def _none_of(bounces: int) -> str:
    if bounces == 1:
        return "the only bounce could not be decided"
    return (
        "neither bounce could be decided" if bounces == 2 else f"none of {bounces:,} bounces could be decided"
    )


def _help_unread(one: Doubted, _: datetime) -> str:
    if one["retired"]:
        return f"Put {table(one['account'])} back into the configuration if you still send from that account."
    return f"`scatterclean sweep {shown(one['account'])}` reads them, and judges again what waits for them."


def _help_covered(one: Doubted, now: datetime) -> str:
    later = ""
    if one["since"]:
        begins = datetime.fromisoformat(one["since"]).astimezone(now.tzinfo)
        later = f" Ask about what came since then, and some days more (`--since {begins:%Y-%m-%d}`)."
    return (
        "Look at those bounces yourself: what the log does not cover, it never will; mail of that time that you still "
        f"have, `scatterclean import` makes known.{later}"
    )


def _help_undecided(one: Doubted, _: datetime) -> str:
    try:
        because = Because(one["because"])
    except ValueError:
        because = Because.SETTLING
    way = _WAYS.get(because, "`scatterclean why` tells of each what would help.")
    of, most = int(one["undecided"]) + int(one["waiting"] or 0), int(one["so"] or 0)
    whom = f"{most:,} of them" if 0 < 2 * most <= of else "Most of them"
    return f"{whom}: {CAUSES[because]}. {way}"


_WAYS: Mapping[Because, str] = {
    Because.SETTLING: "The next sweeps judge them.",
    Because.SENT_UNREAD: "The next sweeps judge them.",
    Because.NO_REFERENCE: '`without_id = "recipient"` lets them be judged by whom they are about.',
    Because.WEAK_ONLY: '`without_id = "recipient"` lets them be judged by whom they are about.',
    Because.UNPROVED: (
        "A reply to mail that you sent proves that the log is whole; and the servers through which your mail leaves "
        "(`outbound = [...]` in the account, or `dns = true`) show who is a stranger."
    ),
    Because.KIND_OFF: "`kinds` in the configuration lets them be judged.",
}

_HELPS: Mapping[Doubt, Callable[[Doubted, datetime], str]] = {
    Doubt.NEVER_READ: lambda one, _: f"`scatterclean sweep {shown(one['account'])}` reads them.",
    Doubt.EMPTY_LOG: lambda one, _: (
        "See that your mail program files copies of what you send on the server, and that `sent` in "
        f"{table(one['account'])} names that folder."
    ),
    Doubt.NOT_COVERED: _help_covered,
    Doubt.UNREACHABLE: lambda one, _: (
        f"`scatterclean sweep {shown(one['account'])}` looks at it now; if that fails, `scatterclean doctor "
        f"{shown(one['account'])}` tells why."
    ),
    Doubt.UNREAD: _help_unread,
    Doubt.UNLOGGED: lambda _, __: (
        "Look at those bounces yourself. `scatterclean import`, `own_ids`, or a program that files copies in Sent "
        "makes such mail known."
    ),
    Doubt.MAY_BE_YOURS: lambda _, __: (
        f"Look at them: did you send those messages, from a phone, a program or a web form, say? If not: {WHAT_TO_DO}"
    ),
    Doubt.UNTRACED: lambda _, __: (
        "`outbound = [...]` in the account, or `dns = true`, tells through which servers your mail leaves; then those "
        "of strangers can be told apart, where the bounce returned the lines that name them. That a message is not in "
        "your log proves little: what somebody sends with your password need not be filed in Sent."
    ),
    Doubt.MOSTLY_UNDECIDED: _help_undecided,
}
