"""The notation: what is written is read, what is read is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitnet.nn import (
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    GlobalAveragePool2D,
    MaxPool2D,
    Network,
    ReLU,
    ToImages,
    ToRows,
    in_words,
)
from digitnet.nn.notation import convolutional_layers, layer_in_words, read_layer


@st.composite
def convolutions(draw: st.DrawFn) -> str:
    size = draw(st.integers(1, 5))
    stride = draw(st.integers(1, 2))
    padding = draw(st.integers(0, size - 1))
    word = f"{draw(st.integers(1, 12))}C{size}"
    return word + (f"S{stride}" if stride > 1 else "") + (f"P{padding}" if padding else "")


WORDS = convolutions() | st.sampled_from(["MP1", "MP2", "AP2", "MP3", "AP7"])
NOTATIONS = st.builds(
    lambda words, last: "-".join([*words, *last]),
    st.lists(WORDS, min_size=1, max_size=4),
    st.sampled_from([[], ["GAP"]]),
)


@given(NOTATIONS, st.booleans())
def test_what_is_read_is_written_again(text: str, batch_norm: bool) -> None:
    try:
        layers, n = convolutional_layers(text, 28, ReLU, batch_norm)
    except ValueError as error:
        assert "does not fit" in str(error)  # noqa: PT017 (a window larger than the image)
        return
    network = Network([*layers, Dense(n, 10)])  # n is right, or it would be refused
    assert in_words(network) == f"784-{text}-10"


def test_a_notation_by_hand() -> None:
    """28 - 5 + 1 = 24, pooled 12, 12 - 3 + 1 = 10, with a border of 1 10 again, pooled 5."""
    layers, n = convolutional_layers("6C5-MP2-8C3-9C3P1-AP2", 28, ReLU, batch_norm=True)
    assert layers == [
        ToImages(28, 28),
        Conv2D(1, 6, 5), BatchNorm(6), MaxPool2D(2), ReLU(),
        Conv2D(6, 8, 3), BatchNorm(8), ReLU(),
        Conv2D(8, 9, 3, padding=1), BatchNorm(9), AveragePool2D(2), ReLU(),
        ToRows(),
    ]  # fmt: skip
    assert n == 9 * 5 * 5
    layers, n = convolutional_layers("4C3S2-GAP", 28, ReLU, batch_norm=False)
    assert layers == [ToImages(28, 28), Conv2D(1, 4, 3, stride=2), ReLU(), GlobalAveragePool2D()]
    assert n == 4


@pytest.mark.parametrize("text", ["", "16C5-", "C5", "16C5M2", "8C3-GAP-MP2", "MP3", "4C30"])
def test_a_notation_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no layer|does not fit"):
        convolutional_layers(text, 28, ReLU, batch_norm=False)


@pytest.mark.parametrize(
    ("word", "layer"),
    [
        ("16C5", Conv2D(3, 16, 5)),
        ("16C5S2", Conv2D(3, 16, 5, stride=2)),
        ("16C5P1", Conv2D(3, 16, 5, padding=1)),
        ("1024C11S3P10", Conv2D(3, 1024, 11, stride=3, padding=10)),
        ("MP2", MaxPool2D(2)),
        ("AP14", AveragePool2D(14)),
        ("GAP", GlobalAveragePool2D()),
    ],
)
def test_words_and_layers(word: str, layer: Conv2D) -> None:
    assert read_layer(word, (3, 28, 28)) == layer
    assert layer_in_words(layer) == word


@pytest.mark.parametrize(
    "word",
    [
        *["", "C5", "16C", "16C5M2", "16c5", "0C5", "16C5S0", "16C5P5", "16C5P1S2", "MP0", "MP"],
        *["GAP2", "128", "deskewed", "12345C5", "+1C5", "1_0C5", "3C5 ", "\u0663C5"],
    ],
)
def test_what_is_no_word(word: str) -> None:
    assert read_layer(word, (3, 28, 28)) is None


def test_settings_that_are_the_usual_ones_may_be_said_and_are_not_written() -> None:
    layer = read_layer("16C5S1P0", (3, 28, 28))
    assert layer == Conv2D(3, 16, 5)
    assert layer_in_words(Conv2D(3, 16, 5)) == "16C5"


def test_layers_without_a_word_are_left_out() -> None:
    layers = [Dropout(0.1), Dense(4, 5), BatchNorm(5), ReLU(), Dense(5, 3)]
    assert in_words(Network(layers)) == "4-5-3"


def test_nothing_stands_behind_the_mean_of_channels() -> None:
    with pytest.raises(ValueError, match="MP2 in 4C3-GAP-MP2 is no layer"):
        convolutional_layers("4C3-GAP-MP2", 28, ReLU, batch_norm=False)
    layers, n = convolutional_layers("4C3-GAP", 28, ReLU, batch_norm=False)
    assert layers == [ToImages(28, 28), Conv2D(1, 4, 3), ReLU(), GlobalAveragePool2D()]
    assert n == 4
