"""Invented people and their invented requests, for a developer's machine: one of every kind that the staff meet."""

import datetime
import zlib
from dataclasses import dataclass, field
from typing import Any

from appointments.models.answers import (
    AccessNeed,
    Course,
    Duration,
    EasedBy,
    Language,
    LegsAffected,
    Numbness,
    PartOfDay,
    PatientHistory,
    PreferredContact,
    RecordKind,
    RequestSource,
    SeenBefore,
    ShortNotice,
    SpokenLanguage,
    WalkingDistance,
)


@dataclass(frozen=True)
class DemoRequest:
    """One invented request: who sent it how many hours ago, with which red flags, and the moves that followed."""

    name: str
    hours: float
    problem: str
    flags: tuple[str, ...] = ()
    moves: tuple[str, ...] = ()
    language: str = Language.ENGLISH
    source: str = RequestSource.WEB
    worse: str = ""  # what the patient said later, when it had got worse
    worse_flags: tuple[str, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)

    def answers(self) -> dict[str, Any]:
        """The fields of an AppointmentRequest. The birth date and number of a name are always the same ones."""
        number = zlib.crc32(self.name.encode())
        spanish = {"spoken_language": SpokenLanguage.SPANISH} if self.language == Language.SPANISH else {}
        usual = {
            "full_name": self.name,
            "birth_date": datetime.date(1940 + number % 50, 1 + number % 12, 1 + number % 28),
            "phone": f"+1424555{100 + number % 100:04}",
            "preferred_contact": PreferredContact.PHONE,
            "may_leave_voicemail": number % 2 == 0,
            "may_name_clinic": number % 3 == 0,
            "problem": self.problem,
            "duration": Duration.UNDER_12_WEEKS,
            "walking_distance": WalkingDistance.SEVERAL_BLOCKS,
            "eased_by": EasedBy.SITTING,
            "legs_affected": LegsAffected.NONE,
            "numbness": Numbness.NEITHER,
            "course": Course.SAME,
            "seen_before": SeenBefore.NO,
            "patient_history": PatientHistory.NEW,
            "windows": ["0-morning", "2-morning"],
        }
        return {**usual, **spanish, **self.more}


REQUESTS: tuple[DemoRequest, ...] = (
    DemoRequest(
        "Demo Alma Ortega",
        3,
        "Siento las dos piernas pesadas y dormidas después de una cuadra.",
        flags=("both-legs",),
        language=Language.SPANISH,
        more={
            "walking_distance": WalkingDistance.ONE_BLOCK,
            "eased_by": EasedBy.LEANING,
            "legs_affected": LegsAffected.BOTH,
            "numbness": Numbness.BOTH,
            "course": Course.WORSE,
            "needs_interpreter": True,
        },
    ),
    DemoRequest("Demo Ben Castellano", 20, "Low back pain since the weekend, and I feel hot.", flags=("fever",)),
    DemoRequest(
        "Demo Chika Obi",
        30,
        "My calf cramps when I walk uphill. Standing still helps.",
        flags=("calf-pain",),
        more={"eased_by": EasedBy.STANDING_STILL, "legs_affected": LegsAffected.ONE},
    ),
    DemoRequest("Demo Dolores Vang", 70, "Dull ache on one side when I get up and walk."),
    DemoRequest(
        "Demo Émile Saint-Just",
        26,
        "I lean on the cart at the store and it eases.",
        moves=("in_review",),
        more={"eased_by": EasedBy.LEANING, "course": Course.BETTER},
    ),
    DemoRequest("Demo Farah Haddad", 50, "Pain down one leg when I walk.", moves=("in_review", "awaiting_patient")),
    DemoRequest("Demo Gus Lindqvist", 90, "Stiff and sore after the first mile.", moves=("in_review", "booked")),
    DemoRequest("Demo Hana Kobayashi", 96, "I want a scan of my whole body.", moves=("in_review", "declined")),
    DemoRequest(
        "Demo Ivo Petrov", 240, "Back pain on every walk since spring.", moves=("in_review", "unreachable")
    ),
    DemoRequest(
        "Demo Dolores Vang",
        69,
        "Dull ache on one side. Did you get my form?",
        moves=("in_review", "duplicate"),
    ),
    DemoRequest("Demo June Abara", 40, "It hurts when I walk the dog.", moves=("withdrawn",)),
    DemoRequest(
        "Demo Karim Nassar",
        28,
        "It started as a dull ache after long walks.",
        moves=("in_review",),
        worse="Since last night my left foot drags when I walk.",
        worse_flags=("fever",),
        more={"numbness": Numbness.WEAKNESS, "records_held": [RecordKind.MRI_OR_CT, RecordKind.LETTER]},
    ),
    DemoRequest(
        "Demo Lupe Marín",
        8,
        "Me duele la cintura cuando camino al trabajo.",
        language=Language.SPANISH,
        more={"seen_before": SeenBefore.ELSEWHERE, "short_notice": ShortNotice.NEXT_DAY},
    ),
    DemoRequest(
        "Demo Mabel Whitlock",
        5,
        "My mother has to sit down after a few steps.",
        more={
            "walking_distance": WalkingDistance.FEW_STEPS,
            "proxy_name": "Demo Nora Whitlock",
            "proxy_relation": "Daughter",
            "has_proxy_consent": True,
            "access_needs": [AccessNeed.HEARING, AccessNeed.MOBILITY],
            "contact_times": [PartOfDay.AFTERNOON],
        },
    ),
    DemoRequest(
        "Demo Otto Brandt",
        2,
        "Says that the back locks up after standing in line, and eases on the sofa.",
        source=RequestSource.PHONE,
        more={"email": "", "patient_history": PatientHistory.RETURNING},
    ),
    DemoRequest(
        "Demo Priya Raman",
        35 * 24,
        "Aching when I walk down stairs.",
        moves=("in_review", "awaiting_patient", "in_review"),
    ),
    DemoRequest("Demo Quentin Moss", 12 * 24, "My back hurts on the way to the bus."),
)
# Texts that a front desk sends often, for the clinic to rewrite.
REPLIES: tuple[dict[str, str], ...] = (
    {
        "title": "Report of a scan",
        "body": "Please send us the report of your scan, or bring it with you. Your reference is {reference}.",
    },
    {
        "title": "Please call us",
        "body": "We have a question about your request. Please call us at {phone}. Your reference is {reference}.",
    },
    {
        "title": "Informe de un estudio",
        "body": "Por favor, envíenos el informe de su estudio o tráigalo. Su número de referencia es {reference}.",
        "language": Language.SPANISH,
    },
    {
        "title": "Por favor, llámenos",
        "body": "Tenemos una pregunta. Por favor, llámenos al {phone}. Su número de referencia es {reference}.",
        "language": Language.SPANISH,
    },
)
NOTES = {
    "declined": "Not a spine problem. Told to ask the family doctor.",
    "duplicate": "Same person, sent again an hour later.",
}
MESSAGES = {
    "awaiting_patient": "Please send us the report of the scan that was done elsewhere.",
    "declined": "Your family doctor can help you best with this. Please ask there first.",
}
