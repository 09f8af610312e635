"""What else the machine did: figures of a busy one are those of its other work, too."""

import os


def now() -> dict[str, object]:
    """Cores, and how many processes wanted one, on average over the last five minutes, this bench's own among them."""
    return {"cores": os.cpu_count(), "load": round(os.getloadavg()[1], 1)}
