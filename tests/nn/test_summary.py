"""What a network says of itself: one line, a table, a table in a notebook."""

from __future__ import annotations

from html.parser import HTMLParser

from digitnet.nn import (
    BatchNorm,
    Conv2D,
    Dense,
    Ensemble,
    MaxPool2D,
    Network,
    ReLU,
    ToImages,
    ToRows,
    multilayer_perceptron,
)

SMALL = [ToImages(28, 28), Conv2D(1, 8, 5), BatchNorm(8), MaxPool2D(2), ReLU(), ToRows()]
NETWORK = Network([*SMALL, Dense(1152, 10)])

# 8 * 25 + 8 = 208; 4 * 8 = 32; 24 / 2 = 12, 8 * 12 * 12 = 1152; 11,520 + 10
TABLE = """\
layer                                                               gives        parameters
-------------------------------------------------------------------------------------------
input                                                               784
ToImages(height=28, width=28)                                       1 x 28 x 28
Conv2D(channels_in=1, channels_out=8, size=5, stride=1, padding=0)  8 x 24 x 24         208
BatchNorm(channels=8)                                               8 x 24 x 24          32
MaxPool2D(size=2)                                                   8 x 12 x 12
ReLU()                                                              8 x 12 x 12
ToRows()                                                            1152
Dense(n_in=1152, n_out=10)                                          10               11,530
784-8C5-MP2-10                                                                       11,770"""


class Cells(HTMLParser):
    """The text in each cell, and the tags that are still open."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.cells[-1] += data


def test_a_network_is_one_line() -> None:
    network = Network(multilayer_perceptron(784, [64], 10))
    assert repr(network) == str(network) == "Network(784-64-10, 50,890 parameters)"
    assert repr(NETWORK) == "Network(784-8C5-MP2-10, 11,770 parameters)"


def test_an_ensemble_is_one_line() -> None:
    members = [Network(multilayer_perceptron(784, [n], 10)) for n in (4, 5)]
    assert repr(Ensemble(members)) == "Ensemble(784-4-10, 784-5-10, 7,175 parameters)"


def test_the_summary_is_a_table_of_layers_shapes_and_parameters() -> None:
    assert NETWORK.summary() == TABLE


def test_a_notebook_shows_the_same_table() -> None:
    found = Cells()
    found.feed(NETWORK._repr_html_())
    assert not found.open
    cells = [cell.strip() for cell in found.cells]
    assert cells[:3] == ["layer", "gives", "parameters"]
    assert cells[-3:] == ["784-8C5-MP2-10", "", "11,770"]
    assert len(cells) == 3 * 10
    in_text = [word for line in TABLE.splitlines()[2:] for word in line.split("  ") if word]
    assert [cell for cell in cells[3:] if cell] == [word.strip() for word in in_text]


def test_what_a_layer_says_of_itself_is_no_markup() -> None:
    class Odd(ReLU):
        def __repr__(self) -> str:
            return "<b>Odd & co</b>"

    assert "&lt;b&gt;Odd &amp; co&lt;/b&gt;" in Network([Odd(), Dense(2, 2)])._repr_html_()
