"""The tests' own production server: that it is one."""

import re
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from clinic.models import ClinicProfile
from tests.served_site import ServedSite, is_alive


@pytest.mark.slow
def test_served_site_is_as_in_production_and_comes_back_after_kill(
    clinic_data: None, served_site: ServedSite
) -> None:
    ClinicProfile.objects.update(name="Committed by the Test")
    assert len(served_site.workers()) == 2
    with urlopen(served_site.url) as response:
        page = response.read().decode()
    assert "Committed by the Test" in page
    stylesheet = re.search(r"/static/clinic/css/base\.[0-9a-f]{12}\.css", page)
    assert stylesheet is not None
    with urlopen(served_site.url + stylesheet[0]) as response:
        assert "immutable" in response.headers["Cache-Control"]
    with pytest.raises(HTTPError, match="404") as caught:
        urlopen(served_site.url + "/nothing/")
    assert b"urlpatterns" not in caught.value.read().lower()  # no debugging page
    processes = served_site.workers()
    served_site.kill()
    assert not any(is_alive(process) for process in processes)
    with pytest.raises(URLError):
        urlopen(served_site.url)
    served_site.start()
    with urlopen(served_site.url) as response:
        assert response.status == 200
