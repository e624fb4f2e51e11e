"""The drill: patients send while servers die and the mail server misbehaves. Nothing may be lost or doubled.

    make drill-requests
    make drill-requests ARGS="--acknowledged 1000 --crashes 3"

Real processes: a PostgreSQL that syncs to disk, gunicorn with two workers, two `deliver_outbox`, and a mail server
that refuses, stalls, is full, and says "later". Eight patients send without pause; each sends the same form again,
with its key, until it is led to a status page. Between them the database is stopped at once, web workers and mail
workers are killed with -9, or both. In the end everything is counted, in the database and at the mail server.

Exit code 1 when anything was lost or doubled. These are crashes of processes; loss of power is not simulated.
"""

import argparse
import itertools
import logging
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any

import django

logging.getLogger("mail.log").setLevel(logging.WARNING)  # the mail server of the tests tells every word

PATIENTS = 8
PATIENCE = 60.0  # seconds
CLICKS_PER_SECOND = 20.0  # of a patient who presses Send again
# What the mail server does, in turn, while patients send.
MODES = ("accept", "rcpt_451", "slow_data", "refuse", "full_452", "drop", "accept_slowly")
CRASHES = ("database", "workers", "both", "mail")

os.environ.update(DEBUG="true", DJANGO_SETTINGS_MODULE="clinic.settings")
django.setup()

from tests.appointments.crashes import OwnDatabase  # noqa: E402
from tests.appointments.patients import DETAILS, filled_in_form  # noqa: E402
from tests.clinic.embedded_postgres.processes import query  # noqa: E402
from tests.environment import PROJECT  # noqa: E402
from tests.plain_browser import Answer, PlainBrowser  # noqa: E402
from tests.served_site import ServedSite, production_environment  # noqa: E402
from tests.smtp_sink import SmtpSink  # noqa: E402


class Drill:
    """One run of it."""

    def __init__(self, acknowledged: int, crashes: int) -> None:
        self.wanted, self.crashes_wanted = acknowledged, crashes
        self.folder = Path(tempfile.mkdtemp(prefix="clinic-drill-"))
        self.database = OwnDatabase(throwaway=False)
        self.sink = SmtpSink(slowness=5.0).start()
        self.site = self._site()
        self.mail_workers: list[subprocess.Popen[bytes]] = []
        self.numbers = itertools.count(1)
        self.led_to: dict[int, str] = {}
        self.not_sure: Counter[str] = Counter()
        self.seconds: dict[str, list[float]] = {mode: [] for mode in MODES}
        self.crashed: Counter[str] = Counter()
        self.faults: list[BaseException] = []

    def run(self) -> bool:
        """Whether nothing was lost and nothing doubled. Prints the counts."""
        began = time.monotonic()
        try:
            self.site.start()
            self._staff_mail_workers()
            patients = [threading.Thread(target=self._send_until_enough) for _ in range(PATIENTS)]
            for patient in patients:
                patient.start()
            self._crash_until_enough(patients)
            for patient in patients:
                patient.join()
            self._let_mail_drain()
            return self._count(time.monotonic() - began)
        finally:
            for worker in self.mail_workers:
                worker.kill()
            self.site.stop()
            self.sink.stop()
            self.database.remove()

    def _site(self) -> ServedSite:
        static_root = self.folder / "static"
        site = ServedSite(self.folder, static_root)
        site.environment = production_environment(static_root)
        site.environment.pop("EMBEDDED_POSTGRES_DIR", None)
        site.environment |= {
            "DATABASE_URL": self.database.url,
            "SERVED_DATABASE": "clinic",
            "SMTP_URL": self.sink.url,
            "MAIL_FROM": "clinic@example.com",
        }
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity=0"]
        subprocess.run(collect, cwd=PROJECT, env=site.environment, check=True)
        self.database.fill(site.environment)
        return site

    # What patients do

    def _send_until_enough(self) -> None:
        browser = PlainBrowser(self.site.url)
        try:
            while len(self.led_to) < self.wanted and not self.faults:
                self._send_one(browser, next(self.numbers))
        except BaseException as error:
            self.faults.append(error)
            raise

    def _send_one(self, browser: PlainBrowser, number: int) -> None:
        form = self._until(lambda: filled_in_form(browser, **person(number)))
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            mode, began = self.sink.mode, time.monotonic()
            answer = self._post(browser, form)
            if answer is not None and answer.status == 302:
                self.seconds[mode].append(time.monotonic() - began)
                self.led_to[number] = answer.location
                return
            self.not_sure[self._what_was_said(answer)] += 1
            time.sleep(1 / CLICKS_PER_SECOND)
        raise AssertionError("a patient was never sure")

    def _post(self, browser: PlainBrowser, form: dict[str, Any]) -> Answer | None:
        try:
            return browser.post(DETAILS, form)
        except (OSError, HTTPException):
            return None

    def _what_was_said(self, answer: Answer | None) -> str:
        """What the patient saw who is not sure. Anything but a broken connection or a plain word is a fault."""
        if answer is None:
            return "connection broken"
        if answer.status == 503 and "could not confirm" in answer.text:
            return "told that it may not have arrived"
        raise AssertionError(f"{answer.status}: {answer.text[:500]}")

    def _until(self, ask: Callable[[], Any]) -> Any:
        """Ask again while the site is away."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return ask()
            except (OSError, HTTPException, AssertionError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(1 / CLICKS_PER_SECOND)

    # What goes wrong

    def _crash_until_enough(self, patients: list[threading.Thread]) -> None:
        kinds, modes = itertools.cycle(CRASHES), itertools.cycle(MODES[1:] + MODES[:1])
        step = self.wanted / (self.crashes_wanted + 1)
        for number in range(1, self.crashes_wanted + 1):
            while len(self.led_to) < step * number and any(patient.is_alive() for patient in patients):
                time.sleep(0.02)
            kind = next(kinds)
            self._crash(kind)
            self.crashed[kind] += 1
            self.sink.mode = next(modes)
            print(
                f"{len(self.led_to):>6} acknowledged, crash {number}: {kind}; mail server: {self.sink.mode}",
                flush=True,
            )

    def _crash(self, kind: str) -> None:
        if kind in {"workers", "both"}:
            for worker in self.site.workers():
                worker.send_signal(signal.SIGKILL)
        if kind in {"mail", "both"}:
            for mail_worker in self.mail_workers:
                mail_worker.kill()
                mail_worker.wait()
            self._staff_mail_workers()
        if kind in {"database", "both"}:
            self.database.crash()
            self.database.server.start("clinic")

    def _staff_mail_workers(self) -> None:
        command = [sys.executable, "manage.py", "deliver_outbox"]
        log = (self.folder / "mail.log").open("ab")
        self.mail_workers = [
            subprocess.Popen(command, cwd=PROJECT, env=self.site.environment, stdout=log, stderr=log)
            for _ in range(2)
        ]

    # What is left of it

    def _let_mail_drain(self) -> None:
        """The mail server is well again; what waits for its next try need not wait here."""
        self.sink.mode = "accept"
        still = "sent_at IS NULL AND failed_at IS NULL AND dropped_at IS NULL"
        while left := self._number(f"SELECT count(*) FROM clinic_outgoingmail WHERE {still}"):
            print(f"{left:>6} mails wait", flush=True)
            due_now = f"UPDATE clinic_outgoingmail SET next_attempt_at = now() WHERE {still} RETURNING 1"
            self._number(f"WITH due AS ({due_now}) SELECT count(*) FROM due")
            time.sleep(5)

    def _number(self, statement: str) -> int:
        return int(query(self.database.server, statement)[0])

    def _count(self, seconds: float) -> bool:
        requests = "appointments_appointmentrequest"
        of_each = f"FROM {requests} r LEFT JOIN {{}} x ON x.appointment_request_id = r.id GROUP BY r.id"
        without = "SELECT count(*) FROM (SELECT 1 " + of_each + " HAVING count(x.id) <> 1) n"
        rows = self._number(f"SELECT count(*) FROM {requests}")
        people = self._number(f"SELECT count(DISTINCT full_name) FROM {requests}")
        acknowledged = len(self.led_to)
        delivered = Counter(self.sink.message_ids)
        ids = "SELECT count(*) FROM clinic_outgoingmail"
        counts = {
            "acknowledged": acknowledged,
            "lost (acknowledged, not in the database)": acknowledged - people,
            "doubled (rows beyond one for each form)": rows - people,
            "led to the same page as somebody else": acknowledged - len(set(self.led_to.values())),
            "without exactly one record row": self._number(without.format("appointments_statuschange")),
            "without exactly one red flag row": self._number(without.format("appointments_redflaganswer")),
            "without exactly two mail rows": self._number(
                f"SELECT count(*) FROM (SELECT 1 FROM {requests} r LEFT JOIN clinic_outgoingmail m "
                "ON m.topic = 'request:' || r.id GROUP BY r.id HAVING count(m.id) <> 2) n"
            ),
            "mails that failed": self._number(f"{ids} WHERE failed_at IS NOT NULL"),
            "mails in the outbox never delivered": self._number(ids) - len(delivered),
            "mails delivered more than twice": sum(count > 2 for count in delivered.values()),
        }
        print(f"\n{sum(self.crashed.values())} crashes {dict(self.crashed)} in {seconds:.0f} s")
        print(f"patients who were not sure and sent again: {dict(self.not_sure)}")
        for name, count in counts.items():
            print(f"{count:>8}  {name}")
        print(
            f"{sum(count == 2 for count in delivered.values()):>8}  mails delivered twice, with the same Message-ID"
        )
        for mode, times in self.seconds.items():
            if len(times) > 1:
                cuts = statistics.quantiles(times, n=100)
                print(f"answered in ms, mail server {mode}: median {cuts[49] * 1e3:.0f}, p99 {cuts[98] * 1e3:.0f}")
        return not self.faults and acknowledged >= self.wanted and not any(list(counts.values())[1:])


def person(number: int) -> dict[str, Any]:
    """An invented patient who is nobody else."""
    dice = random.Random(number)
    return {
        "full_name": f"Drill Patient {number}",
        "birth_date_year": str(dice.randint(1930, 2005)),
        "birth_date_day": str(dice.randint(1, 28)),
        "phone": f"424 555 {number % 10_000:04}",
        "email": f"drill{number}@example.com",
    }


def main() -> int:
    """0 when nothing was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--acknowledged", type=int, default=20_000)
    parser.add_argument("--crashes", type=int, default=50)
    wanted = parser.parse_args()
    return 0 if Drill(wanted.acknowledged, wanted.crashes).run() else 1


if __name__ == "__main__":
    sys.exit(main())
