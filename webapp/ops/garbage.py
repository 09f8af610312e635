"""Python's garbage collection in processes that answer requests for months.

What they imported and built at their start lives as long as they do. A full collection that looks at all of it again takes some
tenths of a second, in which nothing is answered.
"""

import gc

# Objects made before a collection of the youngest, and such collections before one of the next generation. Python's own 700 is
# for small programs: reading one row of the database makes as many.
THRESHOLDS = (10_000, 20, 20)


def leave_out_what_stays() -> None:
    """Collect once, and let later collections look only at what is made from now on."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
