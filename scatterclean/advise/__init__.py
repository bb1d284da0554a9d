"""What DNS publishes of the person's domains -> what would make forging them harder, with the records to publish.

known      answers, and what is still to be asked
spf (with terms), dmarc, dkim, transport   one kind of record each: what is wrong with it
habits     what was forged -> catch-all and tagged addresses
providers  selectors and includes of those who handle mail for others
weighing   all of that for one domain: steps, the most effective first

All of it is plain code on values; here is the loop that asks.  It changes nothing anywhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

from scatterclean.advise.known import Known
from scatterclean.advise.naming import NoDomain, ascii_of, domain_in
from scatterclean.advise.providers import SHARED
from scatterclean.advise.weighing import Asked, providers_own, weigh, with_habits
from scatterclean.errors import Reach, TimeCanMend
from scatterclean.model.advised import Advised, Answer, Heard, Mute, Question, Step
from scatterclean.ports.published import Publications

__all__ = ["Asked", "NoDomain", "NobodyAnswers", "advise", "ascii_of", "domain_in"]

# RFC 7208, 4.6.4 limits a chain of includes to ten; behind each there may be a redirect.
_ROUNDS = 14
_QUESTIONS = 300  # for one domain: a hostile zone may ask for any number
_SECONDS, _AT_EASE = 25.0, 20  # so long for one; as long again for every so many more


class NobodyAnswers(TimeCanMend):
    """No name server answered anything."""

    reach = Reach.EVERYTHING


def advise(
    domains: Sequence[Asked],
    world: Publications,
    *,
    habits: Mapping[str, Sequence[Step]] | None = None,
    own: Sequence[str] = (),
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Advised, ...]:
    """In the order of `domains`.  `habits`: steps that do not rest on DNS, by domain; `own`: the person's domains,
    for a name that is misspelled.  Raises NobodyAnswers."""
    mine = [asked for asked in domains if asked.ascii not in SHARED]
    answers = _look(mine, world, clock)
    if answers and all(answer.unknown for answer in answers.values()) and not world.reachable():
        raise NobodyAnswers(
            "no name server answered: is this machine online?",
            hint="Nothing is known of the domains, neither good nor bad. Try again when it is online.",
        )
    found = []
    for asked in domains:
        steps = (habits or {}).get(asked.ascii, ())
        if asked.ascii in SHARED:
            found.append(with_habits(providers_own(asked), steps))
            continue
        near = [name for name in own if name != asked.ascii]
        like = next(iter(get_close_matches(asked.ascii, near, n=1, cutoff=0.8)), "")
        found.append(weigh(asked, Known(answers), steps, like))
    return tuple(found)


def _look(
    domains: Sequence[Asked], world: Publications, clock: Callable[[], float]
) -> dict[Question, Answer]:
    """All that judging them asks for.  What is beyond the limits is UNKNOWN."""
    answers: dict[Question, Answer] = {}
    until = clock() + _SECONDS * (1 + len(domains) / _AT_EASE)
    for number in range(_ROUNDS + 1):
        wanted: dict[Question, None] = {}
        for asked in domains:
            known = Known(answers)
            weigh(asked, known)
            wanted |= known.missing
        if not wanted:
            break
        if number == _ROUNDS or clock() > until or len(answers) > _QUESTIONS * len(domains):
            answers |= dict.fromkeys(wanted, Answer(Heard.UNKNOWN, why=Mute.ENOUGH))
            continue
        answers |= world.ask(tuple(wanted))
    return answers
