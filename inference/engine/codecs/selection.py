"""Which feature code serves a task at each split point. No torch: every engine asks here."""

import logging

from inference.engine.catalogue import ModelsMissing, Profile
from inference.engine.codecs import feature_code, learned_code
from inference.engine.codecs.feature_code import Code, CodecError

log = logging.getLogger(__name__)


def codes(profile: Profile, task: str, tower: bytes) -> dict[int, Code]:
    """By split point: the learned code where its file was made for these weights, else a pooled one.

    `tower` is the SHA-256 of the loaded tower's weights. Raises ModelsMissing where the file names the right weights file and
    another tower, or is damaged.
    """
    file = profile.code_of(task)
    if profile.learned(task) and file is not None:
        if learned_code.about(file)["tower"] != tower.hex():
            raise ModelsMissing(f"{file} belongs to other weights; restore both or train the feature code again.")
        try:
            return dict(learned_code.load(file))
        except CodecError as error:
            raise ModelsMissing(f"{file}: {error}") from error
    if file is not None and file.exists():
        log.warning("%s belongs to other weights and is not used; train the feature code again.", file)
    return {k: feature_code.PooledCode(*profile.shape(task).features[k]) for k in profile.split_points(task)}
