"""Accuracy against bytes for every way to send a photo: `python -m bench.rate_accuracy [--quick] [--json] [--plot]`.

tasks               classify (top-1 of 1000 names, on Imagenette validation, which shows ten of them), everyday (the same on
                    photos of 500 classes), caption (BLEU-4, on Flickr8k test), vqa (exact answer, on questions generated from
                    Flickr8k test captions); for each
  full              the uncompressed features; bytes: the pixels at the model's own size
  upload            the photo's file; the sets hold 160-pixel files, so `bytes_640px` adds the size of ordinary photos
  code              each level at its most accurate split point, of those where the device does at most 45 % of the compute
  refine            answer, then refine, as in the card: expected bytes, share refined, `saved` against always sending all
  jpeg, webp, avif  at the model's size and four qualities, each with the task heads as they are (plain) and adapted
  ratio_at_1pt      fewest bytes of the best photo codec within one point of `full`, over ours; measured points only
  ratio_vs_upload_at_half_pt   bytes of `upload` over ours within half a point; the small files make it conservative
device_share        head and encoding over the whole model's compute on one core, the largest over the tasks' chosen points
encode_ms, decode_ms   on one core, the slowest level of the chosen split points

Every accuracy has a 95 % interval, every difference to `full` a paired one. A full run takes twenty minutes, goes on
where it was stopped, and is stored in bench/results/, which the Curves page draws; `--quick` takes a sample. `--plot` writes
var/rate_accuracy.html.
"""

from pathlib import Path

from rich.console import Console

from bench.harness import command, results_io
from bench.rate_accuracy import plot, tables
from bench.rate_accuracy.measurement import FULL, QUICK, RESULTS, measure
from inference.lab.codes import markdown_tables

PLOT = Path("var/rate_accuracy.html")


def main() -> None:
    parser = command.parser("rate_accuracy", __doc__)
    parser.add_argument("--quick", action="store_true", help="fewer photos and qualities; does not replace the stored results")
    parser.add_argument("--plot", action="store_true", help=f"write {PLOT}")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="replace the table between the markers of this page")
    parser.add_argument("--processes", type=int, default=2, help="worker processes (default 2)")
    options = parser.parse_args()
    figures = measure(QUICK if options.quick else FULL, options.processes, 4 if options.quick else 1)
    figures["quick"] = options.quick
    if not options.quick:
        results_io.save(figures, RESULTS)
    console = Console(highlight=False, width=120)
    console.print(tables.table(figures))
    console.print(f"device share {figures['device_share']}, encode {figures['encode_ms']} ms, decode {figures['decode_ms']} ms")
    console.print(figures["adapted"])
    if options.plot:
        results_io.save_page(plot.page(figures), PLOT)
        console.print(f"Plot: {PLOT}")
    if options.write:
        markdown_tables.write(options.write, tables.MARKER, tables.markdown(figures))
    if options.json:
        command.print_json(figures)


if __name__ == "__main__":
    main()
