"""Makes docs/pictures/, what README and docs show of the report, from the demo's mailbox: `python docs/screenshots.py`.

It plants Ada Winter's mailbox on the demo's own server, sweeps it for real, makes the report and looks at it with
chromium. Nothing depends on the day: the same program gives the same pages.  Beside the pictures stands of what they
were made; a test compares that, and no pixels.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"
MADE_OF = PICTURES / "made-of.json"
ZONE = "Europe/Berlin"
NOW = datetime(2026, 11, 29, 8, 12, tzinfo=UTC)
WATCHED = timedelta(days=200)

sys.path.insert(0, str(HERE.parent))

from scatterclean import origin, page  # noqa: E402 - the checkout that this file is of
from scatterclean.cli import report_form  # noqa: E402
from scatterclean.config import AccountSettings, Secret, Settings, Source, Tls  # noqa: E402
from scatterclean.demo import cast, letters  # noqa: E402
from scatterclean.demo.embedded import EmbeddedServer  # noqa: E402
from scatterclean.demo.visitor import Visitor  # noqa: E402
from scatterclean.model import Account, Grade, Identities, Interval, Lessons, Mode, Proofs  # noqa: E402
from scatterclean.page.gathering import gathered  # noqa: E402
from scatterclean.store import open_store  # noqa: E402
from scatterclean.wire import Household  # noqa: E402

NAME = "ada"


def made_of(shown: page.Matter | None = None) -> dict[str, str]:
    """Of what the pictures are made, as digests: the page's templates, style, shapes and words; the mailbox; and what
    the report says, if it is at hand."""
    root = HERE.parent / "scatterclean"
    sources = [
        *sorted((root / "page" / "templates").glob("*.html")),
        *(root / "page" / "__init__.py", root / "page" / "drawing.py", root / "wording" / "page.py"),
    ]
    texts = [path.read_bytes() for path in sources] + [page.style().encode()]
    world = letters.make(NOW.astimezone(UTC))
    found = {"page": _digest(texts), "mailbox": _digest([one.raw for one in (*world.sent, *world.inbox)])}
    if shown is not None:
        form = json.dumps(report_form.report(shown.report), sort_keys=True)
        found["report"] = _digest([form.encode()])
    return found


def _digest(parts: list[bytes]) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(hashlib.sha256(part).digest())
    return found.hexdigest()


def matter(folder: Path) -> page.Matter:
    """A morning after the storm, swept, on the clock of `ZONE`: it becomes that of the process."""
    os.environ["TZ"] = ZONE
    time.tzset()
    world = letters.make(NOW.astimezone())
    username = world.person.address
    with EmbeddedServer(username) as server:
        with Visitor("127.0.0.1", server.port, username, server.password) as visitor:
            for name, content in (("Sent", world.sent), ("INBOX", world.inbox)):
                for _ in visitor.fill(name, content):
                    pass
        account = AccountSettings(
            account=Account(
                name=NAME,
                identities=Identities(addresses=frozenset(world.addresses)),
                mode=Mode.MOVE,
                hosts=frozenset(f".{origin.site(host)}" for host, _ in cast.OUT),
            ),
            host="127.0.0.1",
            port=server.port,
            tls=Tls.NONE,
            username=username,
            secret=Secret(Source.PLAIN, (server.password,)),
            timeout=timedelta(seconds=20),
            dns=False,
        )
        settings = Settings(folder / "demo.toml", folder / "demo.db", (account,))
        with Household(settings, open_store(settings.database), clock=lambda: NOW) as household:
            store = household.store
            store.sent_log.assign({NAME: account.account.person})
            store.sent_log.cover(NAME, [Interval(NOW - WATCHED, NOW, Grade.WITNESSED)])
            lessons = Lessons(proofs={NAME: Proofs(41, NOW - timedelta(days=1))})
            store.experience.learn(NAME, account.account.person, lessons)
            household.sweep(NAME)
            return gathered(household, (), NOW - timedelta(days=30))


def main() -> int:
    from tests.browser import chromium

    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="scatterclean-pictures-") as scratch:
        file = Path(scratch) / "report.html"
        shown = matter(Path(scratch))
        file.write_text(page.render(shown), encoding="utf-8")
        if len(sys.argv) > 1:  # to look at it oneself
            Path(sys.argv[1]).write_text(file.read_text("utf-8"), encoding="utf-8")
        with chromium() as browser:
            for name, width, height, scheme, scale, place in SHOTS:
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    device_scale_factor=scale,
                    color_scheme=scheme,
                )
                sheet = context.new_page()
                sheet.goto(f"{file.as_uri()}{place}")
                sheet.screenshot(path=PICTURES / name)
                context.close()
    MADE_OF.write_text(json.dumps(made_of(shown), indent=2) + "\n", encoding="utf-8")
    return 0


# Name, width, height, scheme, pixels of the picture for one of the page, place in the page.
SHOTS = (
    ("report.png", 860, 1000, "light", 1.25, ""),
    ("report-storm.png", 860, 900, "dark", 1.25, "#storm"),
    ("report-servers.png", 860, 840, "light", 1.25, "#bouncers"),
    ("report-phone.png", 390, 844, "dark", 1.5, ""),
)

if __name__ == "__main__":
    sys.exit(main())
