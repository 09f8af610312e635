"""Changing to other models when the server says so: checked before anything is given up, then this process starts over."""

import os
from dataclasses import replace
from pathlib import Path

from devices.agent import capabilities, config
from devices.contract.heartbeat import Models


def obstacle(profile: str) -> str:
    """Why this node keeps the models it has, in one sentence; empty where it can change."""
    pinned = os.environ.get("ISTHMUS_PROFILE")
    if pinned and pinned != profile:
        return f"ISTHMUS_PROFILE on this node names the {pinned} models; remove it there, and restart the agent."
    return capabilities.obstacle(capabilities.ANSWERING, profile)


def store(home: Path, models: Models) -> None:
    """Raises ConfigError, OSError."""
    config.save(home, replace(config.load(home), profile=models.profile, choice=models.choice))
