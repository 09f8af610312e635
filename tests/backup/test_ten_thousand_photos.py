"""The number that is promised: ten thousand photos, byte for byte."""

from pathlib import Path

import pytest

from tests.backup.conftest import Place

PHOTOS = 10_000
FILL = f"""
import random
from django.conf import settings
from inference.models import Photo
from webapp.accounts.models import User
owner = User.objects.create_user("owner")
(settings.VAR_DIR / "photos").mkdir(mode=0o700)
chance = random.Random(1)
for start in range(0, {PHOTOS}, 1000):
    rows = Photo.objects.bulk_create([Photo(owner=owner, width=640, height=480, bytes=1, source_bytes=1) for _ in range(1000)])
    for photo in rows:
        photo.path.write_bytes(chance.randbytes(chance.randrange(20_000, 60_000)))
        photo.small_path.write_bytes(chance.randbytes(4_000))
"""


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_ten_thousand_photos(empty: Place, tmp_path: Path) -> None:
    empty.manage("migrate", "--no-input")
    empty.manage("shell", "-v0", "-c", FILL)
    empty.manage("backup", str(tmp_path / "large.tar"))
    (tmp_path / "other").mkdir(mode=0o700)
    other = Place(tmp_path / "other")
    other.manage("restore", str(tmp_path / "large.tar"))
    before, after = empty.content(), other.content()
    assert len(before["rows"]["inference.Photo"]) == PHOTOS
    assert sum(name.startswith("photos/") for name in after["files"]) == 2 * PHOTOS
    assert after == before
