"""Fills `slot` of the photos there are, in one statement. Their digests follow in the background (inference/photos/digests.py)."""

from django.db import migrations

SECONDS = {"sqlite": "CAST(strftime('%%s', created) AS INTEGER)", "postgresql": "CAST(FLOOR(EXTRACT(EPOCH FROM created)) AS INTEGER)"}


def fill(apps, schema_editor):
    seconds = SECONDS[schema_editor.connection.vendor]
    schema_editor.execute(f"UPDATE inference_photo SET slot = {seconds} / 900", params=())


class Migration(migrations.Migration):
    dependencies = [("inference", "0010_photo_library")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
