"""Twenty people of the staff at work at once, each in a process with a connection of its own.

`python -m tests.appointments.desks` forks them from a process that runs nothing else (a test's own may have a
browser's event loop), and prints as JSON what each of them took, in that order.
"""

import json
import multiprocessing
import sys
from typing import Any

import django

STAFF = 20
PATIENCE = 60  # seconds


def take_until_none_is_left(number: int, start: Any, said: Any) -> None:
    """One person at work, until there is nothing to take. Says who took what, or what went wrong."""
    from django.contrib.auth.models import User

    from appointments.claims import take_next
    from appointments.lifecycle import Role

    try:
        by = User.objects.get(username=f"desk-{number}")
        start.wait(PATIENCE)
        taken = []
        while (one := take_next(by=by, roles=frozenset({Role.RECEPTION}))) is not None:
            taken.append(one.pk)
        said.put((by.pk, taken, ""))
    except Exception as error:  # whatever it is, the test must hear of it
        said.put((number, [], repr(error)))


def main() -> None:
    """Let all of them begin together, when each is connected, and tell what they said."""
    django.setup()
    ways = multiprocessing.get_context("fork")
    start, said = ways.Barrier(STAFF), ways.Queue()
    processes = [
        ways.Process(target=take_until_none_is_left, args=(number, start, said)) for number in range(STAFF)
    ]
    for process in processes:
        process.start()
    answers = [said.get(timeout=PATIENCE) for _ in processes]
    for process in processes:
        process.join(PATIENCE)
    json.dump({"answers": answers, "codes": [process.exitcode for process in processes]}, sys.stdout)


if __name__ == "__main__":
    main()
