"""Forty-eight invented people who ask for an appointment: the same ones for both sites."""

import random
from dataclasses import dataclass

FIRST_NAMES = (
    "Ada Bo Carla Dmitri Elif Femi Gita Hugo Ines Jonas Kenji Lena Milan Nadia Omar Paula Quinn Rosa Sven Tara Uma "
    "Victor Wanda Xenia Yusuf Zara Anton Bela Cora Dario Edith Faisal Greta Henrik Iris Jamal Kaja Luis Mona Nils "
    "Olga Pablo Rita Sami Tomas"
)
LAST_NAMES = (
    "Abel Brandt Castro Dubois Eriksen Fontaine Gupta Haas Ito Jensen Kovac Lindner Moreau Novak Okafor Petersen "
    "Quist Rossi Schmid Tanaka Ueda Varga Weber Xu Yilmaz Zeller Adler Berg Cohen Diaz Egger Fischer Garcia Hofer "
    "Ivanov Jung Kaya Lopez Meyer Nagy Ortiz Popa Reyes Silva Urban"
)
PROBLEMS = (
    "Dull ache low in my back when I walk to the bus.",
    "Both legs feel heavy after one block.",
    "Sharp pain down one leg on stairs.",
    "I lean on the cart at the store and it eases.",
    "My calf cramps uphill; standing still helps.",
    "Stiff and sore after the first mile.",
)
SIGN_OF = {1: "chest-pain", 2: "fever", 3: "calf-pain", 4: ""}
TWICE = "Dolores Vang"  # has sent two requests
SOUGHT = "Katarzyna Wojciechowska"
SOUGHT_PHONE = "(424) 555-0134"


@dataclass
class Person:
    """One request. `hours` is how long ago it came in; `urgency` 1 is the highest, as both sites count."""

    name: str
    urgency: int
    hours: int
    phone: str
    email: str
    birth: str  # YYYY-MM-DD
    problem: str

    @property
    def sign(self) -> str:
        """The warning sign that was ticked, or ""."""
        return SIGN_OF[self.urgency]


def people() -> list[Person]:
    """Always the same ones, in the order in which both sites get them."""
    names = [
        SOUGHT,
        TWICE,
        TWICE,
        *(" ".join(name) for name in zip(FIRST_NAMES.split(), LAST_NAMES.split(), strict=True)),
    ]
    urgencies = [1] + [2] * 5 + [3] * 12 + [4] * (len(names) - 18)
    random.Random(5).shuffle(urgencies)
    all_of_them = [
        Person(
            name=name,
            urgency=urgency,
            hours=3 + number * 37 % 140,
            phone=f"(424) 555-{200 + number:04}",
            email=f"patient{number}@example.com",
            birth=f"{1940 + number}-0{1 + number % 9}-{10 + number % 18}",
            problem=PROBLEMS[number % len(PROBLEMS)],
        )
        for number, (name, urgency) in enumerate(zip(names, urgencies, strict=True))
    ]
    sought, first, second = all_of_them[:3]
    sought.phone = SOUGHT_PHONE
    second.phone, second.email, second.birth = first.phone, first.email, first.birth
    second.hours = first.hours - 1
    for routine in (sought, first, second):  # so that "the next one" is nobody who is looked for by name
        if routine.urgency != 4:
            swapped = next(one for one in all_of_them[3:] if one.urgency == 4)
            swapped.urgency, routine.urgency = routine.urgency, 4
    return all_of_them
