"""`scatterclean try`: prints what trial.py says of each message in files; it reads none itself."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scatterclean.cli import exits
from scatterclean.cli.root import Given

if TYPE_CHECKING:
    from scatterclean.cli.screen import Screen

_REFERENCES = 5


@click.command("try", short_help="Read messages in files and tell what they are.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object per message and line, as they are read."
)
@click.option(
    "--sent",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="A Maildir, mbox, directory or file of the messages that were really sent: then each is judged.",
)
@click.option("--me", multiple=True, metavar="ADDR", help="Another address of the person. Repeatable.")
@click.option(
    "--covered",
    metavar="FROM..THROUGH",
    help="The time of which --sent is complete (ISO dates). Default: for ever.",
)
@click.option(
    "--provider", multiple=True, metavar="DOMAIN", help="A domain of the mail provider. Repeatable."
)
@click.pass_obj
def command(
    given: Given,
    *,
    paths: tuple[Path, ...],
    as_json: bool,
    sent: Path | None,
    me: tuple[str, ...],
    covered: str | None,
    provider: tuple[str, ...],
) -> int:
    """Read messages from files and tell what they are; with --sent also judge them. Moves nothing.

    PATH is a message (.eml), an mbox, a Maildir, a directory of these, or - for standard input. No
    account, no configuration and no network is used.

    With --sent the messages there are the log of what was sent: it counts as complete for all time,
    every settle time as over, every kind as switched on, and its From addresses (and --me) as the
    person's.

    \b
    Each object of --json holds at least: file, kind (null for ordinary mail), references (id, weight,
    found_in), recipients, original (from, to, subject, date), reporting_mta, status, stumbled; with
    --sent also verdict, because, reasons; for what cannot be read: error.

    \b
    Examples:
      scatterclean try bounce.eml
      scatterclean try --sent ~/Maildir/.Sent ~/Maildir
      scatterclean try --json --sent sent.mbox --me ada@winter.example inbox.mbox
      scatterclean try - < message
    """
    from scatterclean import trial

    screen = given.screen(json=as_json)
    try:
        span = trial.period(covered) if covered is not None else None
    except trial.PeriodUnreadable as unreadable:
        raise click.BadParameter(str(unreadable), param_hint="--covered") from None
    stdin = sys.stdin.buffer if sys.stdin is not None else None
    count: Counter[str] = Counter()
    code = exits.DONE
    for told in trial.run(paths, sent=sent, me=me, covered=span, provider=provider, stdin=stdin):
        if told.get("error"):
            code = exits.TROUBLE
        if as_json:
            screen.give(told)
            continue
        count[_headline(told)] += 1
        _tell(screen, told)
    if not as_json and count.total() > 1:
        heaps = ", ".join(f"{number} {heap}" for heap, number in count.most_common())
        screen.say(f"\n{count.total()} messages: {heaps}", "bold")
    return code


def _headline(told: Mapping[str, Any]) -> str:
    from scatterclean import wording
    from scatterclean.model import Kind

    if told.get("error"):
        return "cannot be read"
    what = wording.KINDS[Kind(told["kind"])] if told["kind"] else "ordinary mail"
    return f"{told['verdict']} ({what})" if told.get("verdict") else what


def _tell(screen: Screen, told: Mapping[str, Any]) -> None:
    from scatterclean.wording import shown

    screen.say(f"{shown(told['file'], 200)}: {_headline(told)}", "bold")
    if told.get("error"):
        screen.say(shown(told["error"], 200), "yellow", indent=2)
        return
    if told["kind"] is None:
        return
    for reference in told["references"][:_REFERENCES]:
        screen.say(
            f"quotes <{shown(reference['id'])}> ({reference['weight']}, {shown(reference['found_in'])})",
            indent=2,
        )
    if len(told["references"]) > _REFERENCES:
        screen.say(f"and {len(told['references']) - _REFERENCES} more", indent=2)
    original = told["original"]
    for label, value in (
        ("about mail to", _some(told["recipients"])),
        ("the original, from", original["from"]),
        ("the original, to", _some(original["to"])),
        ("the original, subject", original["subject"]),
        ("the original, date", original["date"]),
        ("written by", told["reporting_mta"]),
        ("status", told["status"]),
        ("a part could not be read (please report this)", _some(told["stumbled"])),
    ):
        if value:
            screen.say(f"{label}: {shown(value)}", indent=2)
    for sentence in told.get("because", ()):
        screen.say(f"because {sentence}", indent=2)


def _some(values: Sequence[str]) -> str:
    more = f" and {len(values) - 3} more" if len(values) > 3 else ""
    return ", ".join(values[:3]) + more
