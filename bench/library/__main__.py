"""How long the server takes for the first screen of a large library: `python -m bench.library [--quick] [--json]`.

Fills a database of its own with rows of 100,000 photos (without files), as uploads and cameras add them: sessions of tens to
hundreds within minutes, over four years. Then it opens the library again and again through Django's whole request handling, in
this process. A first screen is the page with its first photos, and the counts by which the page knows its height.

first_screen_ms_p50, _p95   milliseconds of the server for the page and the counts together
page_ms_p50, slots_ms_p50   of either
middle_ms_p50, _p95         one further page of 200 photos from anywhere in the library
photos                      rows
"""

from bench.harness import command
from bench.library.measurement import measure


def main() -> None:
    parser = command.parser("library", __doc__)
    parser.add_argument("--quick", action="store_true", help="20 first screens instead of 200")
    options = parser.parse_args()
    command.print_figures(measure(100_000, 20 if options.quick else 200), options.json, 20)


if __name__ == "__main__":
    main()
