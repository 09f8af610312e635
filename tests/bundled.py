"""Facts about the bundled models that tests need: they change with the weights."""

from inference.engine import catalogue

SPLIT_AT = catalogue.profile("compact").split_points("classify")[-1]
