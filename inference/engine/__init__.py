"""The models and what goes over the link. No Django here; `catalogue`, `codec`, `wire` and `photo_codec` do without torch."""

import os

# Since 1.32 ONNX Runtime otherwise numbers this machine in a file of its account, and reports to its maker. It reads this when
# it is imported, which only modules below do.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
