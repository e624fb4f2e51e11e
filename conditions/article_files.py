"""The articles of conditions/content/ as files, and the same articles in the database, in one comparable form."""

import hashlib
import json
from pathlib import Path
from typing import Any

import frontmatter
import yaml
from django.core.exceptions import ValidationError
from django.utils import timezone

from conditions.models import Article, Kind, MayHelp, Section, Source
from conditions.rendering import CITATION

CONTENT = Path(__file__).resolve().parent / "content"
FOLDERS = {Kind.CAUSE: "causes", Kind.TREATMENT: "treatments", Kind.CONDITION: "conditions"}
TEXT_FIELDS = ("title", "short_title", "medical_name", "summary", "diagram", "closing")
SOURCE_FIELDS = (
    *("key", "claim", "citation", "publisher", "year", "url", "kind", "direction", "strength", "read_where"),
)
Content = dict[str, Any]


class ArticleFileError(Exception):
    """An article's file cannot be loaded. The text names the file and the reason."""


def read_all() -> dict[str, Content]:
    """Every shipped article by its key `<kind>/<slug>`, causes and treatments before conditions.

    Raises ArticleFileError.
    """
    found: dict[str, Content] = {}
    for kind, folder in FOLDERS.items():
        for path in sorted((CONTENT / folder).glob("*.md")):
            found[f"{kind}/{path.stem}"] = read(path)
    return found


def read(path: Path) -> Content:
    """One file's article. Raises ArticleFileError when it cannot be read, a citation has no source, or a field is
    unknown."""
    try:
        return _read(path)
    except KeyError as error:
        raise ArticleFileError(f"{path.name}: a source or section has no {error}") from error
    except (OSError, ValueError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise ArticleFileError(f"{path.name}: {' '.join(str(error).split())}") from error


def _read(path: Path) -> Content:
    post = frontmatter.load(str(path))
    metadata: dict[str, Any] = post.metadata
    known = {*TEXT_FIELDS, "sources", "treatments", "sections"}
    if unknown := set(metadata) - known:
        raise ArticleFileError(f"{path.name}: unknown fields: {', '.join(sorted(unknown))}")
    sections = [(_key(row["article"]), row["text"].strip()) for row in metadata.get("sections", [])]
    content: Content = {
        **{field: str(metadata.get(field, "")).strip() for field in TEXT_FIELDS},
        "body": post.content.strip(),
        "sources": [
            {field: source.get(field) for field in SOURCE_FIELDS} for source in metadata.get("sources", [])
        ],
        "treatments": list(metadata.get("treatments", [])),
        "sections": sections,
    }
    texts = [content["body"], content["closing"], *(text for _, text in sections)]
    cited = {key for text in texts for key in CITATION.findall(text)}
    if missing := cited - {source["key"] for source in content["sources"]}:
        raise ArticleFileError(f"{path.name}: no source for {', '.join(sorted(missing))}")
    return content


def _key(folder_and_slug: str) -> str:
    """`causes/sciatica`, as a file names another, as the key `cause/sciatica`."""
    folder, _, slug = folder_and_slug.partition("/")
    kinds = {name: kind for kind, name in FOLDERS.items()}
    return f"{kinds[folder]}/{slug}" if folder in kinds else folder_and_slug


def content_of(article: Article) -> Content:
    """What the database holds of this article, in the form of `read`. Three queries."""
    helped_by = MayHelp.objects.filter(cause=article).order_by("position")
    sections = Section.objects.filter(condition=article).order_by("position").select_related("article")
    return {
        **{field: getattr(article, field) for field in TEXT_FIELDS},
        "body": article.body,
        "sources": list(Source.objects.filter(article=article).order_by("position").values(*SOURCE_FIELDS)),
        "treatments": list(helped_by.values_list("treatment__slug", flat=True)),
        "sections": [(section.article.key, section.text) for section in sections],
    }


def digest(content: Content) -> str:
    """Equal for equal content: tells whether staff have changed an article since it was loaded."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def write(key: str, content: Content) -> Article:
    """Put the article's own fields and sources in the database. `relate` follows, once all articles are there.

    Raises ArticleFileError when a field does not fit.
    """
    kind, _, slug = key.partition("/")
    article = Article.objects.filter(kind=kind, slug=slug).first()
    article = article or Article(kind=kind, slug=slug, published_from=timezone.now())
    for field in (*TEXT_FIELDS, "body"):
        setattr(article, field, content[field])
    article.loaded_digest = digest(content)
    try:
        article.full_clean(exclude=["slug"])
        article.save()
        article.sources.all().delete()
        for position, fields in enumerate(content["sources"]):
            source = Source(article=article, position=position, **fields)
            source.full_clean()
            source.save()
    except ValidationError as error:
        raise ArticleFileError(f"{key}: {error.message_dict}") from error
    return article


def relate(article: Article, content: Content) -> None:
    """Tie the article to those that its file names. Raises ArticleFileError when one of them is not there, or is
    named twice."""
    article.helped_by.all().delete()
    article.sections.all().delete()
    ties: list[MayHelp | Section] = []
    for position, slug in enumerate(content["treatments"]):
        treatment = _existing(f"{Kind.TREATMENT}/{slug}", article)
        ties.append(MayHelp(cause=article, treatment=treatment, position=position))
    for position, (key, text) in enumerate(content["sections"]):
        named = _existing(key, article)
        ties.append(Section(condition=article, article=named, position=position, text=text))
    for tie in ties:
        try:
            tie.full_clean()
        except ValidationError as error:
            raise ArticleFileError(f"{article.key}: {' '.join(error.messages)}") from error
        tie.save()


def _existing(key: str, named_by: Article) -> Article:
    article = Article.objects.with_key(key).first()
    if article is None:
        raise ArticleFileError(f"{named_by.key}: there is no article {key}")
    return article
