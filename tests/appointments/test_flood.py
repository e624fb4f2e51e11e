"""A flood from one address, over several processes: exactly the allowed number pass, and others are not slowed."""

import itertools
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import LazySettings

from appointments.models import AppointmentRequest
from appointments.sending_limits import MOST_PER_ADDRESS
from clinic.models import OutgoingMail
from tests.appointments.patients import ANSWERS, DETAILS, SAFETY, safety_check
from tests.plain_browser import PlainBrowser
from tests.served_site import ServedSite

POSTS, AT_A_TIME = 400, 6
numbers = itertools.count()


@pytest.fixture
def limited_site(
    transactional_db: None, static_root: Path, tmp_path: Path, settings: LazySettings
) -> Iterator[ServedSite]:
    """Four workers with the limits of production, behind a proxy that names the sender's address."""
    site = ServedSite(tmp_path, static_root)
    site.environment |= {"SERVED_WITH_LIMITS": "true", "BEHIND_TLS_PROXY": "true"}
    settings.SECRET_KEY = site.environment["SECRET_KEY"]  # to sign safety checks that it takes
    site.start(workers=4)
    yield site
    site.stop()


class Sender:
    """A browser at one address, behind which there may be many people."""

    def __init__(self, site: ServedSite, address: str) -> None:
        self.browser = PlainBrowser(site.url, headers={"X-Forwarded-For": f"198.51.100.77, {address}"})
        self.browser.get(SAFETY)
        self.pattern = safety_check()

    def send(self) -> int:
        """Send the form of another person; the status of the answer."""
        number = next(numbers)
        began = self.pattern.begun_at - 60
        token = replace(self.pattern, key=self.pattern.begin().key, begun_at=began).token
        person = {
            "phone": f"424 555 {number:04}",
            "email": f"{number}@example.com",
            "full_name": f"Person {number}",
        }
        day = {"birth_date_year": str(1920 + number % 90), "birth_date_day": str(1 + number % 28)}
        fields = {**ANSWERS, **person, **day, "safety": token, "button": "send"}
        return self.browser.copy().post(DETAILS, fields).status


def flood(senders: list[Sender], bystander: list[Sender]) -> tuple[Counter[int], list[float], Counter[int]]:
    """POSTS posts, taken in turns by the senders, while others send now and then: what both were answered, and the
    seconds that the others waited."""
    waited: list[float] = []
    answered: Counter[int] = Counter()
    is_over = threading.Event()

    def stand_by() -> None:
        for sender in itertools.cycle(bystander):
            if is_over.is_set():
                return
            began = time.perf_counter()
            answered[sender.send()] += 1
            waited.append(time.perf_counter() - began)
            is_over.wait(0.1)

    other = threading.Thread(target=stand_by)
    other.start()
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        turns = itertools.islice(itertools.cycle(senders), POSTS)
        statuses = Counter(pool.map(lambda sender: sender.send(), turns))
    is_over.set()
    other.join()
    return statuses, waited, answered


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_flood_from_one_address_is_held_exactly_and_slows_nobody_else(
    clinic_data: None, limited_site: ServedSite
) -> None:
    crowd = [Sender(limited_site, f"203.0.113.{number}") for number in range(POSTS // MOST_PER_ADDRESS)]
    others = [Sender(limited_site, f"192.0.2.{number}") for number in range(30)]

    # The same number of posts from many addresses: all of them pass, and the others wait as long as that takes.
    from_many, usual, answered_then = flood(crowd, others[:15])
    assert from_many == {302: POSTS}
    assert set(answered_then) == {302}
    before = AppointmentRequest.objects.count()

    from_one, waited, answered = flood([Sender(limited_site, "203.0.113.200")], others[15:])
    assert from_one == {302: MOST_PER_ADDRESS, 429: POSTS - MOST_PER_ADDRESS}
    assert set(answered) == {302}
    assert AppointmentRequest.objects.count() == before + MOST_PER_ADDRESS + answered[302]
    mails = OutgoingMail.objects.filter(function="appointments.emails.received")
    assert mails.count() == AppointmentRequest.objects.count()
    ratio = statistics.median(waited) / statistics.median(usual)
    print(f"others waited {ratio:.2f} of what they wait while as many others send")  # noqa: T201
    assert ratio < 1.5
