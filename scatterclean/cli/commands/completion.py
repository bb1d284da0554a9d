"""`scatterclean completion`: the script that lets a shell complete commands, options and accounts."""

from __future__ import annotations

import click

from scatterclean.cli import COMPLETING, PROGRAM, exits


@click.command("completion", short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish", "powershell"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the script for the completion of a SHELL: commands, options and the names of your accounts.

    \b
    Examples:
      bash:  eval "$(scatterclean completion bash)"        in ~/.bashrc
      zsh:   eval "$(scatterclean completion zsh)"         in ~/.zshrc
      fish:  scatterclean completion fish > ~/.config/fish/completions/scatterclean.fish
      PowerShell:  scatterclean completion powershell | Out-String | Invoke-Expression    in $PROFILE
    """
    from click.shell_completion import get_completion_class

    from scatterclean.cli.powershell import make_known

    make_known()

    complete = get_completion_class(shell)
    if complete is None:  # a click without it
        ctx.fail(f"this version of click completes no {shell}")
    root = ctx.find_root().command
    click.echo(complete(root, {}, PROGRAM, COMPLETING).source())
    return exits.DONE
