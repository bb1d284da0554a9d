"""What the database tells of an account: is its log of sent mail whole, and when was it looked at last?"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from scatterclean import wording
from scatterclean.doctor.patient import Patient, lasted
from scatterclean.doctor.told import Said, fault, warning, well
from scatterclean.model import Push, Refusal, RouteCause
from scatterclean.service.jobs import CALM
from scatterclean.standing import Standing
from scatterclean.store import lock as locks
from scatterclean.wire.reaching import published
from scatterclean.wording import log
from scatterclean.wording.text import table

# A bounce about mail of longer ago is hardly ever seen: a hole that is older harms nobody any more.
_OLD = timedelta(days=30)
# Most people send something within a month; who does not is told once more, and nothing else follows.
_QUIET = timedelta(days=30)
_ROUTES = 3
# Some polls: one may meet a server that is being restarted, or a back-off of a quarter of an hour.
_POLLS = 3
# A daemon that came to nothing for so long does not come to it by itself.
_LONG = timedelta(days=1)


def covered(patient: Patient) -> Iterator[Said]:
    """Of which time is it known what was sent?"""
    standing, name = patient.standing, shlex.quote(patient.name)
    coverage = standing.coverage
    if coverage.since is None:
        if standing.sent_empty:
            yield fault(
                "sent-log-empty",
                "the Sent folders were read, and are empty: nothing can be told from them, and nothing is moved",
                "Let your mail program keep copies of sent mail on the server, or name the folder where they are: "
                f"sent = [...] in {table(patient.name)}.",
            )
        else:
            yield warning(
                "sent-unread",
                "the Sent folders were not read yet, so nothing can be moved",
                f"scatterclean sweep --observe {name} reads them, and shows what would be moved.",
            )
        return
    last = patient.house.store.sent_log.last_sent(patient.name)
    through = coverage.through
    if last is not None and through is not None and through - last > _QUIET:
        yield warning(
            "sent-stale",
            f"the newest message in Sent is from {patient.ago(last)}, {lasted(through - last)} before it was read last",
            "If you sent mail since, it is filed somewhere else or nowhere: name that folder in `sent`, let your mail "
            "program file copies, or use `scatterclean import`.",
        )
    recent = [(start, end) for start, end in standing.holes if end > patient.house.now - _OLD]
    if recent:
        holes = ", ".join(f"{patient.ago(start)} to {patient.ago(end)}" for start, end in recent[-3:])
        yield warning(
            "sent-holes",
            f"what was sent is not known from {holes}" + (" (and earlier)" if len(recent) > 3 else ""),
            "Nothing fills that: bounces about mail of that time stay in the inbox. Keep `scatterclean run` running, "
            "and let no program take mail out of Sent or renew that folder.",
        )
    yield well(f"{log.coverage(coverage, standing.holes, standing.now)}", "coverage")


def routes(patient: Patient) -> Iterator[Said]:
    """Mail of the person that goes past the log, and whether replies prove that the rest does not."""
    standing = patient.standing
    for route in standing.routes[:_ROUTES]:
        told = log.route(route, standing.now)
        own = f"own_ids = [...] in {table(patient.name)}"
        if route.cause is RouteCause.REPLY:
            yield warning(
                "unlogged-route",
                told,
                f"Let that program file copies in Sent, use `scatterclean import`, or name its ids: {own}.",
            )
        else:
            yield warning(
                "rewriting-provider",
                told,
                "The provider replaces ids on the way. Nothing is moved wrongly by that; to have such bounces judged, "
                f"take in the provider's log of what it sent (`scatterclean import`), or name those ids: {own}.",
            )
    if len(standing.routes) > _ROUTES:
        yield well(
            f"and {len(standing.routes) - _ROUTES} more such kinds of ids (`scatterclean status` names them)"
        )
    if not (standing.proofs.replies or standing.provider.known) and (said := _unknown(patient)):
        yield said
    elif standing.coverage.since is not None:
        yield well(log.proofs(standing.proofs, standing.now), "proofs")


def _unknown(patient: Patient) -> Said | None:
    """Nothing proves the log, and no machine is known: does DNS name those of the person's domains?"""
    provider = patient.standing.provider
    answers = published(patient.settings, provider.domains)
    if any((answers or {}).values()):
        return None
    line = log.outbound_line(provider.hosts)
    guess = (
        " (a guess, from the name of your mail server and your domain: correct it)"
        if "..." not in line
        else ""
    )
    other = "; or let DNS be asked (dns = true)" if answers is None else ""
    asked = "" if answers is None else f"; {log.answers(answers)}"
    return warning(
        "outbound-unknown",
        "no reply proved the log yet, and it is not known through which servers your mail leaves, so hardly anything "
        f"can be moved{asked}",
        f"Name them in {table(patient.name)}: {line}{guess}{other}.",
    )


def swept(patient: Patient) -> Iterator[Said]:
    """When did a sweep come to its end, and what hindered the last one?"""
    standing, now = patient.standing, patient.house.now
    yield from _last_try(patient, standing)
    last = _last_success(patient)
    if last is None:
        yield warning(
            "never-swept",
            "no sweep of this account has come to its end yet",
            f"scatterclean sweep --observe {shlex.quote(patient.name)} shows what it would do; `scatterclean run` "
            "watches from then on.",
        )
        return
    # A daemon that finds the folders as they were writes nothing, and sweeps anyway every CALM seconds.
    due = _POLLS * patient.settings.poll + timedelta(seconds=2 * CALM)
    age = now - last
    if age <= due:
        yield well(f"looked at {patient.ago(last)}", "swept")
        yield from _rhythm(standing)
        return
    rating = fault if age > due + _LONG else warning
    yield rating(
        "overdue",
        f"the last success was {lasted(age)} ago ({patient.ago(last)}), and it is looked at every "
        f"{wording.span(patient.settings.poll)}",
        _how_to_go_on(patient),
    )


def _rhythm(standing: Standing) -> Iterable[Said]:
    """How it is woken, as long as a daemon runs."""
    rhythm = standing.rhythm
    if rhythm is None or rhythm.push is None:
        return []
    told = wording.rhythm(rhythm.poll, rhythm.push, wanted=rhythm.wanted)
    if rhythm.push is not Push.CROWDED:
        return [well(told, "rhythm")]
    mend = "Close mail programs that hold connections to this account, or set push = false."
    return [warning("push-crowded", told, mend)]


def _how_to_go_on(patient: Patient) -> str:
    note = locks.look(patient.house.settings.database)
    if note is not None and note.held:
        return "A process has the database, and does not get on: mend what is told above, look at its log, restart it."
    return "Nobody watches: start `scatterclean run`, or the service that starts it."


def _last_try(patient: Patient, standing: Standing) -> Iterable[Said]:
    name = shlex.quote(patient.name)
    if standing.failed is not None:
        told = " ".join("\n".join(standing.failed.troubles).split())
        return [
            warning(
                "last-try-failed",
                f"the last try ({patient.ago(standing.failed.ended)}) failed: {wording.shown(told, 400)}",
                f"If nothing above is at fault, it was mended since: scatterclean sweep {name} looks.",
            )
        ]
    last = standing.sweeps[0] if standing.sweeps else None
    if last is None or last.refusal in (None, Refusal.OBSERVING, Refusal.STOPPED):
        return []
    why = f"the last sweep ({patient.ago(last.ended)}): {wording.REFUSALS[last.refusal]}"
    return [
        warning("last-sweep-refused", why, f"scatterclean sweep {name} says what is to be done about it.")
    ]


def _last_success(patient: Patient) -> datetime | None:
    """When a folder was read last; of tries that came to no session there may be hundreds since."""
    cursors = (
        patient.house.store.docket.cursor(patient.name, folder)
        for folder in dict.fromkeys((*patient.settings.account.watch, "INBOX"))
    )
    read = [cursor.read_at for cursor in cursors if cursor is not None]
    ended = [sweep.ended for sweep in patient.standing.sweeps if sweep.refusal is not Refusal.NO_SESSION]
    harvested = [patient.standing.coverage.through] if patient.standing.coverage.through else []
    return max((*read, *ended, *harvested), default=None)
