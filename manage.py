#!/usr/bin/env python
"""Django's command line, under the clinic's settings."""

import os
import sys


def main() -> None:
    """Run one management command. What the operator can put right is said in one line, without a traceback."""
    if sys.version_info < (3, 11):  # noqa: UP036  an older Python has to be told so
        sys.exit("clinic: Python 3.11 or newer is needed, this is Python " + sys.version.split()[0])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    from clinic.readable_errors import one_line_instead_of_a_traceback

    with one_line_instead_of_a_traceback():
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
