"""How a page is answered that is the same for everyone who reads it."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

View = Callable[..., HttpResponse]


def public_page(view: View) -> Callable[..., HttpResponseBase]:
    """For views whose page has no form with a token and knows nobody: it is read, compressed, and asked for again.

    GET and HEAD only. The ETag comes from the bytes of the page, made anew at each request: it changes when
    anything shown changes, by whatever path, and 304 is answered only to who holds these very bytes. It is weak,
    because compressing pads the bytes at random. Caches must ask each time, so that a withdrawn text or a review
    that no longer holds is gone at the next request.

    There is no Last-Modified, on purpose. Red flags, the clinic's profile, the titles of other pages and the day on
    which a review falls due change a page too and carry no time of their own, so any date would at times be older
    than what is shown; and caches hold on to a page in proportion to its age.

    Compression beside a secret would let an onlooker guess it from lengths: pages with a CSRF token stay out.
    """

    @gzip_page
    @require_safe
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if response.status_code != 200:
            return response
        patch_vary_headers(response, ["Accept-Encoding"])  # here, because an empty 304 passes by the compressor
        patch_cache_control(response, no_cache=True)
        etag = f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"'
        response.headers["ETag"] = etag
        return get_conditional_response(request, etag=etag, response=response) or response

    return answer
