"""`scatterclean man`: the manual pages, made from the help of the commands."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from scatterclean.cli import PROGRAM, exits
from scatterclean.cli.root import Given


def _show(page: str) -> int:
    """On a terminal by `man` itself, which knows the person's pager; else, and without one, as it is."""
    man = shutil.which("man")
    if man is None or not sys.stdout.isatty():
        click.echo(page, nl=False)
        return exits.DONE
    # By a path with a slash, because man-db, mandoc and the man of macOS all take that, and not all of them `-l`.
    with tempfile.TemporaryDirectory(prefix="scatterclean-") as folder:
        path = Path(folder) / "page.1"
        path.write_text(page, encoding="utf-8")
        subprocess.run([man, str(path)], check=False)  # noqa: S603 - our own file, no shell
    return exits.DONE


@click.command("man", short_help="Show a manual page, or write all of them.")
@click.argument("name", metavar="[COMMAND]", required=False)
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write all pages into this folder instead; `man` looks into ~/.local/share/man/man1.",
)
@click.pass_context
def command(ctx: click.Context, name: str | None, folder: Path | None) -> int:
    """Show the manual page of scatterclean or of one of its commands.

    On a terminal `man` shows it; into a file or a pipe it is written as it is, in roff.

    pip and pipx install the pages; then `man scatterclean` and `man scatterclean-sweep` show them.
    Where a way of installing leaves them out, write them yourself.

    \b
    Examples:
      scatterclean man sweep
      scatterclean man --to ~/.local/share/man/man1
    """
    from scatterclean.cli.manual import pages

    given = ctx.find_object(Given) or Given()
    root = ctx.find_root().command
    assert isinstance(root, click.Group)  # noqa: S101 - it is ours
    found = pages(root)
    if folder is None:
        page = found.get(f"{PROGRAM}-{name}.1" if name else f"{PROGRAM}.1")
        if page is None:
            ctx.fail(f"there is no command {name!r}")
        return _show(page)
    folder = folder.expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    for file, page in found.items():
        (folder / file).write_text(page, encoding="utf-8")
    given.screen().say(f"wrote {len(found)} pages to {folder}")
    return exits.DONE
