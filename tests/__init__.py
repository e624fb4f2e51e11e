"""The tests. Property tests try more examples with `--hypothesis-profile=thorough`, registered here."""

from hypothesis import settings

# Here because pytest looks for the profile before it reads any test module. As long as there is no
# tests/conftest.py, which brings this package in early enough, the command needs `-p tests` as well.
settings.register_profile("thorough", max_examples=10_000, deadline=None)
