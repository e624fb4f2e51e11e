"""The site that the journeys lead through: started once, its database new for each journey."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import Faults
from tests.served_site import ServedSite


@pytest.fixture(scope="session")
def running_site(
    django_db_setup: None, static_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedSite]:
    """The site as in production. No journey kills it, so one will do."""
    site = ServedSite(tmp_path_factory.mktemp("journeys"), static_root)
    site.start()
    yield site
    site.stop()


@pytest.fixture
def site(transactional_db: None, clinic_data: None, running_site: ServedSite) -> str:
    """The address of the site, over the database that the test sees."""
    return running_site.url


@pytest.fixture
def faults(faults: Faults) -> Faults:
    """A form with mistakes is answered with 422, which a browser notes in its console: no fault here."""
    faults.expect("status of 422")
    return faults
