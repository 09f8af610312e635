"""A person who uses the web app over HTTP."""

import io
import ssl
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from tests.transcript import require, wait_until

OWNER, PASSWORD = "owner", "correct horse battery staple"
FINAL = ("answered", "failed", "stopped")


class Visitor:
    """`name` is what the request asks for; the connection goes to `address`. `authority`: a file to trust, for https."""

    def __init__(self, name: str, address: str, port: int, authority: Path | None = None) -> None:
        scheme = "https" if authority else "http"
        suffix = "" if authority and port == 443 else f":{port}"
        self._name = name if authority else None
        verify = ssl.create_default_context(cafile=str(authority)) if authority else True
        self.origin = f"{scheme}://{name}{suffix}"
        self._http = httpx.Client(
            base_url=f"{scheme}://{address}{suffix}",
            headers={"Host": f"{name}{suffix}"},
            verify=verify,
            timeout=60,
            trust_env=False,
            event_hooks={"request": [self._address_by_name]},
        )

    def _address_by_name(self, request: httpx.Request) -> None:
        if self._name:
            request.extensions["sni_hostname"] = self._name

    def get(self, path: str) -> httpx.Response:
        return self._http.get(path)

    def post(self, path: str, **body: Any) -> httpx.Response:
        token = self._http.cookies.get("isthmus_csrf", "")
        headers = {"Origin": self.origin, "Referer": f"{self.origin}/", "X-CSRFToken": token}
        return self._http.post(path, headers=headers, **body)

    @property
    def client(self) -> httpx.Client:
        """For requests of any kind in the name of whoever is logged in here."""
        token = self._http.cookies.get("isthmus_csrf", "")
        self._http.headers.update({"Origin": self.origin, "Referer": f"{self.origin}/", "X-CSRFToken": token})
        return self._http

    def status(self, path: str) -> int:
        """0 where nothing answers."""
        try:
            return self.get(path).status_code
        except httpx.TransportError:
            return 0

    def set_up(self, token: str) -> None:
        self.get("/setup/")
        form = {"token": token, "username": OWNER, "password1": PASSWORD, "password2": PASSWORD, **self._csrf()}
        answer = self.post("/setup/", data=form)
        require(answer.status_code == 302, f"the setup page answers 302, not {answer.status_code}")

    def log_in(self) -> None:
        self.get("/login/")
        answer = self.post("/login/", data={"username": OWNER, "password": PASSWORD, **self._csrf()})
        require(answer.status_code == 302, f"the login answers 302, not {answer.status_code}")

    def _csrf(self) -> dict[str, str]:
        return {"csrfmiddlewaretoken": self._http.cookies.get("isthmus_csrf", "")}

    def upload(self, photo: bytes) -> httpx.Response:
        return self.post("/api/v1/photos", files={"photo": ("photo.jpg", photo, "image/jpeg")})

    def ask(self, question: str, *, seconds: float = 90, **fields: Any) -> dict[str, Any]:
        """The answered turn."""
        answer = self.post("/api/v1/turns", json={"question": question, **fields})
        require(answer.status_code == 202, f"a question is accepted, not {answer.status_code} {answer.text[:200]}")
        turn: dict[str, Any] = {}

        def final() -> bool:
            turn.update(self.get(f"/api/v1/turns/{answer.json()['id']}").json())
            return turn.get("state") in FINAL

        wait_until(final, seconds, "the question ends")
        require(turn["state"] == "answered", f"the question is answered, not {turn['state']}: {turn.get('error')}")
        return turn

    def nodes(self) -> dict[str, dict[str, Any]]:
        return {node["slug"]: node for node in self.get("/api/v1/nodes?limit=100").json()["items"]}

    def ready(self, *names: str) -> bool:
        """Whether these nodes are online with their models loaded."""
        nodes = self.nodes()
        return all(name in nodes and nodes[name]["state"] == "online" and nodes[name].get("profile") for name in names)


def draw_photo(seed: int, size: tuple[int, int] = (640, 480), noise: bool = False) -> bytes:
    """A JPEG of coloured blocks, or, to be large, of noise."""
    shape = (size[1], size[0], 3) if noise else (6, 8, 3)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).save(out, "JPEG", quality=95)
    return out.getvalue()
