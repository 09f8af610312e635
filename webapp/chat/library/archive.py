"""A conversation as a zip: Markdown, and the photos that this server has. A photo that lives on a device alone is named."""

import re
import tempfile
import zipfile
from collections.abc import Sequence
from typing import BinaryIO, cast

from django.utils import timezone

from inference.answering import turns as answering
from inference.models import Photo, Turn
from inference.photos.earlier import photos_of
from webapp.chat import conversations, turn_rows
from webapp.chat.library import markdown
from webapp.chat.models import Conversation

DOCUMENT = "conversation.md"
IN_MEMORY = 8 * 1024 * 1024  # a larger archive waits on disk
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u202a-\u202e\u2066-\u2069]+')


def of(conversation: Conversation) -> tuple[str, BinaryIO]:
    """The name of the zip and its open file."""
    rows = [answering.expire(row) for row in conversations.rows_of(conversation)]
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  the response closes it
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        lines = _photos(rows, archive)
        shown = map(turn_rows.as_json, rows)
        archive.writestr(DOCUMENT, markdown.document(str(conversation), timezone.now(), shown, lines))
    file.seek(0)
    return f"{_file_name(str(conversation))}.zip", cast(BinaryIO, file)


def _photos(rows: Sequence[Turn], archive: zipfile.ZipFile) -> dict[str, str]:
    """Write each photo once; the line for each in the document."""
    photos = dict.fromkeys(photo for row in rows for photo in photos_of(row) if photo and not photo.hidden_at)
    return {str(photo.pk): _photo(photo, number, archive) for number, photo in enumerate(photos, 1)}


def _photo(photo: Photo, number: int, archive: zipfile.ZipFile) -> str:
    if photo.on_device_alone:
        device = markdown.text(photo.home or "a device")
        return f"*Photo {photo.pk}: only {device} has it, so it is not in this archive.*"
    name = f"photos/photo-{number}.jpg"
    try:
        archive.write(photo.path, name, zipfile.ZIP_STORED)  # JPEG is compressed already
    except FileNotFoundError:
        return f"*Photo {photo.pk}: its file is missing on the server.*"
    return markdown.image(name)


def _file_name(title: str) -> str:
    return _UNSAFE.sub(" ", title).strip(" .")[:60].strip(" .") or "conversation"
