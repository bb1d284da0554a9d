"""What `advise --json` prints: machine codes beside sentences.  It prints nothing.

As all forms an interface: keys are added, never renamed or taken away.
"""

from __future__ import annotations

from collections.abc import Sequence

from scatterclean.model.advised import Advised, Remark, Stage, Step
from scatterclean.wording import advised as words

Form = dict[str, object]


def advice(found: Sequence[Advised]) -> Form:
    return {"ok": all(each.looked_up for each in found), "domains": [_domain(each) for each in found]}


def _domain(value: Advised) -> Form:
    return {
        "domain": value.domain,
        "ascii": value.ascii,
        "outcome": str(value.outcome),
        "looked_up": value.looked_up,
        "remarks": [_remark(each) for each in value.remarks],
        "steps": [_step(each) for each in value.steps],
    }


def _remark(value: Remark) -> Form:
    return {
        "topic": str(value.topic),
        "code": str(value.point),
        "detail": dict(value.detail),
        "says": words.remark(value),
    }


def _step(value: Step) -> Form:
    return {
        "topic": str(value.topic),
        "effect": str(value.effect),
        "to_do": words.to_do(value),
        "reasons": [_remark(each) for each in value.reasons],
        "stages": [_stage(each) for each in value.stages],
        "cautions": [{"code": str(each), "says": words.caution(each)} for each in value.cautions],
        "keep": list(value.keep),
    }


def _stage(value: Stage) -> Form:
    return {
        "when": str(value.when),
        "says": words.when(value.when),
        "records": [{"name": r.name, "type": r.kind, "value": r.value} for r in value.records],
    }
