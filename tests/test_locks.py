"""The lock files, which make every machine install the same: in step with what was chosen, and clean."""

import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.environment import PROJECT


def chosen(name: str) -> list[Requirement]:
    """What a .in file asks for."""
    lines = [line.split(" #")[0].strip() for line in (PROJECT / name).read_text().splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def pinned(name: str) -> dict[str, str]:
    """The version of each package in a lock file."""
    lines = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)", (PROJECT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in lines}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_lock_holds_what_was_chosen(name: str) -> None:
    versions = pinned(f"{name}.txt")
    requirements = chosen(f"{name}.in")
    assert requirements
    for requirement in requirements:
        version = versions.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not locked: make lock"
        assert requirement.specifier.contains(version), f"{requirement.name} is locked at {version}: make lock"


def test_locks_agree() -> None:
    """The tests run on exactly what runs in production."""
    assert pinned("requirements.txt").items() <= pinned("requirements-dev.txt").items()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_lock_has_hashes_and_names_no_index(name: str) -> None:
    text = (PROJECT / name).read_text()
    packages = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
    assert len(packages) == len(pinned(name))
    assert all("--hash=sha256:" in package for package in packages)
    assert not re.search(r"://|--(extra-)?index-url|--find-links", text)
