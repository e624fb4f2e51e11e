"""`{% qr_code address as code %}`: what a printed page needs."""

from django import template

from conditions.qr_code import qr_code

register = template.Library()
register.simple_tag(qr_code)
