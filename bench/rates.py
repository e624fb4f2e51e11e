"""How fast one gunicorn worker sends requests and shows the form, beside what Django does out of the box.

    make bench
    make bench ARGS="--rounds 3 --seconds 1"

A real PostgreSQL with fsync and synchronous_commit on. All four are measured in one run and in turns, so that a
busy machine slows all of them. Exit code 1 when a ratio or the size of the form page is not as README.md promises.
"""

import argparse
import gzip
import itertools
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import django

os.environ.update(DEBUG="true", DJANGO_SETTINGS_MODULE="clinic.settings", SECRET_KEY="x" * 64)
django.setup()

from appointments.safety import SafetyCheck  # noqa: E402
from tests.appointments.crashes import OwnDatabase  # noqa: E402
from tests.appointments.patients import ANSWERS, DETAILS, SAFETY  # noqa: E402
from tests.clinic.embedded_postgres.processes import query  # noqa: E402
from tests.environment import PROJECT  # noqa: E402
from tests.plain_browser import PlainBrowser  # noqa: E402
from tests.served_site import ServedSite, production_environment  # noqa: E402

CLIENTS = 2  # that ask at a time: the worker never waits for work
SEND_RATIO, FORM_RATIO, FORM_SIZE = 0.45, 5.0, 30_000
CREATE_TABLE = (
    "CREATE TABLE bench_plain_request (LIKE appointments_appointmentrequest INCLUDING DEFAULTS INCLUDING IDENTITY)"
)


@dataclass
class Measured:
    """One view: the requests for it, the status that answers each, and its rates, one of each round."""

    name: str
    requests: Iterator[bytes]
    status: int
    rates: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        middle, low, high = statistics.median(self.rates), min(self.rates), max(self.rates)
        return f"{self.name:<34} {middle:7.1f} a second   (lowest {low:.1f}, highest {high:.1f})"


class Bench:
    """A database, a server and a browser's cookies, for one run."""

    def __init__(self, ticked: str) -> None:
        self.ticked = ticked
        self.folder = Path(tempfile.mkdtemp(prefix="clinic-bench-"))
        self.database = OwnDatabase(throwaway=False)
        self.site = self._site()
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        self.checks: dict[str, SafetyCheck] = {}

    def run(self, rounds: int, seconds: float) -> bool:
        """Whether everything is as promised. Prints what was measured."""
        try:
            self._say_that_it_syncs()
            self.site.start(workers=1)
            browser = PlainBrowser(self.site.url)
            browser.get(SAFETY)
            self._learn_checks()
            ours, plain = self._sending(browser)
            page, as_div = self._form(browser)
            for view in (ours, plain, page, as_div):
                self._round(view, 1.0)  # warm: connections, templates
                view.rates.clear()
            for _ in range(rounds):
                for view in (ours, plain, page, as_div):
                    self._round(view, seconds)
            self._check_rows()
            size = len(gzip.compress(browser.post(DETAILS, {"safety": self._token()}).text.encode()))
            shutil.rmtree(self.folder)  # after a fault it stays: the server's log is in it
            return _report((ours, plain, page, as_div), size)
        finally:
            self.site.stop()
            self.database.remove()

    def _site(self) -> ServedSite:
        static_root = self.folder / "static"
        site = ServedSite(self.folder, static_root)
        site.environment = production_environment(static_root)
        site.environment.pop("EMBEDDED_POSTGRES_DIR", None)
        site.environment |= {
            "DATABASE_URL": self.database.url,
            "SERVED_DATABASE": "clinic",
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "SECRET_KEY": "x" * 64,  # ours too: the safety checks are signed here
            "BEHIND_TLS_PROXY": "true",  # so that each request can come from an address of its own
        }
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
        subprocess.run(collect, cwd=PROJECT, env=site.environment, check=True)
        self.database.fill(site.environment)
        self._query(CREATE_TABLE)
        return site

    def _query(self, statement: str) -> list[Any]:
        return query(self.database.server, statement, "clinic")

    def _say_that_it_syncs(self) -> None:
        settings = {name: self._query(f"SHOW {name}")[0] for name in ("fsync", "synchronous_commit")}
        print(", ".join(f"{name} {value}" for name, value in settings.items()), "- one gunicorn worker")
        if set(settings.values()) != {"on"}:
            raise SystemExit("the database does not sync: nothing measured")

    # The requests

    def _sending(self, browser: PlainBrowser) -> tuple[Measured, Measured]:
        def ours() -> Iterator[bytes]:
            while True:
                fields = {**self._answers(), "safety": self._token(self.ticked), "button": "send"}
                yield _post(browser, DETAILS, fields, self._address())

        def plain() -> Iterator[bytes]:
            while True:
                yield _post(browser, "/plain/send/", _as_model_form(self._answers()), self._address())

        return Measured("Send", ours(), 302), Measured("plain ModelForm, one INSERT", plain(), 302)

    def _form(self, browser: PlainBrowser) -> tuple[Measured, Measured]:
        def ours() -> Iterator[bytes]:
            while True:
                yield _post(browser, DETAILS, {"safety": self._token()}, self._address())

        def as_div() -> Iterator[bytes]:
            while True:
                yield _post(browser, "/plain/form/", {"safety": self._token()}, self._address())

        return Measured("the form", ours(), 200), Measured("the same form through as_div", as_div(), 200)

    def _answers(self) -> dict[str, Any]:
        """Another person each time, or all would be linked as one."""
        number = next(self.numbers)
        return {
            **ANSWERS,
            "full_name": f"Patient {number}",
            "birth_date_month": str(1 + number // 28 % 12),
            "birth_date_day": str(1 + number % 28),
            "birth_date_year": str(1930 + number // 336 % 70),
            "phone": f"424 {200 + number // 10_000 % 700} {number % 10_000:04}",
            "email": f"patient-{number}@example.com",
        }

    def _address(self) -> str:
        number = next(self.numbers)
        return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"

    def _learn_checks(self) -> None:
        """Answer the safety check once in each way, as a patient does."""
        browser = PlainBrowser(self.site.url)
        for ticked, fields in (("", {"none": "on"}), ("fever", {"urgent": "fever"})):
            browser.get(SAFETY)
            token = re.search(r'name="safety" value="([^"]+)"', browser.post(SAFETY, fields).text)
            if token is None:
                raise SystemExit("the safety check did not lead to the form")
            self.checks[ticked] = SafetyCheck.from_token(token[1])

    def _token(self, ticked: str = "") -> str:
        """A safety check that another patient began a minute ago."""
        new = SafetyCheck.begin()
        return replace(self.checks[ticked], key=new.key, begun_at=new.begun_at - 60).token

    # Measuring

    def _round(self, view: Measured, seconds: float) -> None:
        """As many as the worker answers in so many seconds. Requests are made ready before the clock runs."""
        ready = list(itertools.islice(view.requests, self._enough(view, seconds)))
        waiting, done, faults = iter(ready), itertools.count(), []
        began = time.perf_counter()

        def ask() -> None:
            while time.perf_counter() < began + seconds:
                with self.lock:
                    request = next(waiting, None)
                if request is None:
                    return
                if _status(self.site.url, request) != view.status:
                    faults.append(request)
                    return
                next(done)

        clients = [threading.Thread(target=ask) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        took = time.perf_counter() - began
        if faults:
            raise SystemExit(f"{view.name}: not answered with {view.status}; see {self.site.log}")
        view.rates.append(next(done) / took)

    def _enough(self, view: Measured, seconds: float) -> int:
        return int(max([400.0, *view.rates]) * 2 * seconds)

    def _check_rows(self) -> None:
        """Every request that was sent is there, with its mails, its record and its red flags."""
        flags = int(bool(self.ticked))
        (whole,) = self._query(
            "SELECT count(DISTINCT s.id) = count(*) AND count(*) > 0 AND bool_and("
            " EXISTS (SELECT FROM clinic_outgoingmail WHERE topic = 'request:' || s.id)"
            " AND EXISTS (SELECT FROM appointments_statuschange WHERE appointment_request_id = s.id)"
            f" AND (SELECT count(*) FROM appointments_redflaganswer WHERE appointment_request_id = s.id) = {flags})"
            " FROM appointments_appointmentrequest s"
        )
        (counted,) = self._query("SELECT count(*) FROM clinic_ratecount")
        (sent,) = self._query("SELECT count(*) FROM appointments_appointmentrequest")
        if not whole or counted != 3 * sent:
            raise SystemExit("a request is not whole: the rates mean nothing")


def _post(browser: PlainBrowser, path: str, fields: dict[str, Any], address: str) -> bytes:
    """A request as a browser sends it through the proxy."""
    body = urlencode({"csrfmiddlewaretoken": browser.form_token, **fields}, doseq=True).encode()
    head = [
        f"POST {path} HTTP/1.1",
        f"Host: {urlsplit(browser.url).netloc}",
        "Connection: close",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        "Cookie: " + "; ".join(f"{name}={value}" for name, value in browser.cookies.items()),
        f"X-Forwarded-For: {address}",
        "\r\n",
    ]
    return "\r\n".join(head).encode() + body


def _status(url: str, request: bytes) -> int:
    """Send it, read the whole answer, and give its status; 0 when there is none."""
    with socket.create_connection(("127.0.0.1", urlsplit(url).port or 80), timeout=30) as connection:
        connection.sendall(request)
        answer = connection.recv(65_536)
        while connection.recv(65_536):
            pass
    return int(answer[9:12] or 0)


def _as_model_form(answers: dict[str, Any]) -> dict[str, Any]:
    """The same answers, in the way that Django's own fields read them: one box for a date, commas in a list."""
    fields = {name: ",".join(value) if isinstance(value, list) else value for name, value in answers.items()}
    for date in ("birth_date", "earliest_date", "latest_date"):
        parts = [str(fields.pop(f"{date}_{part}", "")).zfill(2) for part in ("year", "month", "day")]
        fields[date] = "-".join(parts) if parts[0] != "00" else ""
    return fields


def _report(views: tuple[Measured, ...], size: int) -> bool:
    """Print everything; whether it is as promised."""
    print(*views, sep="\n")
    send, plain, page, as_div = views
    kept = True
    for name, ours, theirs, least in (("Send", send, plain, SEND_RATIO), ("form", page, as_div, FORM_RATIO)):
        # Of each round, for its two halves ran at the same time of day.
        ratios = [a / b for a, b in zip(ours.rates, theirs.rates, strict=True)]
        ratio = statistics.median(ratios)
        kept &= ratio >= least
        print(f"{name}: {ratio:.2f} of it (lowest {min(ratios):.2f}, highest {max(ratios):.2f}), promised {least}")
    print(f"form: {size / 1000:.1f} kB compressed, promised {FORM_SIZE / 1000:.0f}")
    return kept and size <= FORM_SIZE


def main() -> None:
    """Read the arguments, measure, and say by the exit code whether it is as promised."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each view in each round")
    parser.add_argument("--routine", action="store_true", help="without a red flag and its mail")
    arguments = parser.parse_args()
    bench = Bench("" if arguments.routine else "fever")
    sys.exit(0 if bench.run(arguments.rounds, arguments.seconds) else 1)


if __name__ == "__main__":
    main()
