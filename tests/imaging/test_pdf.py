"""PDF: which pages there are; drawing them is among the pictures' tests."""

from __future__ import annotations

import pytest

from digitnet.errors import PictureError
from digitnet.imaging.pdf import check_page


def test_a_page_beyond_the_last_one() -> None:
    check_page(1, 1, "x#1")
    check_page(3, 3, "x#3")
    for page, n_pages, has in ((2, 1, "one page"), (3, 2, "2 pages")):
        with pytest.raises(PictureError) as caught:
            check_page(page, n_pages, f"x#{page}")
        assert str(caught.value) == f"x#{page} does not exist: the file has {has}."
