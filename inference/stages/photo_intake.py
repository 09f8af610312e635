"""From a camera's frame, or an uploaded file, to a photo this node keeps. No Django."""

import secrets
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from devices.agent.jobs import Refused
from devices.contract.results import Kept
from inference.engine.catalogue import Profile
from inference.engine.codecs import photo_codec
from inference.engine.photos.decoder_process import Decoded
from inference.engine.photos.decoders import Busy, PhotoDecoders
from inference.engine.photos.refusal import PhotoRefused
from inference.stages.job_run import JobRun
from inference.stages.photo_shelf import PhotoShelf

MAX_SIDE = 2048  # pixels; as photos that are uploaded
MAX_PIXELS = 64_000_000
DECODE_S = 10.0  # the server waits for 15


class CleanFrame(NamedTuple):
    """`data`: a JPEG, upright and without metadata."""

    decoded: Decoded
    data: bytes


class PhotoIntake:
    """Frames come from outside: each is read in a process of its own, one at a time."""

    def __init__(self, photos: PhotoShelf, folder: Path) -> None:
        self.photos, self.folder = photos, folder
        self.decoders = PhotoDecoders(MAX_PIXELS, processes=1, seconds=DECODE_S)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in folder.iterdir():  # by an agent that was killed
            left.unlink(missing_ok=True)

    def keep(
        self,
        run: JobRun,
        photo: str,
        frame: bytes,
        profile: Profile,
        tasks: Collection[str] = (),
        is_only_here: bool = True,
    ) -> Kept:
        """Store a frame as this photo, and measure it for these models: for all their tasks where none is named. Raises
        Refused."""
        clean = self.read(run, frame, MAX_SIDE)
        wanted = [task for task in profile.tasks if not tasks or task in tasks]
        sizes = run.handle(lambda: encoded_sizes(photo_codec.decode(clean.data), profile, wanted))
        self.photos.keep(photo, clean.data, run.person, is_only_here)
        return Kept(
            width=clean.decoded.width,
            height=clean.decoded.height,
            bytes=clean.decoded.bytes,
            stayed=True,
            sizes=sizes,
            notes=list(clean.decoded.notes),
        )

    def read(self, run: JobRun, frame: bytes, max_side: int) -> CleanFrame:
        """Of any format, from outside; stored nowhere. Raises Refused."""
        source, target = (self.folder / f"{secrets.token_hex(8)}{ending}" for ending in ("", ".jpg"))
        try:
            source.touch(mode=0o600)
            source.write_bytes(frame)
            decoded = self.decoders.read(str(source), str(target), max_side=max_side, who=run.person)
            return CleanFrame(decoded, target.read_bytes())
        except PhotoRefused as refusal:
            raise Refused("bad_frame", refusal.message) from None
        except Busy:
            raise Refused("busy", "This node is reading other photos; try again in a few seconds.") from None
        except OSError as error:
            raise Refused("disk", f"This node cannot store the photo ({error.strerror}).") from None
        finally:
            for file in (source, target):
                file.unlink(missing_ok=True)


def encoded_sizes(image: Image.Image, profile: Profile, tasks: Iterable[str]) -> dict[str, int]:
    """Exact bytes in every photo encoding placement may choose for these tasks, by "codec:quality:side".

    Resizing and encoding the same thing twice would be most of the work.
    """
    pictures: dict[tuple[int | None, int], Image.Image] = {}
    written: dict[tuple[str, int, tuple[int, int], bool], int] = {}
    sizes: dict[str, int] = {}
    for task in tasks:
        size = profile.image_size(task)
        for level in profile.photo_levels(task):
            picture = pictures.get((level.side, size)) or pictures.setdefault(
                (level.side, size), photo_codec.resized(image, level, size)
            )
            same = level.codec, level.quality, picture.size, bool(level.side)
            if same not in written:
                written[same] = len(photo_codec.write(picture, level.codec, level.quality))
            sizes[level.key(size)] = written[same]
    return sizes
