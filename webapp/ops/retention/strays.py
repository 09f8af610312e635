"""Files in the photo folders, and traces on nodes, that belong to no photo."""

from datetime import UTC, datetime

from inference.photos import erasure
from webapp.ops.retention.contents import Usage


class Strays:
    AGE = erasure.STRAY

    def usage(self) -> Usage:
        files = list(erasure.stray_files(datetime.now(UTC)))
        sizes, ages = [file.stat().st_size for file in files], [file.stat().st_mtime for file in files]
        return Usage(len(files), sum(sizes), datetime.fromtimestamp(min(ages), UTC) if ages else None)

    def due(self, before: datetime) -> int:
        return sum(1 for _ in erasure.stray_files(before))

    def delete(self, before: datetime, at_most: int) -> int:
        return erasure.delete_strays(before, at_most)
