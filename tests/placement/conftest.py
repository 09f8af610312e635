"""The properties here are about what is chosen, not how fast: a busy machine must not fail them."""

from hypothesis import settings

settings.register_profile("placement", deadline=None)
settings.load_profile("placement")
