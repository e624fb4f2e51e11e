"""The door for a WSGI server such as gunicorn."""

import os
from collections.abc import Iterable
from contextlib import suppress
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from clinic.readable_errors import one_line_instead_of_a_traceback

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")


def always_utf_8(site: WSGIApplication) -> WSGIApplication:
    """Read every request as UTF-8, which HTML says forms are, whatever charset its header names.

    Django looks that charset up before any code of ours runs. A word such as "hex" ended in the server's own bare
    error page; others read half characters, which PostgreSQL cannot hold, out of a plain address.
    """

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["CONTENT_TYPE"] = environ.get("CONTENT_TYPE", "").partition(";")[0]
        return site(environ, start_response)

    return application


def remember_the_clinic() -> None:
    """Read the clinic's profile, so that this process can name the phone number if its database goes away.

    Without it a process that had answered nobody yet could not. One query; does nothing before `migrate`.
    """
    from django.db import DatabaseError, connection

    from clinic.models import ClinicProfile

    with suppress(DatabaseError):
        ClinicProfile.objects.current()
    connection.close()  # a server may fork after this


with one_line_instead_of_a_traceback():
    from django.core.wsgi import get_wsgi_application

    application = always_utf_8(get_wsgi_application())
    remember_the_clinic()
