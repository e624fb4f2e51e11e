"""Django's side: the backend that starts its server, and starts it again when it is gone."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

from clinic.embedded_postgres.server import Server

from .processes import PROJECT, query

SETTINGS = """
import os, sys
DEBUG = False
SECRET_KEY = "only for this test"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.staticfiles"]
ROOT_URLCONF = "visit_urls"
STATIC_URL = "static/"
STATICFILES_DIRS = [os.environ["TEST_FOLDER"] + "/assets"]
STATIC_ROOT = os.environ["TEST_FOLDER"] + "/static"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "clinic.embedded_postgres",
        "NAME": "clinic",
        "EMBEDDED_DATA_DIR": os.environ["TEST_FOLDER"] + "/postgres",
        "EMBEDDED_THROWAWAY": True,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }
}
"""


def project(folder: Path, settings: str = "") -> dict[str, str]:
    """Write a small Django project into `folder`; the environment to run it with."""
    (folder / "visit_settings.py").write_text(SETTINGS + settings)
    (folder / "assets").mkdir(exist_ok=True)
    (folder / "assets" / "site.css").write_text("")
    (folder / "visit_urls.py").write_text("urlpatterns = []\n")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DJANGO"))},
        "PYTHONPATH": f"{PROJECT}{os.pathsep}{folder}",
        "DJANGO_SETTINGS_MODULE": "visit_settings",
        "TEST_FOLDER": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def manage(folder: Path, *arguments: str, settings: str = "") -> subprocess.CompletedProcess[str]:
    """Run a management command of that project."""
    command = [sys.executable, "-m", "django", *arguments]
    return subprocess.run(
        command, env=project(folder, settings), capture_output=True, text=True, timeout=60, check=False
    )


def run(folder: Path, code: str) -> str:
    """Run code under the settings of that project; what it printed."""
    code = "import django\ndjango.setup()\n" + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=project(folder),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_check_and_collectstatic_start_no_server(folder: Path) -> None:
    for command in (["check"], ["check", "--deploy"], ["collectstatic", "--noinput"]):
        done = manage(folder, *command)
        assert done.returncode == 0, done.stderr
    assert (folder / "static" / "site.css").exists()
    assert [path.name for path in folder.glob("postgres*")] == []


def test_migrate_starts_it_and_makes_the_database(folder: Path) -> None:
    done = manage(folder, "migrate", "--verbosity", "0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert query(Server(folder / "postgres"), "SELECT count(*) FROM auth_user") == [0]


def test_dbshell_runs_the_packaged_psql(folder: Path) -> None:
    done = manage(folder, "dbshell", "--", "-X", "-A", "-t", "-c", "SELECT current_database(), 40 + 2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "clinic|42\n", "")


def test_requests_go_on_after_the_server_was_killed(folder: Path) -> None:
    printed = run(
        folder,
        """
        import json, os, pathlib, signal, time
        import psutil
        from wsgiref.util import setup_testing_defaults
        from django.core.wsgi import get_wsgi_application
        from django.db import connection
        from django.http import HttpResponse
        from django.urls import path
        import visit_urls

        def visit(request):
            with connection.cursor() as cursor:
                cursor.execute("CREATE TABLE IF NOT EXISTS visit (number serial)")
                cursor.execute("INSERT INTO visit DEFAULT VALUES")
                cursor.execute("SELECT count(*), pg_backend_pid() FROM visit")
                return HttpResponse("%d %d" % cursor.fetchone())

        visit_urls.urlpatterns.append(path("", visit))
        application = get_wsgi_application()

        def get():
            environ = {}
            setup_testing_defaults(environ)
            statuses = []
            response = application(environ, lambda status, headers: statuses.append(status))
            body = b"".join(response).decode()
            response.close()
            return [statuses[0], *body.split()]

        def kill_postmaster():
            note = pathlib.Path(os.environ["TEST_FOLDER"], "postgres", "postmaster.pid")
            postmaster = psutil.Process(int(note.read_text().split()[0]))
            postmaster.send_signal(signal.SIGKILL)
            while postmaster.is_running() and postmaster.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.0001)  # the next request comes as soon as it is dead, before its orphans are

        answers = [get(), get()]
        kill_postmaster()
        answers += [get(), get()]
        print(json.dumps(answers))
        """,
    )
    answers = json.loads(printed)
    assert [answer[:2] for answer in answers] == [["200 OK", str(number)] for number in range(1, 5)]
    backends = [answer[2] for answer in answers]
    assert backends[0] == backends[1] != backends[2] == backends[3]  # kept open between requests


def test_health_check_does_not_trust_an_orphan_that_still_answers(folder: Path) -> None:
    printed = run(
        folder,
        """
        import os, pathlib
        from django.db import connection
        connection.ensure_connection()
        print(connection.is_usable())
        # An orphan lives too short to be caught. So the server's note is changed instead, as if it were dead.
        note = pathlib.Path(os.environ["TEST_FOLDER"], "postgres", "postmaster.pid")
        text = note.read_text()
        note.write_text(text.replace(text.split()[0], str(os.getpid()), 1))
        print(connection.is_usable())
        note.write_text(text)
        print(connection.is_usable())
        """,
    )
    assert printed.split() == ["True", "False", "True"]


def test_connection_that_cannot_be_had_is_a_database_that_is_down(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres" / "letter.txt").write_text("Dear clinic")
    printed = run(
        folder,
        """
        from django.db import OperationalError, connection
        from clinic.embedded_postgres.server import EmbeddedPostgresError
        try:
            connection.ensure_connection()
        except OperationalError as error:
            print(isinstance(error.__cause__, EmbeddedPostgresError), error)
        """,
    )
    assert printed.startswith("True PostgreSQL in ")
    assert printed.count("\n") == 1


def test_missing_data_directory_is_a_mistake_in_the_settings(folder: Path) -> None:
    done = manage(folder, "migrate", settings='del DATABASES["default"]["EMBEDDED_DATA_DIR"]\n')
    assert done.returncode == 1
    assert "needs EMBEDDED_DATA_DIR" in done.stderr.splitlines()[-1]


def test_pytest_workers_share_one_server_and_have_a_database_each(folder: Path) -> None:
    (folder / "test_users.py").write_text(
        textwrap.dedent(
            """
            import pytest
            from django.contrib.auth.models import User
            from django.db import connection

            @pytest.mark.django_db(transaction=True)
            @pytest.mark.parametrize("number", range(4))
            def test_user(number, worker_id):
                User.objects.create(username="ada")
                assert User.objects.count() == 1
                assert connection.settings_dict["NAME"] == f"test_clinic_{worker_id}"
            """
        )
    )
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "test_users.py"]
    done = subprocess.run(
        command, cwd=folder, env=project(folder), capture_output=True, text=True, timeout=60, check=False
    )
    assert "4 passed" in done.stdout, done.stdout + done.stderr
    assert "warning" not in done.stdout
    names = query(Server(folder / "postgres"), "SELECT datname::text FROM pg_database", "postgres")
    assert [name for name in names if "clinic" in name] == []  # cleaned up, and no stray `clinic`
