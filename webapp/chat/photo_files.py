"""A photo as a browser gets it, by whichever address the person may see it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from inference.models import Photo
from inference.photos.on_device import thumbnails


def response(request: HttpRequest, photo: Photo, kept_s: int) -> HttpResponse:
    """The headers keep a browser from guessing its type and from running anything in it. `kept_s`: how long the browser may
    show it without asking again."""
    if photo.on_device_alone:
        thumbnail = thumbnails.of(photo) if request.GET.get("small") else None
        if thumbnail is None:
            return _placeholder(request, photo.home or "A device")
        return _jpeg(thumbnail, photo, 0)  # asked for each time: it may be forbidden in the next moment
    try:
        data = (photo.small_path if request.GET.get("small") else photo.path).read_bytes()
    except FileNotFoundError:
        return render(request, "404.html", status=404)
    return _jpeg(data, photo, kept_s)


def _jpeg(data: bytes, photo: Photo, kept_s: int) -> HttpResponse:
    """Not streamed: it is below a megabyte, and under ASGI Django would read a stream into memory and warn."""
    answer = HttpResponse(data, content_type="image/jpeg")
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Disposition"] = f'inline; filename="{photo.pk}.jpg"'
    answer["Cache-Control"] = f"private, max-age={kept_s}, immutable" if kept_s else "private, no-store"
    return answer


def _placeholder(request: HttpRequest, device: str) -> HttpResponse:
    """Shown for a photo that the server does not have."""
    answer = render(request, "photo_elsewhere.svg", {"device": device}, content_type="image/svg+xml")
    answer["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
