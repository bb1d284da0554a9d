"""Completion for PowerShell, which click does not know (it has bash, zsh and fish); imported only when it is asked for.

PowerShell hands over what was typed as parts of a syntax tree, and wants for each answer what is inserted and what is
said of it (about_Functions_Argument_Completion; Register-ArgumentCompleter -Native).  5.1 and later.
"""

from __future__ import annotations

import os

from click.shell_completion import CompletionItem, ShellComplete, add_completion_class

_SCRIPT = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = $commandAst.CommandElements |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        ForEach-Object { $_.ToString().Trim([char]34, [char]39) }
    $env:%(complete_var)s = "powershell_complete"
    $env:COMP_WORDS = $words -join "`n"
    $env:COMP_CWORD = "$wordToComplete".Trim([char]34, [char]39)
    try {
        %(prog_name)s | ForEach-Object {
            $kind, $value, $help = $_ -split "`t", 3
            if ($kind -eq "plain") {
                if (-not $help) { $help = $value }
                [System.Management.Automation.CompletionResult]::new($value, $value, "ParameterValue", $help)
            }
        }
    } finally {
        Remove-Item Env:%(complete_var)s, Env:COMP_WORDS, Env:COMP_CWORD -ErrorAction SilentlyContinue
    }
}
"""


class PowerShell(ShellComplete):
    """Words in COMP_WORDS, one a line; the last one in COMP_CWORD, which is empty behind a space.

    What is no word of ours (a file) gets no answer: PowerShell then completes paths by itself.
    """

    name = "powershell"
    source_template = _SCRIPT

    def get_completion_args(self) -> tuple[list[str], str]:
        words = os.environ.get("COMP_WORDS", "").split("\n")[1:]
        begun = os.environ.get("COMP_CWORD", "")
        if begun and words and words[-1] == begun:
            words.pop()
        return words, begun

    def format_completion(self, item: CompletionItem) -> str:
        told = " ".join((item.help or "").split())
        return f"{item.type}\t{item.value}\t{told}"


def make_known() -> None:
    """From here on click has it beside its own."""
    add_completion_class(PowerShell)
