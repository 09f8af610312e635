"""The metrics of the lab and its benches: one list that tables, plots and cards take their labels from.

A new metric is one line here; its name is the key under which figures are stored.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """`label` states what is measured and on what; `unit` is empty for a share between 0 and 1."""

    name: str
    label: str
    unit: str = ""
    better: Literal["higher", "lower"] = "higher"


# What rate_accuracy compares for each task, and what the models' card calls its accuracy.
TASK_METRICS = {
    "classify": Metric("imagenette_top1", "top-1 of 1000 names, on Imagenette's ten classes"),
    "caption": Metric("flickr8k_bleu4", "BLEU-4, on Flickr8k"),
    "vqa": Metric("vqa_accuracy", "exact answer, on generated Flickr8k questions"),
}
METRICS = (
    *TASK_METRICS.values(),
    Metric("imagenette_top5", "top-5 of 1000 names, on Imagenette's ten classes"),
    Metric("everyday_top1", "top-1 of 1000 names, on everyday photos of 500 classes"),
    Metric("everyday_top5", "top-5 of 1000 names, on everyday photos of 500 classes"),
    Metric("imagenette_top1_of_ten", "top-1 of Imagenette's own ten names"),
    Metric("flickr8k_cider", "CIDEr-D, on Flickr8k", "on its usual scale, 0 to 10"),
    Metric("vqa_question_only", "exact answer without the photo, on generated Flickr8k questions"),
    Metric("daquar_accuracy", "exact answer, on DAQUAR"),
    Metric("daquar_question_only", "exact answer without the photo, on DAQUAR"),
    Metric("latency_ms_p50", "slowest task on one core", "ms", "lower"),
    Metric("weights_mb", "files of the profile", "MB", "lower"),
    Metric("psnr", "peak signal-to-noise ratio of the reconstruction", "dB"),
    Metric("ssim", "structural similarity of the reconstruction"),
)
BY_NAME = {metric.name: metric for metric in METRICS}


def describe(name: str) -> str:
    """`unit  (label; lower is better)` for a stored figure, or nothing for a figure that is no metric."""
    metric = BY_NAME.get(name)
    if metric is None:
        return ""
    note = "" if metric.better == "higher" else "; lower is better"
    return f"{metric.unit} ({metric.label}{note})".strip()
