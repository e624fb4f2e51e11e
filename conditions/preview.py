"""A link to an article as it stands now, for a reviewer without an account. Signed, and it ends by itself.

Nothing is stored: the link carries the article and its end, signed with the site's present secret alone. A change
of the secret ends every link; there is no way to end one link alone before its time.
"""

import datetime
from dataclasses import dataclass

from django.core.signing import BadSignature, Signer
from django.urls import reverse

from conditions.models import Article

LIFETIME = datetime.timedelta(days=7)
SALT = "conditions.preview"


@dataclass(frozen=True)
class Preview:
    """What a link opens: one article, until an aware moment."""

    article_id: int
    until: datetime.datetime

    @property
    def token(self) -> str:
        """What the link carries. Needs no quoting in an address."""
        return _signer().sign(f"{self.article_id}.{int(self.until.timestamp())}")

    def get_absolute_url(self) -> str:
        """The link, on this site."""
        return reverse("conditions:preview", args=[self.token])


def preview_of(article: Article, now: datetime.datetime) -> Preview:
    """A preview of this article that ends LIFETIME after `now`, an aware moment."""
    return Preview(article.pk, (now + LIFETIME).replace(microsecond=0))


def read_token(token: str, now: datetime.datetime) -> Preview | None:
    """The preview that this token opens at `now`, an aware moment. None when it has ended or is not ours."""
    try:
        article_id, until = _signer().unsign(token).split(".")
    except BadSignature:
        return None
    preview = Preview(int(article_id), datetime.datetime.fromtimestamp(int(until), tz=datetime.UTC))
    return preview if now < preview.until else None


def _signer() -> Signer:
    return Signer(sep="~", salt=SALT, fallback_keys=[])
