"""How long the pages of the dashboard take with many findings on record: the process itself, over a socket.

    python bench/web.py [COUNT] [--browser]

Plants COUNT findings (100,000), starts `scatterclean web`, and asks for each page some times; prints the slowest and
the median in milliseconds, and with --browser how long chromium takes from the click to the page that stands.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.web.crowd import crowd
from tests.web.house import running

TIMES = 5
PATHS = {
    "first page, while the report is made": "/",
    "first page": "/",
    "put away": "/away",
    "put away, the oldest page but one": "/away?older=40",
    "put away, brought back": "/away?state=returned",
    "put away, search, many found": "/away?text=undelivered",
    "put away, search, one found": "/away?text=99937.bounce",
    "put away, search, nothing found": "/away?text=no-such-text",
    "put away, in a week": "/away?since=2026-01-01&until=2026-01-08",
    "what stays": "/stays",
    "what stays, undecided": "/stays?verdict=undecided",
    "what stays, search, one found": "/stays?text=000099903",
    "what stays, search, nothing found": "/stays?text=no-such-text",
    "what stays, kind that is not there": "/stays?kind=complaint",
    "one message": "/away/5000",
    "one that stays": "/stays/99903",
    "pulse": "/pulse",
}


def main() -> None:
    count = next((int(one) for one in sys.argv[1:] if one.isdigit()), 100_000)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        config = crowd(Path(folder), count)
        print(f"{count} findings planted in {time.perf_counter() - began:.1f} s")
        with running(config) as dashboard:
            visitor = dashboard.let_in()
            started = time.perf_counter()
            for name, path in PATHS.items():
                took = []
                if name == "first page":
                    while "The report is being made" in visitor.get(path).text:
                        time.sleep(0.1)
                    print(f"the report was made {time.perf_counter() - started:.1f} s after the start")
                for _ in range(1 if "while" in name else TIMES):
                    began = time.perf_counter()
                    said = visitor.get(path)
                    took.append((time.perf_counter() - began) * 1000)
                    assert said.status == 200, said
                print(
                    f"{name:40} {max(took):7.0f} ms  {statistics.median(took):7.0f} ms  {len(said.text):8} bytes"
                )
            if "--browser" in sys.argv:
                _browser(dashboard.another_link())


def _browser(link: str) -> None:
    from tests.browser import chromium, looking

    with chromium() as browser, looking(browser, link) as looked:
        for name, path in (("report", "/"), ("put away", "/away"), ("what stays", "/stays")):
            looked.page.goto(looked.page.url.partition("/")[0] + "//" + looked.page.url.split("/")[2] + path)
            took = looked.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
            print(f"chromium, {name:29} {took:7.0f} ms")


if __name__ == "__main__":
    main()
