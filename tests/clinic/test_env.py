"""Every value of the environment is read in one place, and refused when it cannot be meant."""

import re
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clinic import env
from clinic.env import ConfigurationError, MailServer
from tests.commands import SECRET, run
from tests.environment import PROJECT, names_in_env_example


@pytest.mark.parametrize(
    ("word", "meant"),
    [("true", True), ("YES", True), (" 1 ", True), ("on", True), ("false", False), ("0", False), ("Off", False)],
)
def test_boolean_of_a_word(monkeypatch: pytest.MonkeyPatch, word: str, meant: bool) -> None:
    monkeypatch.setenv("ANSWER", word)
    assert env.boolean("ANSWER", default=not meant) is meant


@pytest.mark.parametrize("default", [True, False])
def test_boolean_unset_or_empty_is_the_default(monkeypatch: pytest.MonkeyPatch, default: bool) -> None:
    monkeypatch.delenv("ANSWER", raising=False)
    assert env.boolean("ANSWER", default) is default
    monkeypatch.setenv("ANSWER", " ")
    assert env.boolean("ANSWER", default) is default


@pytest.mark.parametrize("word", ["ja", "2", "truee", "none"])
def test_boolean_of_another_word_is_refused(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("ANSWER", word)
    with pytest.raises(ConfigurationError, match=f"ANSWER must be true or false, not '{word}'"):
        env.boolean("ANSWER", default=True)


def test_whole_number_within_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.whole_number("NUMBER", 7, lowest=1, highest=9) == 7
    for word, number in [("1", 1), ("9", 9), (" 05 ", 5)]:
        monkeypatch.setenv("NUMBER", word)
        assert env.whole_number("NUMBER", 7, lowest=1, highest=9) == number


@pytest.mark.parametrize("word", ["0", "10", "-1", "1.5", "seven", "٣", "1e3", "99999999999999999999"])
def test_whole_number_of_anything_else_is_refused(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("NUMBER", word)
    with pytest.raises(ConfigurationError, match="NUMBER must be a whole number from 1 to 9"):
        env.whole_number("NUMBER", 7, lowest=1, highest=9)


def test_words_are_divided_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.words("HOSTS") == []
    monkeypatch.setenv("HOSTS", " a.example, ,b.example,")
    assert env.words("HOSTS", default="c.example") == ["a.example", "b.example"]


def test_secret_key_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_KEY", SECRET)
    assert env.secret_key(debug=False, kept_in=tmp_path / "secret") == SECRET
    assert not (tmp_path / "secret").exists()


@pytest.mark.parametrize("value", ["", "x" * 49, "django-insecure-" + SECRET])
def test_secret_key_missing_or_weak_is_refused_in_production(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str
) -> None:
    monkeypatch.setenv("SECRET_KEY", value)
    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        env.secret_key(debug=False, kept_in=tmp_path / "secret")
    assert not (tmp_path / "secret").exists()


def test_secret_key_of_a_developer_is_random_private_and_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    here, there = tmp_path / "here" / "secret", tmp_path / "there" / "secret"
    secret = env.secret_key(debug=True, kept_in=here)
    assert len(secret) >= 50
    assert env.secret_key(debug=True, kept_in=here) == secret
    assert env.secret_key(debug=True, kept_in=there) != secret
    assert stat.S_IMODE(here.stat().st_mode) == 0o600


def test_secret_key_made_by_eight_processes_at_once_is_one(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from clinic import env
for number in range(200):  # side by side, so that some of them meet
    print(env.secret_key(True, Path({str(tmp_path)!r}, str(number), "secret")))
"""
    with ThreadPoolExecutor(8) as pool:
        printed = list(pool.map(lambda _: run(sys.executable, "-c", code).stdout, range(8)))
    assert len(set(printed[0].split())) == 200
    assert set(printed) == {printed[0]}
    assert len(list(tmp_path.rglob("secret*"))) == 200  # and no draft


def test_database_unset_is_the_embedded_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("EMBEDDED_POSTGRES_DIR", raising=False)
    database = env.database(tmp_path / "usual")
    assert database["ENGINE"] == "clinic.embedded_postgres"
    assert database["EMBEDDED_DATA_DIR"] == tmp_path / "usual"
    monkeypatch.setenv("EMBEDDED_POSTGRES_DIR", "elsewhere")
    assert env.database(tmp_path / "usual")["EMBEDDED_DATA_DIR"] == Path.cwd() / "elsewhere"


def test_database_of_an_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://me:p%40ss@db.example:6543/visits?sslmode=require")
    database = env.database(tmp_path)
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["USER"], database["PASSWORD"]) == ("me", "p@ss")
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example", 6543, "visits")
    assert database["OPTIONS"] == {"sslmode": "require", "connect_timeout": 5}


@pytest.mark.parametrize("url", ["", "postgresql://me@db.example/visits"])
def test_database_connections_last_and_are_checked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    database = env.database(tmp_path)
    assert database["CONN_HEALTH_CHECKS"]
    assert database["CONN_MAX_AGE"] > 0


@pytest.mark.parametrize("url", ["sqlite:///visits.db", "postgresql://", "visits", "postgresql://h:port/visits"])
def test_database_of_anything_else_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        env.database(tmp_path)


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("smtp://127.0.0.1:2525", MailServer("127.0.0.1", 2525)),
        ("smtp://mail.example", MailServer("mail.example", 25)),
        ("smtps://mail.example/", MailServer("mail.example", 465, is_tls=True)),
        (
            "smtp+starttls://me%40clinic.example:p%2Fa%3Ass@mail.example",
            MailServer("mail.example", 587, "me@clinic.example", "p/a:ss", is_starttls=True),
        ),
        ("SMTPS://[2001:db8::7]:466", MailServer("2001:db8::7", 466, is_tls=True)),
        ("", MailServer()),
    ],
)
def test_mail_server_of_a_url(monkeypatch: pytest.MonkeyPatch, url: str, meant: MailServer) -> None:
    monkeypatch.setenv("SMTP_URL", url)
    assert env.mail_server("SMTP_URL") == meant
    assert "p/a:ss" not in repr(env.mail_server("SMTP_URL"))


@pytest.mark.parametrize(
    "url",
    [
        *("mail.example", "http://mail.example", "smtp://", "smtp:mail.example", "smtp://mail.example:port"),
        *(
            "smtp://mail.example:0",
            "smtp://mail.example:70000",
            "smtp://me@mail.example",
            "smtp://:pa55@mail.example",
        ),
        *("smtp://me:pa55/word@mail.example", "smtp://me:pa55#word@mail.example", "smtp://me:pa55?@mail.example"),
        *("smtp://me:pa55@mail.example?tls=1", "smtp://me:pa55@[mail.example", "smtp://me:pa55@mail.exa\tmple"),
    ],
)
def test_mail_server_of_anything_else_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("SMTP_URL", url)
    with pytest.raises(ConfigurationError, match="SMTP_URL must look like") as caught:
        env.mail_server("SMTP_URL")
    assert "pa55" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("value", ["clinic@mail.example", "The Clinic <clinic@mail.example>"])
def test_mail_from_an_address(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MAIL_FROM", value)
    assert env.mail_from("MAIL_FROM", is_needed=True) == value


@pytest.mark.parametrize("value", ["clinic", "The Clinic", "a@b", "a@mail.example, b@mail.example", "<>"])
def test_mail_from_anything_else_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("MAIL_FROM", value)
    with pytest.raises(ConfigurationError, match="MAIL_FROM must look like"):
        env.mail_from("MAIL_FROM", is_needed=False)


def test_mail_from_nobody_when_no_mail_goes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAIL_FROM", raising=False)
    assert env.mail_from("MAIL_FROM", is_needed=False) == "clinic@clinic.invalid"
    with pytest.raises(ConfigurationError, match="MAIL_FROM is missing"):
        env.mail_from("MAIL_FROM", is_needed=True)


def test_env_example_names_what_is_read_and_nothing_else() -> None:
    code = [*(PROJECT / "clinic").rglob("*.py"), *(PROJECT / "conditions").rglob("*.py")]
    code += (PROJECT / "appointments").rglob("*.py")
    call = re.compile(r"\b(?:text|boolean|whole_number|words|mail_server|mail_from|site_address)\(\s*\"([A-Z_]+)\"")
    read = {name for path in code for name in call.findall(path.read_text())}
    assert {"DEBUG", "SECRET_KEY", "DATABASE_URL", "PORT"} <= read
    assert names_in_env_example() == read


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("", "http://127.0.0.1:8000"),
        ("https://clinic.example", "https://clinic.example"),
        ("https://clinic.example/", "https://clinic.example"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_site_address_given_or_default(monkeypatch: pytest.MonkeyPatch, given: str, meant: str) -> None:
    monkeypatch.setenv("SITE", given)
    assert env.site_address("SITE", default="http://127.0.0.1:8000") == meant


@pytest.mark.parametrize(
    "given",
    [
        *("clinic.example", "ftp://clinic.example", "https://*", "https://.clinic.example", "https://a b.example"),
        *("https://clinic.example/site", "https://user@clinic.example", "https://clinic.example:", "https://"),
    ],
)
def test_site_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("SITE", given)
    with pytest.raises(ConfigurationError, match="SITE must look like https://"):
        env.site_address("SITE", default="https://clinic.example")


@pytest.mark.parametrize(
    ("hosts", "https", "address"),
    [
        ("clinic.example,www.clinic.example", "true", "https://clinic.example"),
        ("127.0.0.1", "false", "http://127.0.0.1"),
    ],
)
def test_site_address_in_production_is_the_first_host(hosts: str, https: str, address: str) -> None:
    code = "from clinic import settings; print(settings.SITE_ADDRESS)"
    values = {"SECRET_KEY": SECRET, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    result = run(sys.executable, "-c", code, **values, ALLOWED_HOSTS=hosts, HTTPS=https)
    assert result.stdout.strip() == address, result.stderr


def test_site_address_of_a_wildcard_host_must_be_given() -> None:
    values = {"SECRET_KEY": SECRET, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    result = run(sys.executable, "manage.py", "check", **values, ALLOWED_HOSTS="*")
    assert result.returncode == 1
    assert result.stderr.startswith("clinic: SITE_ADDRESS must look like https://clinic.example")
