"""The engines of this machine on the compact models: `python -m bench.engines [--quick] [--json] [--photos N]`.

Each engine runs in a process of its own with what a node's agent imports, without a server, and computes with one thread.
They do the same work in turn, round after round, so that the machine's load affects all of them equally.

engines               by engine and device, for example onnx_cpu:
  head_ms, tail_ms    the classifier's two parts at its deepest split point (`split_at`)
  whole_ms            a whole answer of the classifier; caption_ms: a description
  vqa_ms, presence_ms   "what colour is it?" and "is there a dog?"
  ready_s             from the start of the process until its models are loaded, median of the starts
  agent_rss_mb        resident memory when idle: each task has answered, and freed memory was returned to the system
  agent_anonymous_mb  of it, what no file backs, so that the system cannot drop it
  ready_rss_mb, answered_rss_mb   resident memory when the models have been loaded, and after all answers
  agree               share of the photos on which all answers are torch's on the CPU, letter by letter
head_ratio, whole_ratio   torch over ONNX Runtime, both on the CPU: median over the rounds; `ratios` has the others
agree_by_task         on how many of how many photos a task's answer is the same; differences: the answers that are not
features_error        largest difference of the head's features, as a share of the photo's largest feature
bundle_mb, bundle_files   of the exported models; export_s: how long that took, null where they were there

Milliseconds are medians, of processor time on a CPU and of elapsed time on a GPU, of calls about a decoded photo.
Resident memory (Rss of /proc/self/smaps_rollup, Linux) counts pages shared with other processes in full; a megabyte has
1,000,000 bytes. Half of the photos are `everyday`, half Flickr8k's test photos, from ISTHMUS_DATA (default var/data). The
bundle is read from ISTHMUS_BUNDLES (default var/bundles), and exported there if it is missing. A full run takes a few
minutes and is stored in bench/results/engines.json.
"""

from rich.console import Console

from bench.engines import measurement, photos, report
from bench.engines.measurement import Plan
from bench.harness import command, results_io
from inference.engine.catalogue import ModelsMissing
from inference.lab.data import photo_sets

PHOTOS, QUICK_PHOTOS = 500, 20
FULL, QUICK = Plan(starts=3, rounds=21), Plan(starts=1, rounds=5)


def main() -> None:
    parser = command.parser("engines", __doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"{QUICK_PHOTOS} photos, {QUICK.rounds} rounds; does not replace the stored results",
    )
    parser.add_argument("--photos", type=int, help=f"photos to compare answers about (default {PHOTOS})")
    options = parser.parse_args()
    chosen = photos.choose(photo_sets.data_dir(), options.photos or (QUICK_PHOTOS if options.quick else PHOTOS))
    try:
        bundle = measurement.bundle()
    except ModelsMissing as error:
        raise SystemExit(str(error)) from None
    results, absent = measurement.measure(QUICK if options.quick else FULL, bundle.folder, chosen)
    figures = report.figures(results, bundle, len(chosen))
    if not options.quick and len(chosen) == PHOTOS:
        results_io.save(figures, measurement.RESULTS)
    console = Console(highlight=False)
    for table in report.tables(figures):
        console.print(table)
    for name, reason in absent.items():
        console.print(f"Not measured: {name}. {reason}", soft_wrap=True)
    exported = "" if bundle.export_s is None else f", exported in {figures['export_s']} s"
    console.print(f"Bundle: {figures['bundle_mb']} MB in {figures['bundle_files']} files{exported}.")
    if options.json:
        command.print_json(figures)


if __name__ == "__main__":
    main()
