"""How long the server takes for the first screen of a large library: `python -m bench.library [--quick] [--json]`.

Fills a database of its own with rows of 100,000 photos (without files), as uploads and cameras add them: sessions of tens to
hundreds within minutes, over four years. Then it opens the library again and again through Django's whole request handling, in
this process. A first screen is the page with its first photos, and the counts by which the page knows its height.

first_screen_ms_p50, _p95   milliseconds of the server for the page and the counts together
page_ms_p50, slots_ms_p50   of either
middle_ms_p50, _p95         one further page of 200 photos from anywhere in the library
photos                      rows

With `--browser` it measures the page instead, in Chromium against the whole stack:

upload      10,000 small files chosen at once, six of ten of them no photos: `seconds` until all are done, and frames meanwhile
grid        as many rows as above, scrolled from end to end and at 20 places until everything there is read: frames, and the
            slowest request for photos. A picture is put in the place of each thumbnail, as the rows have no files.

frame_ms_p50, _p99, _max    from one frame to the next; task_ms_max: the longest that a script kept the page busy (0: below 50)
"""

from bench.harness import command
from bench.library.measurement import measure

PHOTOS, FILES = 100_000, 10_000


def main() -> None:
    parser = command.parser("library", __doc__)
    parser.add_argument("--quick", action="store_true", help="20 first screens instead of 200; in the browser 1,000 files")
    parser.add_argument("--browser", action="store_true", help="measure the page in Chromium")
    options = parser.parse_args()
    if options.browser:
        from bench.library.browser.measurement import measure_page

        figures = measure_page(PHOTOS, 1000 if options.quick else FILES)
    else:
        figures = measure(PHOTOS, 20 if options.quick else 200)
    command.print_figures(figures, options.json, 20)


if __name__ == "__main__":
    main()
