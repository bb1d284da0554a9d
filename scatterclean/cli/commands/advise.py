"""`scatterclean advise`: prints what advise/ says of domains; it judges nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from scatterclean.cli import exits
from scatterclean.cli.root import Given
from scatterclean.errors import ConfigMissing, DatabaseMissing, PersonCanMend

if TYPE_CHECKING:
    from scatterclean.advise import Asked
    from scatterclean.advise.mine import Mine
    from scatterclean.cli.screen import Screen
    from scatterclean.model.advised import Advised
    from scatterclean.wording.advised import Line

_PASTED = 5000  # characters: no record that is offered is longer, and no line of a policy


@click.command("advise", short_help="Tell what would make the next storm smaller.")
@click.argument("domains", nargs=-1, metavar="[DOMAIN]...")
@click.option(
    "--selector",
    "selectors",
    multiple=True,
    metavar="NAME",
    help="A DKIM selector that signs your mail (behind s= in a DKIM-Signature). Repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object: ok, domains with remarks and steps.")
@click.pass_obj
def command(given: Given, domains: tuple[str, ...], selectors: tuple[str, ...], as_json: bool) -> int:
    """Look at what DNS publishes of each DOMAIN (without one: of the domains of your addresses), and say what would
    make it harder to forge, with the records to publish, the most effective first.

    It looks at SPF, DKIM, DMARC and MX; and at MTA-STS and TLS-RPT, which protect mail to you and make no
    storm smaller. From what was seen in your mail it says whether a catch-all should be closed, and which
    selectors sign for you. It asks your name servers (also where dns = false is set: that is about sweeps) and, for
    MTA-STS, one web server of the domain. It changes nothing, neither there nor here. A domain can be named without
    a configuration.

    What could not be looked up is told as that, never as missing.

    \b
    Exit codes:
      0  everything was looked up, whatever there is to do
      1  something could not be looked up, or there is no such domain
      3  the configuration is missing (and no DOMAIN was given) or broken
      4  the database is damaged or unusable

    \b
    Examples:
      scatterclean advise
      scatterclean advise example.org
      scatterclean advise example.org --selector mail2026
      scatterclean advise --json
    """
    from scatterclean.advise import NoDomain, advise, domain_in
    from scatterclean.cli import advised as forms
    from scatterclean.model.advised import Outcome
    from scatterclean.names.published import Published
    from scatterclean.wording import advised as words

    screen = given.screen(json=as_json)
    _check_selectors(selectors)
    names = []
    for typed in domains:
        try:
            names.append(domain_in(typed))
        except NoDomain as why:
            raise click.UsageError(f"{typed[:80]!r} {why}") from None
    mine = _mine(given, names)
    if not names and not mine.domains:
        raise PersonCanMend(
            "no address in the configuration has a domain", hint="Name one: scatterclean advise example.org"
        )
    asked = _asked(mine, names or mine.domains, selectors)
    found = advise(asked, Published(), habits=mine.habits, own=mine.domains)
    if as_json:
        screen.give(forms.advice(found))
    else:
        for advised in found:
            for line in words.told(advised):
                _say(screen, line)
            screen.say()
        if any(advised.outcome in (Outcome.GOOD, Outcome.STEPS) for advised in found):
            screen.say(words.LIMITS)
    return code_of(found)


def _say(screen: Screen, line: Line) -> None:
    """What is to be pasted stays on one line: a terminal that breaks it by itself copies it whole."""
    if line.whole:
        from rich.text import Text

        from scatterclean.wording import shown

        screen.people.print(Text(" " * line.indent + shown(line.text, _PASTED)), soft_wrap=True)
    else:
        screen.say(line.text, "bold" if line.head else "", indent=line.indent)


def _mine(given: Given, names: Sequence[str]) -> Mine:
    """What is known of the person; without a configuration, before the first sweep, or for domains of others, less.

    Raises ConfigMissing if no domain is named; ConfigBroken and Database* always."""
    from scatterclean.advise import ascii_of
    from scatterclean.advise.mine import Mine, of_household, of_settings
    from scatterclean.config import load
    from scatterclean.wire import Household

    try:
        settings = load(given.config_path)
    except ConfigMissing:
        if not names or given.config is not None:
            raise
        return Mine()
    mine = of_settings(settings)
    if names and not set(map(ascii_of, names)) & set(map(ascii_of, mine.domains)):
        return mine
    try:
        household = Household.open(settings, read_only=True)
    except DatabaseMissing:
        return mine
    with household:
        return of_household(household)


def _asked(mine: Mine, names: Sequence[str], selectors: tuple[str, ...]) -> list[Asked]:
    from scatterclean.advise import Asked, ascii_of

    once = {ascii_of(name): name for name in reversed(names)}
    # Of several domains a selector that is named need not be in each.
    certain, tried = (selectors, ()) if len(once) == 1 else ((), selectors)
    return [
        Asked(
            name,
            ascii_form,
            tuple(dict.fromkeys((*certain, *mine.selectors.get(ascii_form, ())))),
            tried,
            never_sends=ascii_form in mine.silent,
            today=today(),
        )
        for ascii_form, name in reversed(once.items())
    ]


def today() -> str:
    return f"{datetime.now(UTC):%Y%m%d}"


def _check_selectors(selectors: tuple[str, ...]) -> None:
    from scatterclean.advise.dkim import SELECTOR

    for name in selectors:
        if not SELECTOR.fullmatch(name):
            raise click.UsageError(
                f"{name[:80]!r} is no selector, expected what stands behind s= in a DKIM-Signature, such as mail2026"
            )


def code_of(found: tuple[Advised, ...]) -> int:
    return exits.DONE if all(advised.looked_up for advised in found) else exits.TROUBLE
