"""Put the shipped red flags, articles and clues in the database, once or again."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pghistory
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from conditions import article_files
from conditions.models import Article, Clue, Kind, RedFlag, Synonym


class Command(BaseCommand):
    """`manage.py load_articles`. What staff have changed since it was loaded stays as they left it."""

    help = "Load red flags, articles and clues from conditions/content/, leaving alone what staff have changed."

    def handle(self, *args: Any, **options: Any) -> None:
        """All or nothing, in one transaction; a second loader waits for the first."""
        try:
            with pghistory.context(command="load_articles"), transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("LOCK TABLE conditions_article IN SHARE ROW EXCLUSIVE MODE")
                new_flags = self._load_red_flags()
                self._load_synonyms()
                loaded, kept = self._load_articles()
                new_clues = self._load_clues()
        except article_files.ArticleFileError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Loaded {new_flags} red flags, {len(loaded)} articles and {new_clues} clues.")
        for key in kept:
            self.stdout.write(f"Left alone, because staff changed it: {key}")
        for key in RedFlag.objects.in_use().filter(wording_es="").values_list("key", flat=True):
            self.stdout.write(f"Has no Spanish wording: red flag {key}")

    def _load_red_flags(self) -> int:
        """Add those that are missing; say in Spanish those that were never touched. Any other is the clinic's own.
        Raises ArticleFileError."""
        with _told_of("red_flags.toml"):
            rows = tomllib.loads((article_files.CONTENT / "red_flags.toml").read_text())["red_flag"]
            there = {red_flag.key: red_flag for red_flag in RedFlag.objects.all()}
            self._say_in_spanish(rows, there)
            return self._add_red_flags(rows, there)

    def _say_in_spanish(self, rows: list[dict[str, str]], there: dict[str, RedFlag]) -> None:
        """Version 1 was changed by nobody, so its Spanish is blank because it is older than the Spanish. Once it is
        filled in the version is 2: what staff then clear or rewrite stays so."""
        for row in rows:
            red_flag = there.get(row["key"])
            if red_flag and (red_flag.version, red_flag.wording, red_flag.wording_es) == (1, row["wording"], ""):
                red_flag.wording_es = row["wording_es"]
                red_flag.full_clean()
                red_flag.save(update_fields=["wording_es"])

    def _add_red_flags(self, rows: list[dict[str, str]], there: dict[str, RedFlag]) -> int:
        new = [RedFlag(position=position, **row) for position, row in enumerate(rows) if row["key"] not in there]
        for red_flag in new:
            red_flag.full_clean()
        RedFlag.objects.bulk_create(new)
        return len(new)

    def _load_synonyms(self) -> None:
        """Into an empty table only: from then on it is the editors' own, what they have deleted included."""
        groups = tomllib.loads((article_files.CONTENT / "synonyms.toml").read_text())
        listed = groups.pop("a_to_z")
        new = [
            Synonym(term=term, means=means, is_in_a_to_z=term in listed)
            for group in groups.values()
            for term, means in group.items()
        ]
        if not Synonym.objects.exists():
            for synonym in new:
                synonym.full_clean(validate_unique=False)
            Synonym.objects.bulk_create(new)

    def _load_articles(self) -> tuple[list[str], list[str]]:
        """The keys of the articles that were loaded, and of those that staff have changed."""
        loaded, kept = [], []
        written = []
        for key, content in article_files.read_all().items():
            article = Article.objects.with_key(key).first()
            if article is None or article.loaded_digest != article_files.digest(content):
                if article and article_files.digest(article_files.content_of(article)) != article.loaded_digest:
                    kept.append(key)
                    continue
                written.append((article_files.write(key, content), content))
                loaded.append(key)
        for article, content in written:
            article_files.relate(article, content)
        return loaded, kept

    def _load_clues(self) -> int:
        """Give its clues to each cause that has none. Where there are some, those that are not are the clinic's
        own choice too. Raises ArticleFileError."""
        with _told_of("clues.toml"):
            return self._add_clues()

    def _add_clues(self) -> int:
        rows = tomllib.loads((article_files.CONTENT / "clues.toml").read_text())["clue"]
        causes = {cause.slug: cause for cause in Article.objects.filter(kind=Kind.CAUSE, clues=None)}
        new = [
            Clue(**{**row, "cause": causes[row["cause"]], "position": position})
            for position, row in enumerate(rows)
            if row["cause"] in causes
        ]
        for clue in new:
            clue.full_clean()
        Clue.objects.bulk_create(new)
        return len(new)


@contextmanager
def _told_of(file: str) -> Iterator[None]:
    """What is wrong with this file of conditions/content/, as an ArticleFileError that names it."""
    try:
        yield
    except KeyError as error:
        raise article_files.ArticleFileError(f"{file}: there is no {error}") from error
    except (OSError, ValueError, TypeError, ValidationError) as error:
        raise article_files.ArticleFileError(f"{file}: {error}") from error
