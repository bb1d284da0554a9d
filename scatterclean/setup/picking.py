"""A folder or several, picked from a list by number or by name; asked until there is an answer that is one."""

from __future__ import annotations

from collections.abc import Sequence

from scatterclean.setup.talk import Talk


def folders_picked(talk: Talk, question: str, folders: Sequence[str], now: Sequence[str]) -> tuple[str, ...]:
    """`now`: those that it is so far, which Enter keeps; with none it is asked until one is named."""
    for number, name in enumerate(folders, 1):
        talk.say(f"{number}: {name}", indent=2)
    keeps = "; Enter keeps it as it is" if now else ""
    as_it_is = ", ".join(now)
    while True:
        line = talk.ask(
            f"{question} (number or name; commas between several{keeps})", default=as_it_is, flag="--sent"
        )
        if now and line == as_it_is:  # a name may hold a comma
            return tuple(now)
        chosen: list[str] = []
        for part in filter(None, (p.strip() for p in line.split(","))):
            if part in folders:
                chosen.append(part)
            elif part.isascii() and part.isdigit() and 0 < int(part[:6]) <= len(folders):
                chosen.append(folders[int(part) - 1])
            else:
                talk.trouble(f"There is no folder {part!r}.")
                chosen = []
                break
        if chosen:
            return tuple(dict.fromkeys(chosen))
