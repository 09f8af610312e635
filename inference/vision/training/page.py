"""A table of figures in a page of docs/, between the markers that bear its name."""

from pathlib import Path


def write(file: Path, name: str, table: str) -> None:
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, _, rest = file.read_text().partition(begin)
    file.write_text(f"{before}{begin}\n\n{table}\n\n{end}{rest.partition(end)[2]}")
