"""The door for a WSGI server such as gunicorn."""

import os

from clinic.readable_errors import one_line_instead_of_a_traceback

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

with one_line_instead_of_a_traceback():
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
