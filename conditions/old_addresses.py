"""From where a published article stood before to where it stands now."""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect

from conditions.models import Article, Kind

View = Callable[[HttpRequest, str], HttpResponse]
REMEMBERED = 24 * 3600  # seconds that browsers may keep the answer: another article may get the address one day


def leads_on(kind: Kind) -> Callable[[View], View]:
    """Decorate a view of one article of this kind by its slug: what it does not find may have moved.

    Then the answer is a permanent redirect (301), in one step however often it moved. A page that the view finds
    comes first, and an article that patients may not read now has no address to lead to. One query, on a miss only.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def find_or_follow(request: HttpRequest, slug: str) -> HttpResponse:
            try:
                return view(request, slug)
            except Http404:
                moved = Article.objects.published().once_at(kind, slug).only("kind", "slug").first()
                if moved is None:
                    raise
            response = HttpResponsePermanentRedirect(moved.get_absolute_url())
            response.headers["Cache-Control"] = f"max-age={REMEMBERED}"
            return response

        return find_or_follow

    return decorate
