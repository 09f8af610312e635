"""Changing to other models when the server says so, in the background: they are fetched, loaded and checked before the present
ones go, so that a node which cannot change keeps what it has.

The configuration names them only once they have answered. A node that loses power at any moment starts with one of both.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from celery import Celery

from devices.agent import capabilities, config
from devices.agent.capabilities import LoadsModels, NoRoom, Profile, Unavailable
from devices.agent.config import Config, ConfigError
from devices.agent.home import model_trial
from devices.agent.home.model_trial import Trial
from devices.agent.runtime import Runtime, profile_of
from devices.contract.heartbeat import MAX_SENTENCE, Models, RefusedModels

log = logging.getLogger(__name__)
NICENESS = 10  # of what is fetched: answers go first
RETRY_S = 600.0  # after a failure that may pass
REST_S = 60.0  # before the same offer, repeated after it was followed, is followed again
MOST_ATTEMPTS = 2  # to load the same models, of which each ended this process
ENDED = (
    "The agent's process ended twice while it loaded them, most likely for lack of memory. "
    "End other programs on this node, and restart the agent."
)
INTERRUPTED = "It was interrupted while it loaded the {} models, and loads them again."


class ModelChange:
    """One change at a time. `offered` and `settle` are called from the thread of the heartbeat, which alone writes the
    configuration."""

    def __init__(
        self, runtime: Runtime, restart: Callable[[str], None] = lambda why: None, wake: Callable[[], None] = lambda: None
    ) -> None:
        """`restart`: start this process over, soon. `wake`: have `settle` called, soon."""
        self.runtime, self.restart, self.wake = runtime, restart, wake
        self.note = ""  # what it does at the moment, a sentence; empty: nothing
        self._thread: threading.Thread | None = None
        self._refused: tuple[RefusedModels, float] | None = None  # and when it is withdrawn, on the monotonic clock
        self._outcome: tuple[Models, Profile | None] | None = None
        self._followed: tuple[Models, float] | None = None  # and when, on the monotonic clock

    @property
    def refused(self) -> RefusedModels | None:
        """Repeated in every heartbeat. Once it is withdrawn, the server offers the models again."""
        if self._refused is not None and time.monotonic() >= self._refused[1]:
            self._refused = None
        return self._refused[0] if self._refused else None

    @property
    def is_under_way(self) -> bool:
        return self._outcome is not None or (self._thread is not None and self._thread.is_alive())

    def start(self, app: Celery) -> Profile | None:
        """Have the capability to answer start: with the models under trial, if there are any, else with those of the
        configuration. Raises Unavailable."""
        home, node = self.runtime.home, config.load(self.runtime.home)
        trial = model_trial.read(home)
        if trial is not None and trial.offer.choice >= node.choice:
            try:
                return self._try(app, trial)
            except Unavailable as why:
                self._refuse(trial.offer, str(why))
            finally:
                self.note = self.runtime.bundle = ""
        model_trial.end(home)
        self.runtime.profile_name = profile_of(node)
        return capabilities.start(capabilities.ANSWERING, app, self.runtime)

    def _try(self, app: Celery, trial: Trial) -> Profile | None:
        if trial.attempts >= MOST_ATTEMPTS:
            raise Unavailable(ENDED)
        model_trial.begin(self.runtime.home, trial)
        self.note = trial.why or INTERRUPTED.format(trial.models.profile)
        self.runtime.profile_name, self.runtime.bundle = trial.models.profile, trial.models.bundle
        profile = capabilities.start(capabilities.ANSWERING, app, self.runtime)
        self._outcome = trial.models, None
        return profile

    def offered(self, models: Models) -> None:
        """Returns at once. What was refused or has just been followed is not begun again."""
        refused = self.refused
        if self.is_under_way or (refused and (refused.choice, refused.bundle) == (models.choice, models.bundle)):
            return
        if self._followed and self._followed[0] == models and time.monotonic() - self._followed[1] < REST_S:
            return
        self._thread = threading.Thread(target=self._follow, args=(models,), name="model change", daemon=True)
        self._thread.start()

    def settle(self) -> tuple[Config, Profile | None] | None:
        """Store that this node has followed an offer: the new configuration, and the profile to report, None where it is that
        of `start`. None while there is nothing to settle. Raises OSError, ConfigError."""
        if self._outcome is None:
            return None
        home, (models, profile) = self.runtime.home, self._outcome
        node = replace(config.load(home), profile=models.profile, choice=models.choice)
        config.save(home, node)
        model_trial.end(home)
        self.runtime.profile_name, self._outcome = models.profile, None
        return node, profile

    def _follow(self, models: Models) -> None:
        try:
            if capabilities.obstacle(capabilities.ANSWERING):  # it answers nothing, with whichever models
                self._outcome = models, None
            else:
                self._change(models)
        except Unavailable as why:
            self._refuse(models, str(why), RETRY_S if why.passes else float("inf"))
        except (OSError, ConfigError) as error:
            self._refuse(models, f"Its folder could not be written ({error}).")
        except Exception as error:  # whatever a library or a driver raises: the present models answer on
            log.exception("cannot change to the %s models", models.profile)
            self._refuse(models, f"They fail on this machine ({type(error).__name__}); its log says more.")
        finally:
            self.note = ""
            self._followed = models, time.monotonic()
            self.wake()

    def _change(self, models: Models) -> None:
        if why := obstacle(models.profile):
            raise Unavailable(why)
        capability = capabilities.find(capabilities.ANSWERING)
        if not isinstance(capability, LoadsModels):
            raise Unavailable("Its agent cannot change models; install it again.")
        # In a thread of its own: the threads that an engine starts to compute with inherit the priority of the one that loads.
        with ThreadPoolExecutor(1, "fetch", lower_priority) as fetching:
            digest = fetching.submit(capability.fetch, self.runtime, models, self._say).result()
        self._say(f"It loads the {models.profile} models.")
        home = self.runtime.home
        trial = model_trial.begin(home, Trial(models, digest))
        try:
            self._outcome = trial.models, capability.change(self.runtime, trial.models)
        except NoRoom as why:
            model_trial.save(home, replace(trial, attempts=0, why=str(why)))
            self.restart(str(why))
        except Exception:
            model_trial.end(home)
            raise

    def _say(self, sentence: str) -> None:
        self.note = sentence[:MAX_SENTENCE]

    def _refuse(self, models: Models, why: str, seconds: float = float("inf")) -> None:
        log.warning("keeping the present models: %s", why)
        refusal = RefusedModels(choice=models.choice, bundle=models.bundle, why=why[:MAX_SENTENCE])
        self._refused = refusal, time.monotonic() + seconds


def obstacle(profile: str) -> str:
    """Why this node keeps the models it has, in one sentence; empty where it can change."""
    pinned = os.environ.get("ISTHMUS_PROFILE")
    if pinned and pinned != profile:
        return f"ISTHMUS_PROFILE on this node names the {pinned} models; remove it there, and restart the agent."
    return capabilities.obstacle(capabilities.ANSWERING, profile)


def lower_priority() -> None:
    """Of this thread alone, as Linux has it."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
