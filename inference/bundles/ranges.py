"""A file over HTTP, from any byte to its end, in small pieces also under ASGI."""

import re
from pathlib import Path

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from webapp.errors import json_error
from webapp.live.errors import UserError
from webapp.live.pieces import Pieces

_RANGE = re.compile(r"bytes=(\d{1,15})-")  # what nodes send; any other range is answered with the whole file


def response(request: HttpRequest, file: Path, etag: str) -> HttpResponse | StreamingHttpResponse:
    size, wanted = file.stat().st_size, _RANGE.fullmatch(request.headers.get("Range", ""))
    start = int(wanted[1]) if wanted else 0
    if wanted and start >= size:
        refusal: HttpResponse = json_error(
            UserError("range_not_satisfiable", f"This file has {size} bytes.", "Start at one of them.", 416)
        )
        refusal["Content-Range"] = f"bytes */{size}"
        return refusal
    opened = file.open("rb")
    opened.seek(start)
    answer = StreamingHttpResponse(Pieces(opened), status=206 if wanted else 200, content_type="application/octet-stream")
    answer["Content-Length"] = str(size - start)
    if wanted:
        answer["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
    answer["Accept-Ranges"] = "bytes"
    answer["ETag"] = f'"{etag}"'
    answer["Cache-Control"] = "private, no-transform"  # ranges count the bytes of the file itself
    return answer
