"""How does somebody take a list home? As a file that is sent while it is read."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO

from django.http import StreamingHttpResponse

from tokens import text


def download(lines: Iterator[str], *, name: str, kind: str) -> StreamingHttpResponse:
    """The lines as a file with this name and media type."""
    return StreamingHttpResponse(
        lines,
        content_type=f"{kind}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def csv_lines(columns: list[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """A table after RFC 4180, no cell of which a spreadsheet takes for a formula."""
    yield _row(columns)
    for row in rows:
        yield _row([text.no_formula(str(cell)) for cell in row])


def _row(cells: list[str]) -> str:
    line = StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
