"""Where the password or the login will be kept; it is stored there when all is decided, and not by this file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scatterclean import oauth
from scatterclean.config import Secret
from scatterclean.errors import Trouble
from scatterclean.installing import command_for
from scatterclean.setup.entering import Entered
from scatterclean.setup.flags import Flags, Keep, of_command
from scatterclean.setup.granting import Grant
from scatterclean.setup.keeping import Kept, Vault, free_file, put_in_file, put_login
from scatterclean.setup.servers import SetupEnds
from scatterclean.setup.talk import Talk


def place_of(
    talk: Talk, flags: Flags, vault: Vault, entered: Entered, *, name: str, folder: Path, tokens: Path
) -> Callable[[], Kept]:
    """What stores it, once.  `name`: the account's; `folder`: for password files, `tokens`: for logins by OAuth2.

    Raises SetupEnds."""
    if entered.kept is not None:
        given = entered.kept
        return lambda: given
    keyring = vault.name() if flags.keep is not Keep.FILE else ""
    if flags.keep is Keep.KEYRING and not keyring:
        raise SetupEnds(
            "there is no keyring that could be used",
            hint=f"{command_for('keyring')}, and run it in your desktop session; or --keep file",
        )
    if keyring:
        what = "login" if entered.grant else "password"
        talk.say(f"The {what} will be kept in the keyring ({keyring}).")
    if entered.grant is not None:
        return _login(talk, entered.grant, oauth.Safe(name, entered.username, tokens), keyring)
    password = entered.secret.fetch()
    if keyring:
        return lambda: vault.put(entered.username, password)
    if flags.keep is None:
        talk.say("The password has to be kept somewhere, and there is no keyring here.")
        while True:
            line = talk.ask(
                "Press Enter for a file that only you may read, or type a command that prints the password "
                "(such as: pass show mail)",
                default="file",
                flag="--keep",
            ).strip()
            if line == "file":
                break
            command, kept = of_command(line)
            if _gives(talk, command, password):
                return lambda: kept
    return lambda: put_in_file(free_file(folder, name), password)


def _login(talk: Talk, grant: Grant, safe: oauth.Safe, keyring: str) -> Callable[[], Kept]:
    if not keyring:
        talk.say(f"The login will be kept in a file that only you may read, {safe.path}")
    # What is in the purse then: a provider may have given another one meanwhile.
    return lambda: put_login(safe, grant.purse.kept, grant.table, in_keyring=bool(keyring))


def _gives(talk: Talk, command: Secret, password: str) -> bool:
    try:
        if command.fetch() == password:
            return True
        talk.trouble("The command gives another password than the one that you typed.")
    except Trouble as trouble:
        talk.trouble(str(trouble))
    return False
