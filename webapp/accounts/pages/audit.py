"""The audit trail, for admins and owners: a page with filters, and the same rows as CSV."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET

from webapp.accounts import audit
from webapp.accounts.models import AuditEntry, AuditRows
from webapp.accounts.roles import admins_only
from webapp.csv_download import csv_download

SHOWN = 50
COLUMNS = ("at", "by", "action", "kind", "name", "detail", "address")


class FilterForm(forms.Form):
    """Filters in the address of the page; each may be missing."""

    by = forms.CharField(label=gettext_lazy("Person"), required=False, max_length=150)
    kind = forms.ChoiceField(
        choices=[("", gettext_lazy("everything")), *audit.KIND_NAMES.items()], label=gettext_lazy("Kind"), required=False
    )
    name = forms.CharField(label=gettext_lazy("Name"), required=False, max_length=200)
    since = forms.DateField(
        label=pgettext_lazy("a day", "From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(label=pgettext_lazy("a day", "To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def rows(self) -> AuditRows:
        """What passes the filters, newest first; a filter that cannot be read is left out, and the form says so."""
        values = self.cleaned_data if self.is_bound and (self.is_valid() or self.cleaned_data) else {}
        rows: AuditRows = AuditEntry.objects.all()
        for field in ("by", "kind", "name"):
            if values.get(field):
                rows = rows.filter(**{field: values[field]})
        if day := values.get("since"):
            rows = rows.filter(at__gte=_start(day))
        if day := values.get("until"):
            rows = rows.filter(at__lt=_start(day) + timedelta(days=1))
        return rows

    def query(self) -> str:
        """These filters for the address of another page."""
        return urlencode({name: value for name, value in self.data.items() if value and name in self.fields})


@require_GET
@admins_only
def audit_page(request: HttpRequest) -> HttpResponseBase:
    form = FilterForm(request.GET)
    page = Paginator(form.rows(), SHOWN).get_page(request.GET.get("page"))
    return render(request, "people/audit.html", {"form": form, "page": page, "query": form.query()})


@require_GET
@admins_only
def audit_csv(request: HttpRequest) -> HttpResponseBase:
    return csv_download("audit.csv", COLUMNS, _rows(FilterForm(request.GET).rows()))


def _rows(rows: AuditRows) -> Iterator[tuple[object, ...]]:
    for at, *rest in rows.values_list(*COLUMNS).iterator():
        yield (at, *rest)


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
