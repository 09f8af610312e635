"""Why a photo is not taken: one sentence, and what to do next."""


class PhotoRefused(Exception):
    def __init__(self, code: str, message: str, next: str) -> None:
        super().__init__(message)
        self.code, self.message, self.next = code, message, next


def damaged() -> PhotoRefused:
    return PhotoRefused("photo_damaged", "The photo is damaged or incomplete.", "Open it in an image viewer and save it again.")


def too_many_pixels(max_pixels: int) -> PhotoRefused:
    most = f"{max_pixels / 1e6:.0f} megapixels" if max_pixels >= 1_000_000 else f"{max_pixels} pixels"
    return PhotoRefused("photo_too_many_pixels", f"The photo has more than {most}.", "Save it smaller and try again.")


def too_many_bytes(max_bytes: int) -> PhotoRefused:
    size = f"{max_bytes / 1024 / 1024:.0f} MB" if max_bytes >= 1024 * 1024 else f"{max_bytes} bytes"
    return PhotoRefused("photo_too_large", f"The photo is larger than {size}.", "Save it smaller and try again.")


def too_heavy() -> PhotoRefused:
    return PhotoRefused("photo_too_heavy", "Reading this photo takes too much memory.", "Save it smaller and try again.")


def too_slow() -> PhotoRefused:
    return PhotoRefused("photo_too_slow", "Reading this photo takes too long.", "Save it smaller and try again.")
