"""How uvicorn serves the web app: in `make run`, in the benches and (a test compares them) in the image."""

ARGUMENTS = (
    *("--no-access-log", "--log-level", "warning", "--lifespan", "off", "--ws-max-size", "65536"),
    *("--ws-per-message-deflate", "false"),  # frames are small, and each would be compressed once per page
    *("--timeout-graceful-shutdown", "2"),
    # Bounds on connections; who is behind a proxy is decided there too, by ISTHMUS_PROXIES alone.
    *("--http", "webapp.gate.connections:BoundedHttp", "--ws", "webapp.gate.connections:BoundedWebSocket"),
    "--no-proxy-headers",
)


def command(python: str, host: str, port: int) -> list[str]:
    return [python, "-m", "uvicorn", "webapp.asgi:application", "--host", host, "--port", str(port), *ARGUMENTS]
