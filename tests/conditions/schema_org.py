"""Whether structured data says only what schema.org has words for: types, properties, and what they hold."""

import json
import re
from pathlib import Path
from typing import Any

_VOCABULARY = json.loads(Path(__file__).with_name("schema_org.json").read_text())
TYPES: dict[str, list[str]] = _VOCABULARY["types"]
PROPERTIES: dict[str, dict[str, list[str]]] = _VOCABULARY["properties"]
ADDRESS = re.compile(r"https?://[^\s/]+/\S*")
PLAIN = {
    "Text": re.compile(r"(?s).*\S.*"),
    "URL": ADDRESS,
    "Date": re.compile(r"\d{4}(-\d\d-\d\d)?"),
    "DateTime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)"),
}


def kinds_of(its_type: str) -> set[str]:
    """The type and all that it is a kind of."""
    return {its_type}.union(*(kinds_of(parent) for parent in TYPES[its_type]))


def faults_of(data: dict[str, Any], path: str = "") -> list[str]:
    """What is wrong with this thing and those in it, one line each. An address may stand for a thing."""
    its_type = data.get("@type")
    if its_type not in TYPES:
        return [f"{path}: no type {its_type!r}"]
    faults = [f"{path}: no keyword {name}" for name in data if name[0] == "@" and name not in {"@type", "@id"}]
    for name, value in data.items():
        if name[0] == "@":
            continue
        here = f"{path}/{its_type}.{name}"
        if name not in PROPERTIES or not kinds_of(its_type) & set(PROPERTIES[name]["on"]):
            faults.append(f"{here}: no such property")
            continue
        values = value if isinstance(value, list) else [value]
        faults += [fault for one in values for fault in _faults_of_value(one, PROPERTIES[name]["holds"], here)]
    return faults


def _faults_of_value(value: Any, holds: list[str], path: str) -> list[str]:
    if isinstance(value, dict):
        fits = value.get("@type") not in TYPES or kinds_of(value["@type"]) & set(holds)
        return faults_of(value, path) + ([] if fits else [f"{path}: holds no {value['@type']}"])
    if isinstance(value, int):
        return [] if "Integer" in holds else [f"{path}: holds no number"]
    patterns = [PLAIN[kind] for kind in holds if kind in PLAIN] or [ADDRESS]
    return [] if any(pattern.fullmatch(value) for pattern in patterns) else [f"{path}: cannot be {value!r}"]
