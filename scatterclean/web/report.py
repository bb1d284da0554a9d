"""The page of `scatterclean report` for all accounts, as it stands in the dashboard."""

from __future__ import annotations

from markupsafe import Markup

from scatterclean import page
from scatterclean.page.gathering import gathered
from scatterclean.wire import Household


def content(household: Household) -> Markup:
    """What stands between <main> and </main>; its style is served with ours."""
    return page.content(gathered(household))
