"""Download the `paper` models from the hub into its local cache; resumable. No torch."""

from collections.abc import Callable

from inference.engine import catalogue, tasks

# One copy of the weights, not one for each framework.
PATTERNS = ["*.json", "*.txt", "model.safetensors"]


class FetchFailed(Exception):
    """One sentence with the remedy."""


def fetch(say: Callable[[str], None] = lambda line: None) -> None:
    """Raises FetchFailed. Complete files are not downloaded again; a partial file is resumed."""
    import httpx
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    models = {task: name for task, name in catalogue.models_of("paper").items() if tasks.get(task).standalone is None}
    *others, last = models
    for task, name in models.items():
        say(f"{task}: {name}")
        try:
            snapshot_download(name, allow_patterns=PATTERNS)
        except (OfflineModeIsEnabled, LocalEntryNotFoundError, httpx.TransportError, ConnectionError, TimeoutError):
            raise FetchFailed(
                f"The model hub cannot be reached for {name}; connect this machine to the internet and run this again, or put "
                f"the folders {', '.join(others)} and {last} in one folder and name it in ISTHMUS_MODELS."
            ) from None
        except HfHubHTTPError as error:
            raise FetchFailed(f"The model hub refused {name} ({error}); try again later.") from None
        except OSError as error:
            raise FetchFailed(f"{name} could not be written ({error}); make room on the disk and run this again.") from None
