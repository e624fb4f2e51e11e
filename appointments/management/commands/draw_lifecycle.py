"""Draw the life of a request from the one table of moves, for the README."""

from typing import Any

from django.core.management.base import BaseCommand

from appointments.lifecycle import (
    FHIR_APPOINTMENT_STATUS,
    STAFF_ROLES,
    TRANSITIONS,
    Move,
    RequestStatus,
    Role,
)


def draw() -> str:
    """A Mermaid state diagram with every move, and a table that says who may make it and what it needs."""
    arrows = [f"    {move.from_status} --> {move.to_status}: {move.verb}" for move in TRANSITIONS]
    rows = [
        f"| {move.from_status.label} | {move.verb} | {move.to_status.label} | {_who(move)} | {_needs(move)} |"
        for move in TRANSITIONS
    ]
    fhir = [f"| {status.label} | `{FHIR_APPOINTMENT_STATUS[status]}` |" for status in RequestStatus]
    return "\n".join(
        [
            *("```mermaid", "stateDiagram-v2", f"    [*] --> {RequestStatus.RECEIVED}", *arrows, "```", ""),
            *("| From | Move | To | Who | Needs |", "|---|---|---|---|---|", *rows, ""),
            *("| Status | FHIR R4 `Appointment.status` |", "|---|---|", *fhir, ""),
        ]
    )


def _who(move: Move) -> str:
    in_order = [role.label.lower() for role in Role if role in move.roles and role in STAFF_ROLES]
    patient = ["patient"] if Role.PATIENT in move.roles else []
    return ", ".join([*patient, *in_order])


def _needs(move: Move) -> str:
    needs = ["note"] * move.needs_note + ["message"] * move.needs_message
    needs += ["date and time"] * move.needs_appointment_time + ["the request it repeats"] * move.needs_original
    needs += [f"{move.needs_attempts} attempts"] * bool(move.needs_attempts)
    return ", ".join(needs)


class Command(BaseCommand):
    """`manage.py draw_lifecycle`."""

    help = "Print the lifecycle of a request as the README shows it."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it. A test fails when the README shows another one."""
        self.stdout.write(draw(), ending="")
