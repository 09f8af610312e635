"""Tables as CSV files, streamed, and safe to open in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.http import StreamingHttpResponse

from webapp.live.moments import iso


class _Line:
    """A file for csv.writer that returns each row instead of storing it."""

    def write(self, text: str) -> str:
        return text


def csv_download(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(csv_lines(columns, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([safe(value) for value in row])


def safe(value: object) -> object:
    """Keeps a spreadsheet from evaluating a text that starts like a formula; moments are in UTC, with a Z."""
    if isinstance(value, datetime):
        return iso(value)
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value
