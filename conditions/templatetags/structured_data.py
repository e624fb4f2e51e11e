"""`{% article_data %}` and `{% site_data %}`: what the page says, for machines."""

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString

from conditions.structured_data import medical_web_page, script, web_site

register = template.Library()


@register.simple_tag(takes_context=True)
def article_data(context: Context) -> SafeString:
    """The structured data of an article's page, from the context that the page itself is drawn from."""
    page = medical_web_page(
        context["article"], context["review"], context["clinic"], context["request"].build_absolute_uri
    )
    return script(page)


@register.simple_tag(takes_context=True)
def site_data(context: Context) -> str:
    """The structured data of the first page; nothing before the clinic's profile is loaded."""
    clinic = context["clinic"]
    return script(web_site(clinic, context["request"].build_absolute_uri)) if clinic else ""
