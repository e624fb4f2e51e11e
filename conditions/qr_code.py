"""The way from paper back to the page: a QR code of its address, as one line to be drawn."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import segno


@dataclass(frozen=True)
class QRCode:
    """`path`: what a pen of width 1 draws from the middle of each row, as an SVG path. `size`: modules a side."""

    path: str
    size: int


@lru_cache(maxsize=256)  # 6 ms to make
def qr_code(address: str) -> QRCode:
    """The code of an address. The lowest level of error correction: printed large, on clean paper, and short."""
    rows = segno.make(address, error="l", boost_error=False, micro=False).matrix
    moves, pen_x, pen_y = [], 0, 0
    for y, row in enumerate(rows):
        x = 0
        for is_dark, run in groupby(row):
            length = len(list(run))
            if is_dark:
                moves.append(f"m{x - pen_x} {y - pen_y}h{length}")
                pen_x, pen_y = x + length, y
            x += length
    return QRCode(path="".join(moves), size=len(rows))
