"""Ten everyday tasks in ours and in django-helpdesk: clicks, page loads, seconds of the server.

    python -m bench.side_by_side.run --desk VENV

VENV is a virtual environment with django-helpdesk, see README.md. Both sites are served by one gunicorn worker with
four threads, over one PostgreSQL, and used in a real Chromium, in turns: each round has a new server of each site
over a new copy of its database. Exit code 1 when ours needs more of anything than django-helpdesk.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from urllib.error import URLError
from urllib.request import urlopen

import django
from playwright.sync_api import Browser, sync_playwright

os.environ.update(DEBUG="true", DJANGO_SETTINGS_MODULE="clinic.settings", SECRET_KEY="x" * 64)
django.setup()

from bench.side_by_side import clinic_tasks, desk_tasks  # noqa: E402
from bench.side_by_side.hand import Cost, Hand  # noqa: E402
from clinic.embedded_postgres.server import Server, bindir  # noqa: E402
from tests.environment import PROJECT  # noqa: E402
from tests.programs import find_browser  # noqa: E402
from tests.served_site import free_port  # noqa: E402

TASKS = {
    "see_next": "See who is next, and why",
    "take_next": "Take the next one",
    "find_by_name": "Find a patient by a misspelled name",
    "find_by_phone": "Find a patient by phone number",
    "log_call": "Log a call in vain",
    "send_text": "Answer with a text that was written once",
    "book": "Book an appointment (there: resolve with the time in words)",
    "hand_three": "Hand three to a colleague",
    "link": "Mark a duplicate (there: no way back)",
    "see_forgotten": "See what nobody has taken in hand",
}
PATIENCE = 30.0  # seconds


@dataclass
class Site:
    """One of the two: its tasks, the Python that runs it, and what it has cost so far."""

    name: str
    tasks: ModuleType
    python: str
    application: str
    fill: str
    environment: dict[str, str]
    costs: dict[str, list[Cost]] = field(default_factory=lambda: defaultdict(list))

    def run(self, *arguments: str, database: str) -> None:
        """Run its Python to the end."""
        environment = {**self.environment, "SERVED_DATABASE": database}
        subprocess.run([self.python, *arguments], cwd=PROJECT, env=environment, check=True)


class Comparison:
    """A folder with a PostgreSQL and both sites."""

    def __init__(self, desk: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="side-by-side-"))
        self.folder.chmod(0o755)  # PostgreSQL of root is run by nobody
        self.server = Server(self.folder / "postgres", throwaway=True)
        self.server.start()
        self.socket = self.server.address()["host"]
        secret = "of a site that lives for minutes " * 2
        common = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(PROJECT), "SECRET_KEY": secret}
        ours = {
            "DEBUG": "false",
            "HTTPS": "false",
            "ALLOWED_HOSTS": "127.0.0.1",
            "EMBEDDED_POSTGRES_DIR": str(self.folder / "postgres"),
            "DJANGO_SETTINGS_MODULE": "tests.served_settings",
            "SERVED_STATIC_ROOT": str(self.folder / "static-clinic"),
        }
        theirs = {
            "DESK_SOCKET": self.socket,
            "DESK_MAIL": str(self.folder / "mail"),
            "DJANGO_SETTINGS_MODULE": "bench.side_by_side.desk.settings",
            "SERVED_STATIC_ROOT": str(self.folder / "static-desk"),
        }
        package = "bench.side_by_side"
        python = str(desk / "bin" / "python")
        self.sites = (
            Site("clinic", clinic_tasks, sys.executable, "clinic.wsgi", f"{package}.fill", common | ours),
            Site("desk", desk_tasks, python, f"{package}.desk.wsgi", f"{package}.desk.fill", common | theirs),
        )

    def prepare(self) -> None:
        """A database of each site, which each round copies."""
        for site in self.sites:
            pattern = f"{site.name}_pattern"
            self.sql(f"CREATE DATABASE {pattern}")
            site.run("-m", "django", "collectstatic", "--noinput", "--verbosity=0", database=pattern)
            site.run("-m", "django", "migrate", "--verbosity=0", database=pattern)
            site.run("-m", site.fill, database=pattern)

    def round(self, browser: Browser, site: Site) -> None:
        """All tasks once, one after the other, by one person who has signed in."""
        self.sql(f"DROP DATABASE IF EXISTS {site.name} WITH (FORCE)")
        self.sql(f"CREATE DATABASE {site.name} TEMPLATE {site.name}_pattern")
        port, log = free_port(), self.folder / f"{site.name}.log"
        log.write_text("")
        gunicorn = ["-m", "gunicorn", site.application, f"--bind=127.0.0.1:{port}", "--workers=1", "--threads=4"]
        logged = [f"--access-logfile={log}", "--access-logformat=%(D)s %(U)s", "--log-level=warning"]
        environment = {**site.environment, "SERVED_DATABASE": site.name}
        process = subprocess.Popen([site.python, *gunicorn, *logged], cwd=PROJECT, env=environment)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(url + site.tasks.HOME)
            self.use(browser, site, url, log)
        finally:
            process.terminate()
            process.wait(PATIENCE)

    def use(self, browser: Browser, site: Site, url: str, log: Path) -> None:
        """In a window of 1280 by 1000 px. The list is loaded twice beforehand, so that nothing is loaded first."""
        context = browser.new_context(viewport={"width": 1280, "height": 1000}, locale="en-US")
        page = context.new_page()
        site.tasks.sign_in(page, url)
        page.goto(url + site.tasks.HOME)
        hand = Hand(page, log, site.tasks.is_quiet)
        for name in TASKS:
            page.goto(url + site.tasks.HOME)
            hand.begin()
            getattr(site.tasks, name)(hand)
            site.costs[name].append(hand.end())
        context.close()

    def sql(self, statement: str) -> None:
        """Run one statement."""
        psql = [str(bindir() / "psql"), "-qX", "-h", self.socket, "-U", "postgres", "-d", "postgres"]
        subprocess.run(
            [*psql, "-c", statement], env={**os.environ, "PGOPTIONS": "-c client_min_messages=warning"}, check=True
        )

    def close(self) -> None:
        """Stop the server, and remove everything."""
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def wait_for(url: str) -> None:
    """Until it answers."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            urlopen(url, timeout=PATIENCE).close()  # noqa: S310  # our own
            return
        except (URLError, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def median(costs: list[Cost]) -> Cost:
    """The middle of each; the counts are the same in each round, or the run means nothing."""
    counts = {(cost.clicks, cost.loads, cost.fetches) for cost in costs}
    assert len(counts) == 1, counts
    return Cost(*counts.pop(), statistics.median(cost.server_ms for cost in costs))


def report(ours: Site, theirs: Site) -> bool:
    """Print the table. Whether ours needs no more of anything."""
    print("| Task | Clicks | Page loads (and fetches) | Server, ms |")
    print("|---|---|---|---|")
    is_fine = True
    for name, words in TASKS.items():
        a, b = median(ours.costs[name]), median(theirs.costs[name])
        more = [a.clicks > b.clicks, a.loads + a.fetches > b.loads + b.fetches, a.server_ms > b.server_ms]
        is_fine = is_fine and not any(more)
        clicks, waits, server = (" **more**" if it_is else "" for it_is in more)
        print(
            f"| {words} | {a.clicks} : {b.clicks}{clicks} | {a.loads} : {b.loads} (+{b.fetches}){waits} "
            f"| {a.server_ms:.0f} : {b.server_ms:.0f}{server} |"
        )
    return is_fine


def main() -> int:
    """Run it; see the top of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--desk", type=Path, required=True, metavar="VENV")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    comparison = Comparison(arguments.desk.absolute())
    try:
        comparison.prepare()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), chromium_sandbox=os.geteuid() != 0)
            for number in range(arguments.rounds):
                for site in comparison.sites:
                    comparison.round(browser, site)
                print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
            browser.close()
        return 0 if report(*comparison.sites) else 1
    finally:
        comparison.close()


if __name__ == "__main__":
    raise SystemExit(main())
