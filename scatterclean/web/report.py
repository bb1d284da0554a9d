"""The report of all accounts, as it stands in the dashboard."""

from __future__ import annotations

from markupsafe import Markup, escape

from scatterclean.wire import Household


def content(household: Household) -> Markup:
    """Until the page of `scatterclean report` is here: how each account stands."""
    lines = [f"{name}" for name in household.accounts]
    return Markup("<h1>What happened</h1><ul>{}</ul>").format(
        Markup("").join(Markup("<li>{}</li>").format(escape(line)) for line in lines)
    )
