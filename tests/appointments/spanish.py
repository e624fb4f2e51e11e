"""Every page of the request journey by the same steps in each language."""

import datetime
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils import timezone, translation

from appointments.lifecycle import RequestStatus, Role
from appointments.models import AppointmentRequest
from clinic.views import server_error
from tests.appointments.moves import let_go, prepare
from tests.appointments.patients import ANSWERS, safety_check
from tests.form_posts import page, post_form

# Right in nothing that can be wrong.
WRONG: dict[str, Any] = {
    **{"article": "none/such", "problem": "x" * 2_001, "duration": "x", "course": "x", "records_held": ["x"]},
    **{"full_name": "x" * 151, "birth_date_month": "2", "birth_date_day": "31", "birth_date_year": "1990"},
    **{"proxy_name": "x" * 151, "proxy_relation": "x" * 61, "has_proxy_consent": "", "other_language": "x" * 61},
    **{"phone": "x", "email": "x", "preferred_contact": "x", "windows": ["x"], "payment_option": "0"},
    **{"earliest_date_month": "1", "earliest_date_year": "20", "latest_date_month": "1", "latest_date_day": "1"},
    **{"latest_date_year": "2001", "unsuitable_dates": "x" * 301, "consent": ""},
}
WAYS: dict[RequestStatus, tuple[RequestStatus, ...]] = {
    RequestStatus.RECEIVED: (),
    RequestStatus.IN_REVIEW: (RequestStatus.IN_REVIEW,),
    RequestStatus.AWAITING_PATIENT: (RequestStatus.IN_REVIEW, RequestStatus.AWAITING_PATIENT),
    RequestStatus.BOOKED: (RequestStatus.IN_REVIEW, RequestStatus.BOOKED),
    RequestStatus.DECLINED: (RequestStatus.IN_REVIEW, RequestStatus.DECLINED),
    RequestStatus.UNREACHABLE: (RequestStatus.IN_REVIEW, RequestStatus.UNREACHABLE),
    RequestStatus.DUPLICATE: (RequestStatus.IN_REVIEW, RequestStatus.DUPLICATE),
    RequestStatus.WITHDRAWN: (RequestStatus.WITHDRAWN,),
}
Pages = Iterator[tuple[str, str]]


class Walk:
    """One patient's way through every page under a prefix, "" or "/es"."""

    def __init__(self, prefix: str, clinician: User) -> None:
        self.language = prefix.strip("/") or "en"
        self.home = f"{prefix}/appointments/"
        self.clinician = clinician
        # An address of its own: each may try to find a lost link just so often.
        self.client = Client(REMOTE_ADDR=f"192.0.2.{1 + len(prefix)}")

    def pages(self) -> dict[str, str]:
        """Each page under a name that is the same in each language. Leaves requests in every status."""
        parts = (self.before_the_form(), self.the_form(), self.the_ends(), self.following(), self.faults())
        return dict(named for part in parts for named in part)

    def get(self, path: str, status: int = 200) -> str:
        """A page that is asked for."""
        return self._text(self.client.get(self.home + path), status)

    def post(self, path: str, fields: dict[str, Any], status: int = 200) -> str:
        """A page that answers a form."""
        return self._text(post_form(self.client, self.home + path, fields), status)

    def _text(self, response: Any, status: int) -> str:
        assert response.status_code == status, page(response)
        assert response.headers["Content-Language"] == self.language
        return page(response)

    def before_the_form(self) -> Pages:
        """The safety check, and the way to help."""
        yield "safety check", self.get("request/?language=en&article=cause/sciatica")
        yield "nothing ticked", self.post("request/", {}, 422)
        yield "both ticked", self.post("request/", {"none": "on", "urgent": "fever"}, 422)
        yield "help", self.post("request/", {"emergency": ["chest-pain", "bladder"]})
        token = safety_check("chest-pain").token
        yield "help, not checked", self.post("request/help/", {"safety": token}, 422)
        yield "form, checked", self.post("request/help/", {"safety": token, "is_checked_by_clinician": "on"})
        yield "form, urgent", self.post("request/", {"urgent": "fever"})

    def the_form(self) -> Pages:
        """Its errors, each kind of them, and the page to check it."""
        token = safety_check().token
        everything = dict.fromkeys((*ANSWERS, *WRONG), "")
        tries: dict[str, dict[str, Any]] = {
            "empty": everything,
            "wrong": {**ANSWERS, **WRONG},
            "half a date": {**ANSWERS, "birth_date_month": "", "birth_date_day": ""},
            "short year": {**ANSWERS, "birth_date_year": "62", "earliest_date_day": "1", "latest_date_year": "7"},
            "born too early": {**ANSWERS, "birth_date_year": "1899"},
            "not born yet": {**ANSWERS, "birth_date_year": "2999"},
            "no phone": {**ANSWERS, "phone": ""},
            "no phone for texts": {**ANSWERS, "phone": "", "preferred_contact": "text"},
            "no mail": {**ANSWERS, "email": "", "preferred_contact": "email"},
            "half a proxy": {**ANSWERS, "proxy_name": "Testa Other"},
            "which language": {**ANSWERS, "spoken_language": "other"},
            "too far": {**ANSWERS, **_date("earliest", 2999), **_date("latest", 2999)},
        }
        for name, fields in tries.items():
            yield name, self.post("request/details/", {**fields, "safety": token, "button": "check"}, 422)
        answers = {**ANSWERS, "safety": safety_check(article_key="cause/sciatica").token, "button": "check"}
        yield "check", self.post("request/details/", {**answers, "article": "cause/sciatica"})
        yield "asked again", self.post("request/details/", {**answers, "safety": safety_check().begin().token})

    def the_ends(self) -> Pages:
        """How Send may end."""
        answers = {**ANSWERS, "safety": safety_check().token, "button": "send"}
        self.post("request/details/", answers, 302)
        yield "already sent", self.post("request/details/", {**answers, "problem": "Other."}, 409)
        for name in ("not_sent", "too_many"):
            for button in ("send", "check"):
                yield f"{name}, {button}", self._drawn(f"appointments/{name}.html", button=button)
        yield "too quick", self._drawn("appointments/check_answers.html", is_too_quick=True)

    def _drawn(self, template: str, **context: Any) -> str:
        """A page that takes a fault of the machine, or many tries, to be seen."""
        with translation.override(self.language):
            request = RequestFactory().post(self.home)
            request.LANGUAGE_CODE = self.language
            return render_to_string(template, context, request)

    def sent(self, **changes: Any) -> AppointmentRequest:
        """A request that this patient sends."""
        safety = safety_check()
        answers = {**ANSWERS, **changes, "safety": safety.token, "button": "send"}
        response = post_form(self.client, f"{self.home}request/details/", answers)
        assert response.headers["Location"].startswith(self.home), "the way leads out of the language"
        return AppointmentRequest.objects.get(key=safety.key)

    def following(self) -> Pages:
        """The status page in every status, and what can be said on it."""
        for status in WAYS:
            sent = self.sent_and_moved(status)
            assert sent.language == self.language
            address = sent.status_path().removeprefix(self.home)
            yield f"status {status}", self.get(address)
            yield from self._verbs(status, address)
        yield "late", self.get(self._late().status_path().removeprefix(self.home))

    def sent_and_moved(self, status: RequestStatus) -> AppointmentRequest:
        """A request of a patient of its own, in this status."""
        sent = self.sent(full_name=f"Testa {status.label}", birth_date_year=str(1950 + len(status)))
        for step in WAYS[status]:
            self._move(sent, step)
        return sent

    def _move(self, sent: AppointmentRequest, step: RequestStatus) -> None:
        starts_at = timezone.now() + datetime.timedelta(days=8) if step == RequestStatus.BOOKED else None
        more = prepare(sent, step, self.clinician)
        needs_message = step in {RequestStatus.AWAITING_PATIENT, RequestStatus.DECLINED}
        sent.move_to(
            step,
            by=self.clinician,
            roles=frozenset({Role.CLINICIAN}),
            note="A note.",
            message="123" if needs_message else "",
            appointment_starts_at=starts_at,
            **more,
        )
        let_go(sent)

    def _verbs(self, status: RequestStatus, address: str) -> Pages:
        wrong = {"words": "x" * 1_001, "phone": "x", "email": "x", "latest_date_month": "1", "windows": ["x"]}
        for name in ("worse", "contact", "times", "add", "withdraw"):
            if (status, name) != (RequestStatus.WITHDRAWN, "withdraw"):  # what is withdrawn leads back to its page
                yield f"{status}, {name}", self.get(f"{address}{name}/")
        if status == RequestStatus.RECEIVED:
            for name in ("worse", "contact", "times", "add", "withdraw"):
                yield f"{name}, wrong", self.post(f"{address}{name}/", wrong, 422)
            yield "contact, nothing", self.post(f"{address}contact/", {}, 422)
            none_left = {"no_longer": ["phone", "email"], "preferred_contact": "phone"}
            yield "contact, none left", self.post(f"{address}contact/", none_left, 422)
            yield "worse, now", self.post(f"{address}worse/", {"emergency": "chest-pain"})
            yield "status, worse", self.get(address)

    def _late(self) -> AppointmentRequest:
        """As if it had been sent long ago, and the preferred times were over."""
        sent, then = self.sent(birth_date_year="1949"), timezone.now() - datetime.timedelta(days=60)
        late = {"received_at": then, "reply_by": then + datetime.timedelta(days=1), "windows_end_at": then}
        AppointmentRequest.objects.filter(pk=sent.pk).update(**late)
        return sent

    def faults(self) -> Pages:
        """The lost link, and what went wrong."""
        for unsure in (False, True):
            context = {"token": "x", "typed": [("words", "123")], "may_have_arrived": unsure}
            yield f"not received, {unsure}", self._drawn("appointments/not_received.html", **context)
        yield "find", self.get("find/")
        yield "find, wrong", self.post("find/", {"email": "x"}, 422)
        for _ in range(10):
            found = self.post("find/", {"email": "nobody@example.com"})
        yield "found", found
        yield "too often", self.post("find/", {"email": "nobody@example.com"}, 429)
        yield "404", self.get("r/no-such-token/", 404)
        yield "400", self.get("request/?article=%00", 400)
        yield "413", self.post("request/", {"x": "x" * 100_001}, 413)
        yield "415", self._text(self.client.post(f"{self.home}request/", {"x": "x"}), 415)
        strict = Client(enforce_csrf_checks=True)
        yield "403", self._text(post_form(strict, f"{self.home}request/", {}), 403)
        with translation.override(self.language):
            response: HttpResponse = server_error(RequestFactory().get(self.home))
            yield "500", page(response)


def _date(name: str, year: int) -> dict[str, str]:
    return {f"{name}_date_month": "1", f"{name}_date_day": "1", f"{name}_date_year": str(year)}
