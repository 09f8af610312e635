"""Run what `up` prepared: `python -m webapp.ops.supervise PROCESSES.json`, a process of its own so that Django's memory is
not copied into every child. honcho starts the children, prefixes their lines and ends them all together."""

import json
import os
import shlex
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from honcho.manager import Manager

READY_PATIENCE_S = 180


def main(plan_file: Path) -> int:
    plan = json.loads(plan_file.read_text())
    manager = Manager()
    for name, command in plan["processes"].items():
        keep = [sys.executable, "-S", "-m", "webapp.ops.restart", "--parent", str(os.getpid()), "--", *command]
        manager.add_process(name, "exec " + shlex.join(keep), env={**os.environ, **plan["env"], "PYTHONUNBUFFERED": "1"})
    threading.Thread(target=_announce, args=(plan,), daemon=True).start()
    manager.loop()
    # A person's Ctrl-C is the ordinary end, not a failure.
    return 0 if manager.returncode in (0, 130, 143) else 1


def _announce(plan: dict[str, str]) -> None:
    """Say when everything is ready, and after how long."""
    started = time.monotonic()
    while time.monotonic() - started < READY_PATIENCE_S:
        try:
            with urllib.request.urlopen(f"{plan['local_url']}/healthz", timeout=5) as answer:
                if answer.status == 200:
                    print(f"\n  Isthmus is ready after {time.monotonic() - started:.0f} s: {plan['url']}", flush=True)
                    print(f"  {plan['greeting']}\n", flush=True)
                    return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            pass
        time.sleep(0.5)
    print("\n  Not ready yet; `python manage.py doctor` says what is missing.\n", flush=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
