"""Ratings as CSV. For administrators only, because they are everybody's."""

from django.http import HttpRequest, StreamingHttpResponse

from webapp.accounts.roles import admins_only
from webapp.chat.ratings import records
from webapp.csv_download import csv_download


@admins_only
def ratings_csv(request: HttpRequest) -> StreamingHttpResponse:
    return csv_download("ratings.csv", records.COLUMNS, records.rows())
