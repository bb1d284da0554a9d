"""What was answered so far, and what is still to be asked.  Pure: it asks nobody.

Reading a zone is a walk that branches (an SPF record includes others), and whoever walks asks here.  What is not known
yet is noted; the caller asks all of that at once and walks again.  So the walk itself is plain code on values.
"""

from __future__ import annotations

from collections.abc import Mapping

from scatterclean.model.advised import Answer, Heard, Mute, Question

_NOT_YET = Answer(Heard.UNKNOWN, why=Mute.ENOUGH)


class Known:
    def __init__(self, answers: Mapping[Question, Answer]) -> None:
        self._answers = answers
        self.missing: dict[Question, None] = {}

    def __call__(self, kind: str, name: str) -> Answer:
        """UNKNOWN as long as it was not asked: then this walk is one of several, and its result is not used."""
        question = Question(kind, name.lower().rstrip("."))
        answer = self._answers.get(question)
        if answer is None:
            self.missing[question] = None
            return _NOT_YET
        return answer
