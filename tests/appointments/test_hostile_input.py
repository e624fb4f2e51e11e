"""Every hostile string in every field of every form and every part of an address.

Never a server error: a kind error, or the text shown as text. All strings go through the real middleware, forms,
templates and database; several travel in one request, each in a field of its own.
"""

import html
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser
from http.client import HTTPConnection
from typing import Any
from unicodedata import normalize
from urllib.parse import quote, urlencode

import pytest
from django.conf import LazySettings, settings
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from appointments.forms import AppointmentRequestForm
from appointments.models import AppointmentRequest
from clinic.urls import urlpatterns as site_urls
from tests.appointments.patients import ANSWERS, DETAILS, post, safety_check, sent
from tests.form_posts import FORM, page, post_form
from tests.hostile_strings import ALL, OURS, as_received
from tests.served_site import ServedSite

SAFETY = "/appointments/request/"
HELP = "/appointments/request/help/"
QUEUE = "/admin/appointments/appointmentrequest/"
LINES = {"full_name": 150, "proxy_name": 150, "proxy_relation": 60, "other_language": 60, "unsuitable_dates": 300}
LIMITS = {**LINES, "problem": 2_000, "note": 1_000}  # characters
ON_THE_RECORD = ("full_name", "problem", "unsuitable_dates")  # of these, what its page shows to staff
TEXT_OF_A_PROXY = {"proxy_name": "Testa Daughter", "proxy_relation": "daughter", "has_proxy_consent": "on"}
DATES = ("birth_date", "earliest_date", "latest_date")
PARTS_OF_A_DATE = ("month", "day", "year")
PARTS = range(2)  # so that several processes share the work

in_parts = pytest.mark.parametrize("part", PARTS)


# What is looked for


class Vocabulary(HTMLParser):
    """The tags of a page, each with the names of its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: set[tuple[str, str]] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.words |= {(tag, ""), *((tag, name) for name, _ in attrs)}


class Watch:
    """Looks at answers, and keeps what is wrong with them."""

    def __init__(self) -> None:
        self.vocabulary: set[tuple[str, str]] = set()
        self.wrong: list[str] = []
        self.answers = 0

    def learn(self, response: Any) -> Any:
        """The tags and attributes that pages have without hostile text."""
        assert response.status_code < 500
        self.vocabulary |= Vocabulary(page(response)).words
        return response

    def look(self, response: Any, texts: Iterable[str], *, shown: Iterable[str] = ()) -> Any:
        """Note a server error, a tag made of a text, and a text that is `shown` otherwise than as text."""
        self.answers += 1
        texts, body = list(texts), page(response).replace("\r\n", "\n")
        where = f"{response.request['REQUEST_METHOD']} {response.request['PATH_INFO'][:80]}"
        if response.status_code >= 500:
            self.wrong.append(f"{response.status_code} {where} {shortened(texts)}")
        if any(character in text for text in texts for character in "<>\"'"):
            foreign = Vocabulary(body).words - self.vocabulary
            raw = [text for text in texts if "<" in text and len(text) > 3 and text in body]
            if foreign or raw:
                self.wrong.append(f"{foreign or 'raw text'} on {where} {shortened(raw or texts)}")
        for text in shown:
            if html.escape(text).replace("\r\n", "\n") not in body:
                self.wrong.append(f"not shown on {where}: {shortened([text])}")
        return response

    def report(self) -> None:
        """Fail with the first things that were wrong."""
        assert not self.wrong, "\n".join(self.wrong[:12])
        assert self.answers


def shortened(texts: Iterable[str]) -> list[str]:
    return [ascii(text[:60]) for text in texts]


def of_part(part: int) -> Iterator[tuple[int, str]]:
    """The strings of one part, each with its place among all."""
    return ((number, text) for number, text in enumerate(ALL) if number % len(PARTS) == part)


def spread(names: Iterable[str], number: int) -> dict[str, str]:
    """A different string for each name; over all numbers, each string stands once in each."""
    return {name: ALL[(number + 11 * step) % len(ALL)] for step, name in enumerate(names)}


def packed(limit: int) -> list[str]:
    """All strings that a field of this many characters could take, as few texts as will hold them."""
    packs = [""]
    for text in (as_received(text).strip() for text in ALL):
        if "\0" in text or not text:
            continue
        text = re.sub(r"\r\n|\r", "\n", text)
        if len(text) > limit:
            continue
        if len(packs[-1]) + 3 + len(text) > limit:
            packs.append("")
        packs[-1] = f"{packs[-1]} | {text}" if packs[-1] else text
    return packs


@pytest.fixture
def browser(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """Server errors come back as answers. Thousands of requests follow: whatever slows them down is left out."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr("django.test.client.store_rendered_templates", lambda *args, **kwargs: None)
    logging.disable(logging.CRITICAL)
    yield Client(raise_request_exception=False)
    logging.disable(logging.NOTSET)


@pytest.fixture
def watch(clinic_data: None, browser: Client, staff_browser: Client) -> Watch:
    """It has seen every page once with harmless text, also with mistakes."""
    watch = Watch()
    for fields in ({}, {"none": "on", "emergency": "x", "urgent": "x", "mention": "x"}, {"none": "on"}):
        watch.learn(post_form(browser, SAFETY, fields))
    watch.learn(post(browser, safety_check("bladder"), "check"))
    wrong = {**dict.fromkeys([*ANSWERS, *form_fields()], "x"), "full_name": "", "problem": "", "consent": ""}
    for button, changes in (("check", {}), ("check", wrong), ("change", {})):
        watch.learn(post(browser, safety_check("fever"), button, **changes))
    with transaction.atomic():
        appointment_request = sent(browser, "fever")
        token_page = appointment_request.status_path()
        watch.learn(browser.get(token_page))
        watch.learn(post_form(browser, token_page, {}))
        watch.learn(staff_browser.get(QUEUE))  # with what nobody has taken yet
        move = f"{QUEUE}{appointment_request.pk}/move"
        watch.learn(post_form(staff_browser, f"{move}/in_review/", {"version": "x"}))
        post_form(staff_browser, f"{move}/in_review/", {"version": 1, "note": "x"})
        for fields in ({}, {"appointment_starts_at_0": "x", "appointment_starts_at_1": "x"}):
            watch.learn(post_form(staff_browser, f"{move}/booked/", {"version": 2, **fields}))
        watch.learn(post_form(staff_browser, f"{move}/declined/", {"version": 1, "note": "x"}))
        watch.learn(post_form(staff_browser, f"{move}/received/", {"version": 2, "note": "x"}))
        watch.learn(staff_browser.get(QUEUE))
        post_form(browser, token_page, {"is_sure": "on"})
        watch.learn(post_form(browser, token_page, {"is_sure": "on"}))
        watch.learn(staff_browser.get(QUEUE, {"status": "booked"}))
        watch.learn(staff_browser.get(QUEUE, {"status": "all", "_popup": "1"}))
        transaction.set_rollback(True)
    watch.learn(post_form(browser, "/admin/login/", {"username": "x", "password": "x"}))
    watch.learn(post_form(browser, "/admin/login/", {}))
    for address in ("/nowhere/", "/?x=%00", "/admin/nowhere/", f"{QUEUE}0/change/"):
        watch.learn(staff_browser.get(address))
    return watch


@pytest.fixture
def staff_browser(clinic_data: None, staff: Callable[[str], User]) -> Client:
    """A clinician's browser."""
    client = Client(raise_request_exception=False)
    client.force_login(staff("clinician"))
    return client


# Forms


@pytest.mark.django_db
@in_parts
def test_safety_check_takes_any_text(watch: Watch, browser: Client, part: int) -> None:
    for number, text in of_part(part):
        address = f"{SAFETY}?{urlencode({'article': text}, errors='surrogatepass')}"
        fields = spread(("emergency", "urgent", "mention", "none"), number)
        watch.look(post_form(browser, address, fields), [text, *fields.values()])
        if number < len(OURS):  # and on with it, as the article that the patient came from
            response = watch.look(post_form(browser, address, {"none": "on"}), [text])
            if response.status_code == 200:
                token = re.findall(r'name="safety" value="([^"]+)"', page(response))[0]
                watch.look(post(browser, token, "check"), [text])
                with transaction.atomic():
                    watch.look(post(browser, token, "send"), [text])
                    transaction.set_rollback(True)
    watch.report()


@pytest.mark.django_db
@in_parts
def test_details_take_any_text(watch: Watch, browser: Client, part: int) -> None:
    """Every field at once; what was typed stands in its box again."""
    boxes = (*LINES, "problem", "phone", "email", *(f"{date}_{part}" for date in DATES for part in PARTS_OF_A_DATE))
    others = sorted({*form_fields(), "preferred_times"} - {*boxes, *DATES, "windows"})
    token = safety_check().token
    for number, _ in of_part(part):
        fields = spread((*boxes, *others, "windows", "button"), number)
        shown = [as_received(fields[box]) for box in boxes]
        # The strings stand once more as one choice among several, and as the safety check itself.
        fields |= {"safety": token}
        several = {**fields, "windows": ["0-morning", fields["windows"]]}
        answer = post_form(browser, DETAILS, several)
        watch.look(answer, fields.values(), shown=shown if answer.status_code == 422 else ())
    watch.report()


@pytest.mark.django_db
@in_parts
def test_small_forms_take_any_text(watch: Watch, browser: Client, part: int) -> None:
    help_token = safety_check("bladder").token
    own = sent(browser)
    for number, text in of_part(part):
        fields = spread(("is_checked_by_clinician", "button", "full_name"), number)
        watch.look(post_form(browser, HELP, {**fields, "safety": help_token}), fields.values())
        if number < len(OURS):
            watch.look(post_form(browser, HELP, {"safety": text, "is_checked_by_clinician": "on"}), [text])
        with transaction.atomic():
            watch.look(post_form(browser, own.status_path(), {"is_sure": text, "status": text}), [text])
            transaction.set_rollback(True)
    watch.report()


@pytest.mark.django_db
@in_parts
def test_sent_text_is_shown_as_text_everywhere(
    watch: Watch, browser: Client, staff_browser: Client, part: int
) -> None:
    """To the patient who checks it, and to staff in the queue and on the record, beside their own notes."""
    packs = {name: packed(limit) for name, limit in LIMITS.items()}
    singles = [as_received(text) for text in OURS]
    count = max(map(len, packs.values())) + len(singles)
    stored: list[AppointmentRequest] = []
    for number in range(part, count, len(PARTS)):
        if number < len(singles):
            texts = {name: singles[(number + 11 * step) % len(singles)] for step, name in enumerate(LIMITS)}
        else:
            texts = {name: pack[number % len(pack)] for name, pack in packs.items()}
        stored.append(send_and_look(watch, browser, staff_browser, texts))
    names = [request.full_name for request in stored]
    query = ""
    for first in range(0, len(stored), 50):
        queue = staff_browser.get(QUEUE + query)
        watch.look(queue, names, shown=names[first : first + 50])
        next_page = re.search(r'rel="next" href="([^"]+)"', page(queue))
        query = html.unescape(next_page[1]) if next_page else ""
    watch.report()


def send_and_look(
    watch: Watch, browser: Client, staff_browser: Client, texts: dict[str, str]
) -> AppointmentRequest:
    """Check, send, start the review with a note, look at the record. What the form refuses is left out."""
    answers = {"has_proxy_consent": "on", **{name: text for name, text in texts.items() if name != "note"}}
    safety = safety_check("fever")
    check = watch.look(post(browser, safety, "check", **answers), texts.values())
    if check.status_code == 422:
        usual = {**ANSWERS, **TEXT_OF_A_PROXY}
        answers = {name: usual[name] if is_refused(check, name) else text for name, text in answers.items()}
        check = watch.look(post(browser, safety, "check", **answers), texts.values())
    shown = [
        as_kept(text) if name == "problem" else as_line(text) for name, text in answers.items() if text != "on"
    ]
    watch.look(check, texts.values(), shown=shown)
    sent_to = watch.look(post(browser, safety, "send", **answers), texts.values()).headers["Location"]
    assert browser.get(sent_to).status_code == 200

    stored = AppointmentRequest.objects.get(key=safety.key)
    kept = {name: getattr(stored, name) for name in answers if name != "has_proxy_consent"}
    assert kept == dict(zip(kept, shown, strict=True))
    move = f"{QUEUE}{stored.pk}/move/in_review/"
    moved = watch.look(post_form(staff_browser, move, {"version": 1, "note": texts["note"]}), texts.values())
    note = as_kept(texts["note"]) if moved.status_code == 302 else ""
    record = staff_browser.get(f"{QUEUE}{stored.pk}/change/")
    watch.look(record, texts.values(), shown=[*(kept[name] for name in ON_THE_RECORD), note])
    return stored


def is_refused(response: Any, name: str) -> bool:
    """Whether the form says of this field that it is wrong."""
    return f'id="id_{name}_error"' in page(response)


def as_kept(text: str) -> str:
    """A text as a form keeps it: without blanks at its ends, and nothing where nothing can be seen."""
    kept = text.strip().replace("\r\n", "\n")
    return kept if re.search(r"[^\s\u200b-\u200f\u2060-\u206f\ufeff\x00-\x1f\x7f-\x9f]", kept) else ""


def as_line(text: str) -> str:
    """A text as a form keeps it where one line is asked for: composed, its lines joined."""
    return as_kept(" ".join(line.strip() for line in normalize("NFC", text).splitlines() if line.strip()))


def form_fields() -> set[str]:
    """The names of all questions of the form."""
    return {name for section in AppointmentRequestForm.SECTIONS for name in section.names()}


@pytest.mark.django_db
@in_parts
def test_moves_take_any_text(watch: Watch, browser: Client, staff_browser: Client, part: int) -> None:
    stored = sent(browser)
    move = f"{QUEUE}{stored.pk}/move"
    post_form(staff_browser, f"{move}/in_review/", {"version": 1})
    names = ("note", "appointment_starts_at_0", "appointment_starts_at_1")
    for number, text in of_part(part):
        fields = spread(names, number)
        with transaction.atomic():
            version = text if number // len(PARTS) % 2 else "2"
            answer = post_form(staff_browser, f"{move}/booked/", {"version": version, **fields})
            watch.look(answer, [version, *fields.values()], shown=map(as_received, fields.values()))
            if number < len(OURS):
                watch.look(post_form(staff_browser, f"{move}/declined/", {"version": text}), [text])
                watch.look(post_form(staff_browser, f"{move}/declined/", {"version": "2", "note": text}), [text])
            transaction.set_rollback(True)
    stored.refresh_from_db()
    assert (stored.status, stored.version) == ("in_review", 2)
    watch.report()


@pytest.mark.django_db
@in_parts
def test_sign_in_takes_any_text(watch: Watch, browser: Client, part: int) -> None:
    for number, text in of_part(part):
        fields = spread(("username", "password", "next"), number)
        address = f"/admin/login/?{urlencode({'next': text}, errors='surrogatepass')}"
        watch.look(post_form(browser, address, fields), [text, *fields.values()])
    watch.report()


@pytest.mark.django_db
def test_sign_in_leads_nowhere_else(browser: Client, staff: Callable[..., User]) -> None:
    person = staff("reception")
    person.set_password("a long password of the test")
    person.save()
    for text in ALL:
        if "\0" in text or not re.search(r"[/\\:]", text):
            continue
        fields = {"username": person.username, "password": "a long password of the test", "next": text}
        response = post_form(Client(), "/admin/login/", fields)
        assert response.status_code == 302
        location = response.headers["Location"]
        assert re.match(r"/(?![/\\])", location) or not re.match(r"[\\/]|[a-z][a-z0-9+.-]*:", location, re.I), (
            location
        )


# Addresses


@pytest.mark.django_db
@in_parts
def test_queue_takes_any_address(watch: Watch, browser: Client, staff_browser: Client, part: int) -> None:
    sent(browser)
    names = ("status", "urgency", "p", "o", "q", "e", "all", "_facets", "_popup", "_to_field")
    for number, text in of_part(part):
        chosen = spread(names[:6] if number // len(PARTS) % 2 else names[4:], number)
        query = urlencode(chosen, errors="surrogatepass")
        watch.look(staff_browser.get(QUEUE, QUERY_STRING=query), chosen.values())
        if number >= len(OURS):
            continue
        name = ("full_name__regex", "id__in", "birth_date__year", text)[number % 4]
        query = urlencode({name: text}, errors="surrogatepass")
        with transaction.atomic():
            watch.look(staff_browser.get(QUEUE, QUERY_STRING=query), [text])
            transaction.set_rollback(True)
    watch.report()


@pytest.mark.django_db
@in_parts
def test_addresses_take_any_text(watch: Watch, browser: Client, staff_browser: Client, part: int) -> None:
    public = ("/conditions/{}/", "/causes/{}/", "/treatments/{}/", "/appointments/r/{}/", "/{}", "/static/{}")
    for_staff = (f"{QUEUE}{{}}/change/", f"{QUEUE}1/move/{{}}/", f"{QUEUE}{{}}/history/", "/admin/{}/")
    for number, text in of_part(part):
        segment = quote(text.encode(errors="surrogatepass"), safe="")
        address = public[number % len(public)]
        watch.look(browser.get(address.format(segment)), [text])
        watch.look(staff_browser.get(for_staff[number % len(for_staff)].format(segment)), [text])
        if number < len(OURS):
            for address in public:
                watch.look(browser.get(address.format(segment)), [text])
            for address in for_staff:
                watch.look(staff_browser.get(address.format(segment)), [text])
                watch.look(post_form(staff_browser, address.format(segment), {"version": "1"}), [text])
    watch.report()


@pytest.mark.django_db
def test_headers_take_any_text(watch: Watch, browser: Client) -> None:
    for text in [*OURS, *packed(2_000)]:
        value = as_received(text).encode()[:4_000].decode("latin-1").replace("\r", "").replace("\n", "")
        names = ("ACCEPT", "ACCEPT_LANGUAGE", "USER_AGENT", "REFERER", "IF_MODIFIED_SINCE", "IF_NONE_MATCH")
        forwarded = ("X_FORWARDED_FOR", "X_FORWARDED_HOST", "X_FORWARDED_PROTO")
        headers: dict[str, Any] = {f"HTTP_{name}": value for name in (*names, *forwarded)}
        cookies = f"csrf={value}; session={value}; messages={value}; {value}"
        watch.look(browser.generic("GET", SAFETY, **{**headers, "HTTP_COOKIE": cookies}), [text])
        watch.look(browser.get("/admin/", HTTP_COOKIE=cookies), [text])
        watch.look(browser.get("/", HTTP_HOST=value), [text])
    watch.report()


# What no form of ours can have sent


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; boundary=x",
        "Multipart/Form-Data; boundary=x",
        " multipart/form-data ;boundary=x",
        "multipart/form-data",
        'multipart/form-data; boundary="',
        "multipart/form-data; boundary=" + "x" * 300,
    ],
)
def test_multipart_is_refused(clinic_data: None, browser: Client, content_type: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="full_name"; filename="a"\r\n\r\nTesta\r\n--x--\r\n'
    for address in (SAFETY, DETAILS, "/admin/login/", "/"):
        response = browser.post(address, body, content_type=content_type)
        assert response.status_code == 415, address
        assert "We cannot take files" in page(response)


@pytest.mark.django_db
@pytest.mark.parametrize("size", [100_001, 1_000_001, 10_000_000, 21_000_000])
def test_body_that_is_too_long_is_refused(clinic_data: None, browser: Client, size: int) -> None:
    staff_pages = ("/admin/login/",) if size > 1_000_000 else ()  # an article in the admin is long
    for address in (DETAILS, "/nowhere/", *staff_pages):
        response = browser.post(address, b"problem=" + b"x" * (size - 8), content_type=FORM)
        assert response.status_code == 413, address
        assert "Traceback" not in page(response)
    assert not AppointmentRequest.objects.exists()


@pytest.mark.django_db
def test_body_at_the_limit_is_read(clinic_data: None, browser: Client) -> None:
    fields = urlencode({**ANSWERS, "safety": safety_check().token, "button": "check", "problem": ""}, doseq=True)
    body = fields + "&problem=" + "x" * (100_000 - len(fields) - 9)
    assert len(body) == 100_000
    response = browser.post(DETAILS, body, content_type=FORM)
    assert response.status_code == 422
    assert "2,000 characters or less" in page(response)


@pytest.mark.django_db
@pytest.mark.parametrize("address", [SAFETY, DETAILS, "/admin/login/"])
def test_too_many_fields_are_refused(clinic_data: None, browser: Client, address: str) -> None:
    most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    for body in ("a=1&" * (most + 1), "&".join(f"f{number}=1" for number in range(most + 1))):
        response = browser.post(address, body, content_type=FORM)
        assert response.status_code == 400
        assert "Traceback" not in page(response)
    assert browser.get(SAFETY, QUERY_STRING="a=1&" * (most + 1)).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_other_charset_is_no_way_in(clinic_data: None, served_site: ServedSite) -> None:
    """In the server as it runs: Django looks at the charset before any middleware, and so fails before it."""
    body = urlencode({**ANSWERS, "safety": "x", "button": "check"}, doseq=True).encode()
    half_characters = f"{SAFETY}?article=%5cud800+%2B2ADYAA-"
    for charset in (
        "utf-16",
        "utf-7",
        "raw_unicode_escape",
        "hex",
        "idna",
        "undefined",
        "nonsense",
        "",
        '"',
        "x" * 500,
    ):
        for parameter in (f"charset={charset}", f"charset*=utf-8''{charset}"):
            for method, address, content in (("GET", half_characters, b""), ("POST", DETAILS, body)):
                connection = HTTPConnection("127.0.0.1", served_site.port, timeout=20)
                connection.request(method, address, content, {"Content-Type": f"{FORM}; {parameter}"})
                response = connection.getresponse()
                assert response.status in {200, 403}, (method, parameter)  # 403: no token of a page of ours
                assert response.headers["Content-Security-Policy"]
                connection.close()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "text/xml", "", "x", "multipart/mixed; boundary=x"]
)
def test_other_kind_of_body_is_as_good_as_none(clinic_data: None, browser: Client, content_type: str) -> None:
    response = browser.generic("POST", DETAILS, b'{"safety": "x", "full_name": "Testa"}', content_type=content_type)
    assert (response.status_code, response.headers["Location"]) == (302, SAFETY)


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "FOO", "OPTIONS"])
def test_other_method_is_refused_everywhere(
    clinic_data: None, browser: Client, staff_browser: Client, method: str
) -> None:
    own = sent(browser)
    addresses = (
        *(
            "/",
            "/conditions/",
            "/conditions/lower-back-pain-when-walking/",
            "/causes/sciatica/",
            "/treatments/surgery/",
        ),
        *(SAFETY, HELP, DETAILS, own.status_path(), "/privacy/", "/accessibility/", "/healthz", "/readyz"),
        *("/admin/", "/admin/login/", "/admin/logout/", QUEUE, f"{QUEUE}{own.pk}/change/", "/nowhere/"),
    )
    for address in addresses:
        for client in (browser, staff_browser, Client(enforce_csrf_checks=True)):
            response = client.generic(method, address, b"x=1", content_type=FORM)
            assert response.status_code == 405, address
            assert response.headers["Allow"] == "GET, HEAD, POST"
    own.refresh_from_db()
    assert own.version == 1


# The proof that all this can fail


def breaks(request: HttpRequest) -> HttpResponse:
    """Careless about digits, as int() and isdigit() make one: the tests must see it."""
    return HttpResponse(str(int(request.POST.get("full_name", "0")) if request.POST["full_name"].isdigit() else 0))


def reflects(request: HttpRequest) -> HttpResponse:
    """Careless about HTML."""
    return HttpResponse(f"<p>{request.POST['full_name']}</p>")


urlpatterns = [path("breaks/", breaks), path("reflects/", reflects), *site_urls]
handler500 = "clinic.views.server_error"


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_view_broken_on_purpose_is_found(watch: Watch, browser: Client) -> None:
    for text in ALL:
        watch.look(post_form(browser, "/breaks/", {"full_name": text}), [text])
    errors = [wrong for wrong in watch.wrong if wrong.startswith("500")]
    assert any("xb2" in wrong for wrong in errors)
    assert any("9999" in wrong for wrong in errors)


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_text_shown_as_html_is_found(watch: Watch, browser: Client) -> None:
    dangerous = [text for text in ALL if re.search(r"<(script|img|svg|h1)\b", text, re.I)]
    assert len(dangerous) >= 4
    for number, text in enumerate(dangerous, start=1):
        watch.look(post_form(browser, "/reflects/", {"full_name": text}), [text])
        assert len(watch.wrong) >= number, ascii(text)
