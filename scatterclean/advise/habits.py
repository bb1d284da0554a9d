"""What was forged -> advice on catch-all addresses and on tags behind "+".  Pure.

It knows which addresses the person wrote from, not which ones others write to: that is for the person to say.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from scatterclean.advise.naming import ascii_of
from scatterclean.model.advised import Caution, Effect, Point, Step, Topic, remark
from scatterclean.model.report import Forged

_MAX_KEPT, _MAX_TAGS = 300, 5
_FEW = 3  # bounces: one typing error is no storm


def habits_of(
    domain: str, forged: Sequence[Forged], used: Collection[str], *, catch_all: bool, more: bool = False
) -> list[Step]:
    """`forged`: of all domains; `used`: addresses that the person wrote from, or has configured.

    `catch_all`: is all mail of the domain the person's (`*@domain`)?  `more`: were other addresses forged, too?"""
    forms = (domain, ascii_of(domain))
    here = [each for each in forged if each.address.rpartition("@")[2].lower() in forms]
    steps = [_catch_all(domain, here, used, more=more)] if catch_all else []
    steps.append(_tags(here))
    return [step for step in steps if step is not None]


def _catch_all(domain: str, here: Sequence[Forged], used: Collection[str], *, more: bool) -> Step | None:
    own = sorted({a.lower() for a in used if a.lower().endswith(f"@{domain}") and not a.startswith("*@")})
    unused = [each for each in here if not each.used and not each.tag and each.address.lower() not in own]
    bounces = sum(each.bounces for each in unused)
    total = sum(each.bounces for each in here)
    if bounces < _FEW:
        return None
    found = remark(
        Topic.CATCH_ALL,
        Point.CATCH_ALL,
        unused=len(unused),
        forged=len(here),
        bounces=bounces,
        all=total,
        least="at least " if more else "",
        used=len(own),
    )
    return Step(
        Topic.CATCH_ALL,
        Effect.MUCH if bounces * 2 >= total else Effect.SOME,
        (found,),
        cautions=(Caution.LIST_ADDRESSES,),
        keep=tuple(own[:_MAX_KEPT]),
    )


def _tags(here: Sequence[Forged]) -> Step | None:
    tagged = sorted(
        (each for each in here if each.tag and each.bounces >= _FEW), key=lambda e: (-e.bounces, e.address)
    )
    if not tagged:
        return None
    total = sum(each.bounces for each in here)
    share = sum(each.bounces for each in tagged)
    return Step(
        Topic.TAGS,
        Effect.MUCH if share * 2 >= total else Effect.SOME,
        tuple(
            remark(Topic.TAGS, Point.TAG, address=each.address, bounces=each.bounces)
            for each in tagged[:_MAX_TAGS]
        ),
    )
