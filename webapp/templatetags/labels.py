"""The labels of every closed list, for the page's scripts."""

from django import template

from webapp import page_data

register = template.Library()
register.simple_tag(page_data.labels, name="labels")
