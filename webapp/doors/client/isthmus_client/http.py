"""Calls to the HTTP API: refusals become IsthmusError, and what the server asks to repeat later is repeated."""

import time
from collections.abc import Mapping
from typing import Any

import httpx

from isthmus_client.errors import IsthmusError

LATER = ("too_many_questions", "too_fast", "photos_busy", "busy", "database_unavailable")  # nothing was done
PAUSE_S = 0.5  # where the server does not say how long


class Http:
    """Safe to use from several threads."""

    def __init__(self, url: str, token: str, connect_s: float) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        timeout = httpx.Timeout(60, connect=connect_s)
        self._http = httpx.Client(base_url=f"{url.rstrip('/')}/api/v1", headers=headers, timeout=timeout)

    def close(self) -> None:
        self._http.close()

    def call(self, method: str, path: str, until: float, **body: Any) -> Any:
        """The JSON of a response. `until`: by time.monotonic(), how long to try again. Raises IsthmusError."""
        while True:
            response = self._send(method, path, body)
            if response.is_success:
                return response.json() if response.content else None
            error = _error(response)
            pause_s = _pause_s(response)
            if error.code not in LATER or time.monotonic() + pause_s > until:
                raise error
            time.sleep(pause_s)

    def _send(self, method: str, path: str, body: Mapping[str, Any]) -> httpx.Response:
        try:
            return self._http.request(method, path, **body)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise IsthmusError("unreachable", f"The server does not answer: {error}.", "Check its address.") from error


def _pause_s(response: httpx.Response) -> float:
    asked_for = response.headers.get("Retry-After", "")
    return float(asked_for) if asked_for.isdigit() else PAUSE_S


def _error(response: httpx.Response) -> IsthmusError:
    """A proxy in front of the server may answer with something else than JSON."""
    try:
        body = response.json()["error"]
        return IsthmusError(body["code"], body["message"], body["next"], response.status_code)
    except (ValueError, LookupError, TypeError):
        message = f"The server answered with status {response.status_code}."
        return IsthmusError("unexpected", message, "Is this the address of an Isthmus server?", response.status_code)
