"""House rules, as tests. Each fails with the place that breaks it."""

import ast
import gzip
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import django
import pghistory.models
import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models
from django.template import engines
from django.urls import URLPattern, URLResolver, get_resolver

from appointments.lifecycle import RequestStatus
from appointments.management.commands.draw_lifecycle import draw
from conditions.models import Diagram

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("clinic", "conditions", "appointments")
TEMPLATES = sorted(
    path
    for path in (ROOT / "templates").rglob("*")
    if path.suffix in {".html", ".svg", ".txt", ".xml"} and path.is_file()
)
CODE = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts)
# Event tables mirror tracked models, field for field: the lists of those hold for them too.
OUR_MODELS = [
    model
    for room in ROOMS
    for model in apps.get_app_config(room).get_models()
    if not model._meta.proxy and not issubclass(model, pghistory.models.Event)
]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]


# The house


def test_top_level_is_the_fixed_one() -> None:
    allowed = {
        *("manage.py", "clinic", "conditions", "appointments", "templates", "requirements.txt", "tests"),
        *("README.md", "CHANGELOG.md", "Makefile", "pyproject.toml", "requirements.in", "requirements-dev.in"),
        *("requirements-dev.txt", "docs", "deploy", "bench"),
    }
    found = {path.relative_to(ROOT).parts[0] for path in tracked_files()}
    assert {name for name in found if not name.startswith(".")} <= allowed


@pytest.mark.parametrize(
    ("room", "may_not_import"),
    [("clinic", ("conditions", "appointments")), ("conditions", ("appointments",))],
)
def test_arrows_between_rooms_never_point_back(room: str, may_not_import: tuple[str, ...]) -> None:
    for path in (ROOT / room).rglob("*.py"):
        for module in imported_modules(path):
            assert module.split(".")[0] not in may_not_import, f"{name_of(path)} imports {module}"


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_no_signals_between_rooms(path: Path) -> None:
    assert not any("signals" in module for module in imported_modules(path))


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_module_is_about_one_concept(path: Path) -> None:
    vague = {"utils", "helpers", "services", "managers", "constants"}
    assert path.stem not in vague
    allowed = {"appointments/models/request.py": 330}  # the request, its rules and its two writers
    assert len(path.read_text().splitlines()) <= allowed.get(name_of(path), 300)


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_only_env_reads_the_environment(path: Path) -> None:
    allowed = {"clinic/env.py", "clinic/wsgi.py"}
    if name_of(path) in allowed or path.is_relative_to(ROOT / "clinic" / "embedded_postgres"):
        pytest.skip("reads it for the others, or hands it on to a child process")
    assert "os.environ" not in path.read_text()
    assert "getenv" not in path.read_text()


def test_one_word_runs_through_the_corridor() -> None:
    """URL name = view function = template stem."""
    pages_without_a_template = {"healthz", "readyz", "feed", "mail_html", "appointment_calendar", "calendar_feed"}
    shares_a_template = {"cause_detail": "article_detail", "treatment_detail": "article_detail"}
    stems = {path.stem for path in TEMPLATES}
    for name, view in public_views(get_resolver().url_patterns):
        assert view == name
        if name not in pages_without_a_template:
            assert shares_a_template.get(name, name) in stems


def public_views(patterns: list[URLPattern | URLResolver]) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.app_name != "admin":
                yield from public_views(pattern.url_patterns)
        else:
            yield str(pattern.name), pattern.callback.__name__


def test_tests_mirror_the_rooms() -> None:
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= {*ROOMS, "journeys"}
    for folder in (ROOT / "tests").rglob("*"):
        if folder.is_dir() and any(folder.glob("*.py")):
            assert (folder / "__init__.py").exists(), f"{name_of(folder)} has no __init__.py"


# The database


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda model: model.__name__)
def test_every_field_is_private_or_public(model: type[models.Model]) -> None:
    public, private = list(model.PUBLIC_FIELDS), list(model.PRIVATE_FIELDS)  # type: ignore[attr-defined]
    assert sorted(public + private) == sorted(field.name for field in model._meta.fields)


# A time at which something happened, and why nobody of ours is named beside it.
NOBODY_BESIDE = {
    "AppointmentRequest.received_at": "the patient sent it",
    "AppointmentRequest.worse_at": "the patient said it",
    "AppointmentRequest.patient_wrote_at": "the patient wrote",
    "AppointmentRequest.windows_end_at": "when the preferred times have passed",
    "AppointmentRequest.dates_asked_at": "the clock asked",
    "AppointmentRequest.worse_rank_at": "worse_at, for the order of the queue",
    "AppointmentRequest.due_at": "when the standing promise ends, for the order of the queue",
    "AppointmentRequest.appointment_starts_at": "the appointment's own time; its status change names who booked",
    "OutgoingMail.created_at": "its cause is recorded with its own author",
    "OutgoingMail.next_attempt_at": "a worker will try it",
    "OutgoingMail.sent_at": "a worker handed it over",
    "OutgoingMail.failed_at": "the mail server refused it",
    "OutgoingMail.dropped_at": "its own function found nothing to send",
    "RateCount.window_ends_at": "it ends by itself, and whoever is counted stays unknown",
}


@pytest.mark.parametrize("model", OUR_MODELS, ids=lambda model: model.__name__)
def test_every_at_has_its_by(model: type[models.Model]) -> None:
    names = {field.name for field in model._meta.fields}
    for name in names:
        if name.endswith("_at") and f"{model.__name__}.{name}" not in NOBODY_BESIDE:
            assert name.removesuffix("_at") + "_by" in names, f"{model.__name__}.{name} stands alone"


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_every_index_names_its_query(path: Path) -> None:
    lines = path.read_text().splitlines()
    for number, line in enumerate(lines):
        if re.search(r"\bIndex\($", line.strip()) or "models.Index(" in line:
            assert lines[number - 1].strip().startswith("#"), f"{name_of(path)}:{number + 1}"


WRITERS_OF_STATUS = {("appointments/models/acting.py", "move_to"), ("appointments/models/acting.py", "undo_move")}


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_move_to_and_its_undoing_are_the_only_writers_of_status(path: Path) -> None:
    for function, node in nodes_by_function(ast.parse(path.read_text())):
        if writes_status(node):
            place = f"{name_of(path)}:{node.lineno}"  # type: ignore[attr-defined]
            assert (name_of(path), function) in WRITERS_OF_STATUS, place


def nodes_by_function(tree: ast.AST, function: str = "") -> Iterator[tuple[str, ast.AST]]:
    for node in ast.iter_child_nodes(tree):
        inside = node.name if isinstance(node, ast.FunctionDef) else function
        yield inside, node
        yield from nodes_by_function(node, inside)


def writes_status(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        flat = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
        return any(isinstance(target, ast.Attribute) and target.attr == "status" for target in flat)
    if isinstance(node, ast.Dict):  # values on their way into the row
        return any(isinstance(key, ast.Constant) and key.value == "status" for key in node.keys)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        updates = node.func.attr in {"update", "bulk_update", "update_or_create", "create"}
        return updates and any(keyword.arg == "status" for keyword in node.keywords)
    return False


def test_psycopg_2_is_the_driver() -> None:
    from django.db.backends.postgresql.psycopg_any import is_psycopg3

    assert is_psycopg3 is False
    assert connection.vendor == "postgresql"


def test_no_model_gives_its_secret_address_to_the_admin() -> None:
    """Whoever may sign in is led to any object's get_absolute_url, by its number, at /admin/r/."""
    public = {"Article"}
    assert {model.__name__ for model in OUR_MODELS if hasattr(model, "get_absolute_url")} == public


# Pages


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_template_compiles(path: Path) -> None:
    engines["django"].get_template(str(path.relative_to(ROOT / "templates")))


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_template_has_no_style_no_script_and_trusts_nothing(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\|\s*safe\b|\bsafeseq\b|autoescape off", text)
    assert not re.search(r"<style\b|\bstyle\s*=|\son[a-z]+\s*=|javascript:", text)
    assert not re.search(r"<script\b(?![^>]*\bsrc=)", text)


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_only_two_places_vouch_for_html(path: Path) -> None:
    """Article text after its allowlist, and structured data in a block that no browser runs."""
    if name_of(path) not in {"conditions/rendering.py", "conditions/structured_data.py"}:
        assert not re.search(r"\b(?:mark_safe|SafeString|SafeText)\(|\bformat_html\((?!\s*[\"'])", path.read_text())


STYLESHEETS = sorted((ROOT / "clinic/static/clinic/css").glob("*.css"))


@pytest.mark.parametrize("path", [path for path in STYLESHEETS if path.name != "tokens.css"], ids=name_of)
def test_only_tokens_hold_raw_colors_and_fonts(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r":[^;{}]*#[0-9a-fA-F]{3,8}\b", text)
    assert not re.search(r"\b(?:rgb|hsl|oklch|lab)a?\(", text)
    assert not re.search(r"font-family:(?!\s*(?:var\(|inherit))", text)


def test_stylesheets_of_public_pages_are_small() -> None:
    public = b"".join(path.read_bytes() for path in STYLESHEETS if not path.name.startswith("admin"))
    assert len(gzip.compress(public, 9)) < 12_000


def test_every_status_has_words_for_the_patient() -> None:
    stages = {path.stem for path in (ROOT / "templates/appointments/stages").glob("*.html")}
    assert stages == set(RequestStatus.values)


@pytest.mark.parametrize("name", Diagram.values)
def test_diagram_is_small_named_and_themed(name: str) -> None:
    text = (ROOT / f"templates/conditions/diagrams/{name}.svg").read_text()
    assert len(text) < 6_144
    assert set(re.findall(r'\bid="([^"]+)"', text)) == {f"{name}-title", f"{name}-desc"}
    assert 'role="img"' in text
    assert f'aria-labelledby="{name}-title {name}-desc"' in text
    assert not re.search(r'\b(?:fill|stroke|href)="', text)


# Papers and packages


def test_readme_draws_the_lifecycle_of_the_table() -> None:
    assert draw() in (ROOT / "README.md").read_text(), "run: python manage.py draw_lifecycle"


def test_readme_commands_are_those_that_ci_runs() -> None:
    readme = (ROOT / "README.md").read_text()
    in_readme = set(re.findall(r"^(make [a-z]+)$", readme, flags=re.MULTILINE))
    in_ci = set(re.findall(r"\b(make [a-z]+)", (ROOT / ".ci/run").read_text()))
    assert {"make run", "make test", "make check"} <= in_readme
    assert in_ci == {"make check", "make test"}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert {command.removeprefix("make ") for command in in_readme} <= targets


def test_env_example_names_every_variable() -> None:
    read = set(re.findall(r'env\.[a-z_]+\(\s*"([A-Z_]+)"', (ROOT / "clinic/settings.py").read_text()))
    read |= set(re.findall(r'\b(?:text|boolean|words)\("([A-Z_]+)"', (ROOT / "clinic/env.py").read_text()))
    named = set(re.findall(r"^#?\s?([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
    assert read <= named


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_pinned_with_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text()
    pins = re.findall(r"^([a-z0-9][^\s=]*)==\S+(.*?)(?=^\S|\Z)", text, flags=re.MULTILINE | re.DOTALL)
    assert len(pins) > 10
    for package, rest in pins:
        assert "--hash=sha256:" in rest, package


def test_django_is_at_its_floor_or_newer() -> None:
    assert django.VERSION >= (5, 2, 19)
    assert django.VERSION < (5, 3)


def test_no_file_names_a_package_registry() -> None:
    hosts = ("pypi" + ".org", "python" + "hosted", "npm" + "js.", "debian" + ".org")
    for path in tracked_files():
        if path.suffix != ".png":
            text = path.read_text(errors="replace").lower()
            assert not [host for host in hosts if host in text], name_of(path)
