"""How the queue answers with a million requests, a twentieth of them open, beside ten thousand and the stock admin.

    python -m bench.queue
    python -m bench.queue --rounds 5 --large 200000

One real PostgreSQL with a database of each size, one process that asks both in turns: views, templates, session and
queries, without the network. Exit code 1 when something is not as README.md promises.
"""

import argparse
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import django

STATIC = tempfile.mkdtemp(prefix="clinic-bench-static-")
os.environ.update(
    {
        "DEBUG": "false",
        "HTTPS": "false",
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECRET_KEY": "x" * 64,
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",  # each side has a connection of its own
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "SERVED_DATABASE": "none",
        "SERVED_STATIC_ROOT": STATIC,
    }
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.http import HttpResponseBase  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from appointments.admin.words import phone_words  # noqa: E402
from appointments.models import AppointmentRequest  # noqa: E402
from appointments.tabs import TABS  # noqa: E402
from bench import many_requests  # noqa: E402
from tests.appointments.crashes import OwnDatabase  # noqa: E402
from tests.clinic.embedded_postgres.processes import query as run_statement  # noqa: E402
from tests.form_posts import page, post_form  # noqa: E402
from tests.staff import make_staff  # noqa: E402

QUEUE = "/admin/appointments/appointmentrequest/"
STOCK = "/stock/appointments/stockrequest/"
ASKED = 3  # times in each round, of which the fastest counts
GROWTH, PAGE_RATIO, SEARCH_RATIO = 1.5, 10, 100  # as README.md promises
PEOPLE = range(131, 10_000, 97)  # the requests that are looked for: the same patients in each database
BIG_TABLES = (many_requests.TABLE, "appointments_statuschange", "clinic_outgoingmail")


@dataclass
class Side:
    """One database, and a signed-in browser for it."""

    name: str
    total: int
    server: OwnDatabase
    client: Client = field(default_factory=lambda: Client(HTTP_HOST="127.0.0.1"))
    people: list[AppointmentRequest] = field(default_factory=list)
    second_page: str = ""
    common: str = ""

    def __post_init__(self) -> None:
        self.wrapper = connections.create_connection("default")
        address = self.server.server.address()
        self.wrapper.settings_dict = {
            **self.wrapper.settings_dict,
            "NAME": self.name,
            "HOST": address["host"],
            "PORT": address["port"],
            "USER": address["user"],
            "CONN_MAX_AGE": None,
        }

    def use(self) -> None:
        """From now on everything asks this database."""
        connections["default"] = self.wrapper

    def prepare(self) -> None:
        """Fill it, sign in, and see whom to look for."""
        self.use()
        began = time.perf_counter()
        many_requests.fill(self.total, timezone.now())
        User.objects.filter(username="manager").update(is_superuser=True)  # for the stock admin; it may see all
        self.client.force_login(User.objects.get(username="manager"))
        people = AppointmentRequest.objects.filter(pk__in=PEOPLE).exclude(phone="").exclude(email="")
        self.people = list(people.order_by("pk"))
        self.second_page = re.findall(r'rel="next" href="([^"]+)"', page(self.client.get(QUEUE)))[0]
        self.second_page = self.second_page.replace("&amp;", "&")
        pks = AppointmentRequest.objects.order_by("pk").values_list("pk", flat=True)[:20]
        self.common = ",".join(map(str, pks))
        print(f"{self.name}: {self.total:,} requests made in {time.perf_counter() - began:.0f} s", flush=True)


@dataclass
class Page:
    """One page: how it is asked for, in which round, and the index that finds its requests."""

    name: str
    ask: Callable[[Side, int], HttpResponseBase]
    index: str
    status: int = 200
    is_bound: bool = True
    times: dict[str, list[float]] = field(default_factory=dict)
    queries: dict[str, int] = field(default_factory=dict)

    def measure(self, side: Side, number: int, asked: int = ASKED) -> None:
        """Ask a few times, and keep how long the fastest took (ms): a busy neighbor makes none faster."""
        side.use()
        took = []
        for _ in range(asked):
            began = time.perf_counter()
            response = self.ask(side, number)
            took.append((time.perf_counter() - began) * 1000)
            if response.status_code != self.status:
                raise SystemExit(f"{self.name}: answered with {response.status_code}")
        self.times.setdefault(side.name, []).append(min(took))

    def middle(self, side: str) -> float:
        """The median of its times (ms)."""
        return statistics.median(self.times[side])

    @property
    def growth(self) -> float:
        """How much longer the large side takes: the median of the rounds' ratios."""
        pairs = zip(self.times["large"], self.times["small"], strict=True)
        return statistics.median(large / small for large, small in pairs)


def get(path: str) -> Callable[[Side, int], HttpResponseBase]:
    """Asks for this address."""
    return lambda side, number: side.client.get(path)


def search(typed: Callable[[AppointmentRequest], str]) -> Callable[[Side, int], HttpResponseBase]:
    """Looks for another patient in each round."""

    def ask(side: Side, number: int) -> HttpResponseBase:
        person = side.people[number % len(side.people)]
        return post_form(side.client, f"{QUEUE}search/", {"sought": typed(person)})  # type: ignore[no-any-return]

    return ask


def slipped(name: str) -> str:
    """The name with two letters swapped in its longest word."""
    longest = max(name.split(), key=len)
    return name.replace(longest, f"{longest[:2]}{longest[3]}{longest[2]}{longest[4:]}")


def record(side: Side, number: int) -> HttpResponseBase:
    """The page of one request."""
    return side.client.get(f"{QUEUE}{side.people[number % len(side.people)].pk}/change/")


def take_next(side: Side, number: int) -> HttpResponseBase:
    """The first request that nobody has."""
    return post_form(side.client, f"{QUEUE}take-next/", {})  # type: ignore[no-any-return]


def pages() -> list[Page]:
    """Everything that is measured on both sides."""
    tabs = {tab.key: "request_queue" if tab.in_queue else "request_by_appointment" for tab in TABS}
    keys: dict[str, tuple[Callable[[AppointmentRequest], str], str]] = {
        "name": (lambda person: person.full_name, "request_by_name"),
        "name with a slip": (lambda person: slipped(person.full_name), "request_by_name"),
        "name and birth date": (lambda p: f"{p.full_name} {p.birth_date:%m/%d/%Y}", "request_by_"),
        "phone": (lambda person: phone_words(person.phone), "request_by_phone"),
        "end of a phone number": (lambda person: phone_words(person.phone)[-8:], "request_by_phone"),
        "mail": (lambda person: person.email.upper(), "request_by_email"),
        "reference": (lambda person: person.reference.lower().replace("-", ""), f"{many_requests.TABLE}_reference"),
        "birth date": (lambda person: f"{person.birth_date:%m/%d/%Y}", "request_by_birth_date"),
    }
    return [
        Page("queue page", get(QUEUE), "request_queue"),
        *(Page(f"tab “{tab.label}”", get(f"{QUEUE}?tab={tab.key}"), tabs[tab.key]) for tab in TABS),
        Page("second page", lambda side, number: side.client.get(QUEUE + side.second_page), "request_queue"),
        Page("status “Declined”", get(f"{QUEUE}?status=declined"), "request_by_status"),
        Page("open and closed", get(f"{QUEUE}?status=all"), "request_by_receipt"),
        *(Page(f"search by {key}", search(typed), index, status=303) for key, (typed, index) in keys.items()),
        Page(
            "page of 20 found", lambda side, number: side.client.get(f"{QUEUE}found/?name={side.common}"), "_pkey"
        ),
        Page("a request's page", record, "_pkey"),
        Page("Take next", take_next, "request_queue", status=302),
        Page("search by a common last name", search(lambda person: "García"), "", status=303, is_bound=False),
        Page("search by three letters", search(lambda person: "mar"), "", status=303, is_bound=False),
    ]


def stock_pages() -> tuple[Page, Page]:
    """The stock list, and its search for a name, on the large side only."""

    def ask(side: Side, number: int) -> HttpResponseBase:
        return side.client.get(STOCK, {"q": side.people[number % len(side.people)].full_name})

    return Page("stock changelist", get(STOCK), ""), Page("stock search, icontains", ask, "")


# What is checked beside the times


def plans(measured: Page, side: Side) -> Iterator[str]:
    """Ask once, count the queries, and say what is wrong with a plan of theirs."""
    side.use()
    with CaptureQueriesContext(connection) as captured:
        measured.ask(side, 0)
    measured.queries[side.name] = len(captured)
    if not measured.is_bound:
        return
    named = False
    for query in captured.captured_queries:
        # Whoever acts is named to the history in front of each statement of a POST.
        statement = query["sql"].partition("; ")[2] if "pghistory." in query["sql"] else query["sql"]
        if not statement.startswith("SELECT"):
            continue
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {statement}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
        named |= measured.index in plan and many_requests.TABLE in plan
        for table in BIG_TABLES:
            if re.search(rf"Seq Scan on {table}\b", plan):
                yield f"{measured.name}: reads all of {table}\n{statement}\n{plan}"
    if not named:
        yield f"{measured.name}: no plan names {measured.index}"


def miscounted_tabs(side: Side) -> Iterator[str]:
    """The tabs whose number is not that of a count that reads the whole table."""
    side.use()
    response = side.client.get(QUEUE)
    shown = dict(re.findall(r"tab=(\w+)\"[^>]*>[^<]*<span class=\"count\">([\d,]+)<", page(response)))
    # The moment of the page: a little later some claim may have run out.
    look = response.context_data["cl"].look  # type: ignore[index]
    with connection.cursor() as cursor:
        cursor.execute("SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off")
    for tab in TABS:
        count = sum(1 for _ in tab.of(AppointmentRequest.objects.all(), look).values_list("pk"))
        if int(shown.get(tab.key, "-1").replace(",", "")) != count:
            yield f"tab {tab.key} says {shown.get(tab.key)} of {count}"
    with connection.cursor() as cursor:
        cursor.execute("RESET enable_indexscan; RESET enable_indexonlyscan; RESET enable_bitmapscan")


# The run


@contextmanager
def two_databases(totals: tuple[int, int]) -> Iterator[tuple[Side, Side]]:
    """A server with a small and a large database, each with the clinic's data and staff."""
    server = OwnDatabase(throwaway=False)
    try:
        pattern = Side("clinic", 0, server)
        pattern.use()
        for command in ("migrate", "load_clinic", "load_articles"):
            call_command(command, verbosity=0, stdout=open(os.devnull, "w"))  # noqa: SIM115
        make_staff("manager")  # the first of the staff: every other next step is theirs
        for number in range(20):
            make_staff("reception" if number % 2 else "clinician", f"person-{number}")
        pattern.wrapper.close()
        sides = []
        for name, total in zip(("small", "large"), totals, strict=True):
            run_statement(server.server, f"CREATE DATABASE {name} TEMPLATE clinic", "postgres")
            sides.append(Side(name, total, server))
            sides[-1].prepare()
        yield sides[0], sides[1]
        for side in sides:
            side.wrapper.close()
    finally:
        server.remove()
        shutil.rmtree(STATIC, ignore_errors=True)


def run(rounds: int, totals: tuple[int, int]) -> list[str]:
    """Measure and print everything; what is not as promised."""
    call_command("collectstatic", verbosity=0, interactive=False)
    ours, stock = pages(), stock_pages()
    with two_databases(totals) as (small, large):
        wrong = [fault for one in ours for side in (small, large) for fault in plans(one, side)]
        wrong += [fault for side in (small, large) for fault in miscounted_tabs(side)]
        for number in range(rounds):
            for one in ours:
                for side in (small, large) if number % 2 else (large, small):
                    one.measure(side, number)
            if number % 3 == 0:
                for one in stock:
                    one.measure(large, number, asked=1)
    return wrong + _report(ours, stock)


def _report(ours: list[Page], stock: tuple[Page, Page]) -> list[str]:
    """Print the table; what is not as promised."""
    wrong = []
    print(f"{'':<34}{'small':>9}{'large':>10}   growth   queries")
    for one in ours:
        small, large = (one.middle(side) for side in ("small", "large"))
        queries = " and ".join(str(count) for count in dict.fromkeys(one.queries.values()))
        bound = "" if one.is_bound else "   not bound: it finds a hundred times as many"
        print(f"{one.name:<34}{small:>6.1f} ms{large:>7.1f} ms{one.growth:>8.2f}{queries:>10}{bound}")
        if one.is_bound and one.growth > GROWTH:
            wrong.append(f"{one.name}: {one.growth:.2f} times as long, promised {GROWTH}")
        if one.is_bound and len(set(one.queries.values())) > 1:
            wrong.append(f"{one.name}: {queries} queries")
    searches = [one for one in ours if one.is_bound and one.status == 303]
    lists = [one for one in ours if one.status == 200 and one.index.startswith("request_")]
    pairs = (
        (stock[0], max(lists, key=lambda one: one.middle("large")), PAGE_RATIO),
        (stock[1], max(searches, key=lambda one: one.middle("large")), SEARCH_RATIO),
    )
    for theirs, slowest, least in pairs:
        ratio = theirs.middle("large") / slowest.middle("large")
        print(f"{theirs.name:<43}{theirs.middle('large'):>7.0f} ms: {ratio:.0f} times our “{slowest.name}”")
        if ratio < least:
            wrong.append(f"{theirs.name}: {ratio:.1f} times ours, promised {least}")
    return wrong


def main() -> None:
    """Read the arguments, measure, and say by the exit code whether it is as promised."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    arguments = parser.parse_args()
    wrong = run(arguments.rounds, (arguments.small, arguments.large))
    for fault in wrong:
        print(f"NOT AS PROMISED  {fault}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
