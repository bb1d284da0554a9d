"""The command line: it parses, calls and prints.  What is decided is decided in the rooms below.

__init__   the door: every error of a command ends here, once
exits      the exit codes
root       the group, its global options, commands that are imported only when they are called
arguments  dates, times and account names as people type them
screen     what is printed where: for people, for programs
progress   bars, and Ctrl-C between two deeds
handing    an undo that the daemon carries out
forms, report_form   values as JSON
forms      values as JSON; reported: a report
storming   the screen of a storm; watching: looking again when the store changed
manual     the help as manual pages
powershell completion for a shell that click does not know
window     a browser, where there is a screen
sweeps     the closing table of sweeps and what stands below it
commands/  one file per command

Imports stay late: `--help` and the completion of a word in a shell must not wait for SQLAlchemy.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TextIO

import click

from scatterclean.cli import exits
from scatterclean.errors import (
    ConfigBroken,
    ConfigMissing,
    DatabaseDamaged,
    DatabaseLocked,
    DatabaseUnusable,
    Stopped,
    Trouble,
)

PROGRAM = "scatterclean"
# By this variable a shell asks for completions (click: _PROGRAM_COMPLETE).
COMPLETING = "_SCATTERCLEAN_COMPLETE"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code (see `exits`).  Prints no traceback for what a person can mend."""
    from scatterclean.cli.root import Given, scatterclean

    if os.environ.get(COMPLETING, "").startswith("powershell"):
        from scatterclean.cli.powershell import make_known

        make_known()
    given = Given()
    _survive_any_text(sys.stdout, sys.stderr)
    try:
        code = scatterclean.main(arguments, prog_name=PROGRAM, standalone_mode=False, obj=given)
        _flush()
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except (click.Abort, KeyboardInterrupt, Stopped):
        _say("interrupted")
        return exits.INTERRUPTED
    except ConfigBroken as broken:
        # Lines as compilers write them, which editors jump to.
        click.echo(str(broken), err=True)
        return exits.CONFIG
    except Trouble as trouble:
        _say(str(trouble))
        return exit_of(trouble)
    except (exits.ReaderGone, BrokenPipeError):
        return _reader_gone()
    except OSError as error:
        _traceback(error, given.verbose)
        _say(f"the system refused: {error}")
        return exits.TROUBLE
    except Exception as bug:  # noqa: BLE001 - the door: nothing but this stands between a bug and the person
        _traceback(bug, given.verbose)
        _say(
            f"this is a bug of scatterclean, please report it: {type(bug).__name__}"
            + ("" if given.verbose else " (run it again with -v for the traceback)")
        )
        return exits.BUG
    return code if isinstance(code, int) else exits.DONE


def exit_of(trouble: Trouble) -> int:
    """The exit code for a Trouble (other than ConfigBroken) that ended the whole command."""
    if isinstance(trouble, ConfigMissing):
        return exits.CONFIG
    if isinstance(trouble, DatabaseLocked | DatabaseDamaged | DatabaseUnusable):
        return exits.DATABASE
    return exits.TROUBLE


def _say(text: str) -> None:
    from scatterclean.wording import shown

    clean = "\n".join(shown(line, 2000) for line in text.splitlines())
    with suppress(OSError):
        click.echo(f"{PROGRAM}: {clean}", err=True)


def _traceback(error: BaseException, verbose: bool) -> None:
    if verbose:
        import traceback

        with suppress(OSError):
            click.echo("".join(traceback.format_exception(error)), err=True)


def _survive_any_text(*streams: TextIO | None) -> None:
    """A terminal that is not UTF-8 shows "?" for what it cannot show; a subject must not end the command."""
    for stream in streams:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _flush() -> None:
    """Now, where a broken pipe or a full disk can still be told; at exit Python could only complain."""
    if sys.stdout is not None:
        sys.stdout.flush()


def _reader_gone() -> int:
    """`scatterclean ... | head`: be quiet, also at exit, when Python flushes once more."""
    with suppress(OSError, AttributeError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exits.READER_GONE
