"""The `paper` models from the hub into its local cache: resumable, with its own progress bars. No torch."""

from collections.abc import Callable

from inference.engine.catalogue import PAPER

# One copy of the weights, not one for each framework.
WANTED = ["*.json", "*.txt", "model.safetensors"]


class FetchFailed(Exception):
    """One sentence with the remedy."""


def fetch(say: Callable[[str], None] = lambda line: None) -> None:
    """Raises FetchFailed. What was fetched before is kept and not fetched again; half a file is gone on with."""
    import httpx
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    for task, name in PAPER.items():
        say(f"{task}: {name}")
        try:
            snapshot_download(name, allow_patterns=WANTED)
        except (OfflineModeIsEnabled, LocalEntryNotFoundError, httpx.TransportError, ConnectionError, TimeoutError):
            raise FetchFailed(
                f"The model hub cannot be reached for {name}; connect this machine to the internet and run this again, or put "
                "the folders classify, caption and vqa in one folder and name it in ISTHMUS_MODELS."
            ) from None
        except HfHubHTTPError as error:
            raise FetchFailed(f"The model hub refused {name} ({error}); try again later.") from None
        except OSError as error:
            raise FetchFailed(f"{name} could not be written ({error}); make room on the disk and run this again.") from None
