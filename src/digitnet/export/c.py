"""C: a model as one C99 header, with its framing, for microcontrollers and programs without Python.

What is the same for every network is here and in `c_parts/`; `c_float.py` writes a network of
floats. Every constant that Python has comes from there, so that it stands in one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from digitnet.errors import OutputError
from digitnet.export import Written
from digitnet.files import replacing
from digitnet.imaging import device_frame as device
from digitnet.imaging.arrays import Bytes
from digitnet.imaging.frame import BOX, SIDE
from digitnet.models.integer_network import IntegerNetwork
from digitnet.models.model import Model

PARTS = Path(__file__).with_name("c_parts")
N_TESTS = 5
"""Frames of the self-test: all 0, all 255, and noise of three densities."""
TEST_SIDE = 13
"""Pixels a side of the picture that the self-test frames."""
PER_LINE = 96
"""Characters of a line of numbers, at most."""


class Body(NamedTuple):
    """What one kind of network adds to a header.

    Attributes:
        defines: constants, by name without DIGIT_, each with its words behind it or "".
        cell: C's type of the buffer that the network works in.
        logit: C's type of a logit.
        code: arrays and functions: digit_logits, digit_read, digit_same, digit_weights_hash.
        words: of the comment at the head: network, numbers, memory, refuses.
        numbers: how the parameters are written, for `Written`.
        note: what was done to them, or "".
    """

    defines: Mapping[str, tuple[str, str]]
    cell: str
    logit: str
    code: str
    words: Mapping[str, str]
    numbers: str
    note: str


def export(model: Model, name: str, target: str | Path) -> Written:
    """Write the header to `target`, whole or not at all.

    Raises:
        OutputError: the model's network is none that C can have, or the file cannot be written.
    """
    from digitnet.export.c_float import float_body
    from digitnet.export.c_integer import integer_body

    if model.framing != "mnist":
        raise OutputError(
            f"{name} was trained on pictures that are merely resized, and a device frames them as "
            "MNIST's are.",
            "choose a model with framing mnist.",
        )
    if isinstance(model.network, IntegerNetwork):
        body = integer_body(model.network, name)
    else:
        body = float_body(model, name)
    content = header(model, name, body).encode()
    with replacing(target) as temporary:
        temporary.write_bytes(content)
    use = "Include it with DIGIT_IMPLEMENTATION defined; its first lines say how."
    return Written(len(content), body.numbers, body.note, use)


def header(model: Model, name: str, body: Body) -> str:
    """The header's text."""
    from importlib.metadata import version

    words = {
        "name": "digit",
        "version": version("digitnet"),
        "model": as_comment(name),
        "accuracy": _accuracy(model),
        **{key: as_comment(text) for key, text in body.words.items()},
        "constants": _defines(body.defines, len(model.class_names)),
        "cell": body.cell,
        "logit": body.logit,
    }
    head = re.sub(r"@([A-Z]+)@", lambda found: words[found[1].lower()], part("head"))
    return "\n".join([head, part("frame"), _names(model.class_names), body.code, part("tail")])


def part(name: str) -> str:
    """A file of `c_parts/`."""
    return (PARTS / f"{name}.h").read_text(encoding="utf-8")


def sections(name: str) -> dict[str, str]:
    """A file of `c_parts/` cut at its lines `/*: word */`, by these words."""
    _, *found = re.split(r"^/\*: (\w+) \*/\n", part(name), flags=re.MULTILINE)
    return dict(zip(found[::2], found[1::2], strict=True))


def array(kind: str, name: str, numbers: Iterable[str]) -> str:
    """A constant array of numbers as C writes them."""
    lines, line = [], ""
    for number in numbers:
        if len(line) + len(number) + 2 > PER_LINE:
            lines.append(line)
            line = ""
        line += f" {number}," if line else f"    {number},"
    lines.append(line)
    count = "\n".join(lines)
    return f"static const {kind} {name}[] DIGIT_FLASH = {{\n{count}\n}};\n"


def test_frames() -> Bytes:
    """The frames of the self-test, (N_TESTS, 28, 28), as `digit_test_frame` makes them."""
    frames = np.zeros((N_TESTS, SIDE * SIDE), np.uint8)
    for number, frame in enumerate(frames):
        state = number
        for i in range(frame.size):
            state = (state * 1664525 + 1013904223) % 2**32
            if number >= 2 and (state >> 16) % 8 < number:
                frame[i] = state >> 24
    frames[1] = 255
    return frames.reshape(N_TESTS, SIDE, SIDE)


def test_picture() -> Bytes:
    """The picture of the self-test, as `digit_frames_well` draws it: a slanted 1."""
    y, x = np.mgrid[:TEST_SIDE, :TEST_SIDE]
    ink = (y > 2) & (y < 11) & (2 * x + y > 15) & (2 * x + y < 20)
    return np.asarray(np.where(ink, 60 + y, 220 - 4 * x - y), np.uint8)


def fnv(content: bytes, value: int = 2166136261) -> int:
    """FNV-1a in 32 bits (G. Fowler, L. C. Noll, K.-P. Vo), as `digit_hash`."""
    for byte in content:
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def as_comment(text: str) -> str:
    """Text that cannot end a comment nor leave its line: printable ASCII, else a question mark."""
    return re.sub(r"[^ -~]", "?", text).replace("*/", "*?").replace("/*", "/?").replace("??", "?")


def _accuracy(model: Model) -> str:
    """What was counted after the training, on digits set aside; digits framed as MNIST's are."""
    told, n = (model.training.get(key) for key in ("validation_accuracy", "n_validation"))
    if not isinstance(told, float):
        return "not known"
    of = f"{n:,} digits" if isinstance(n, int) else "digits"
    return f"{100 * told:.2f} % of {of} that it has not learnt from, framed as MNIST's are"


def _defines(of_network: Mapping[str, tuple[str, str]], n_classes: int) -> str:
    frame = device.device_frame(test_picture())
    assert frame is not None
    words = frame.ravel().astype("<u4").tobytes()
    side = f"{device.WORK}U"
    every: dict[str, tuple[str, str]] = {
        "CLASSES": (f"{n_classes}U", ""),
        "SIDE": (f"{SIDE}U", "of a frame, in pixels"),
        "PIXELS": ("(DIGIT_SIDE * DIGIT_SIDE)", ""),
        "BOX": (f"{BOX}U", "of the ink in a frame"),
        "LONGEST": (f"{device.LONGEST}U", "side of a picture"),
        "WORK_SIDE": (side, "of the picture that is worked on"),
        "FRAME_WORK": ("(DIGIT_WORK_SIDE * DIGIT_WORK_SIDE)", "bytes for digit_frame"),
        "BLOCK": (f"{device.BLOCK}U", ""),
        "BLOCKS": (f"{-(-device.WORK // device.BLOCK)}U", ""),
        "TONES": (f"{device.TONES}U", ""),
        "LEAST_GROUND": (f"{device.LEAST_GROUND}U", ""),
        "LEAST_LEVEL": (f"{device.LEAST_LEVEL}U", ""),
        "FAINTEST": (f"{device.FAINTEST}U", ""),
        "MOST_DILATIONS": (f"{device.MOST_DILATIONS}U", ""),
        "THINNEST": (f"{device.THINNEST}U", ""),
        "TESTS": (f"{N_TESTS}U", "frames of the self-test"),
        "TEST_SIDE": (f"{TEST_SIDE}U", ""),
        "TEST_FRAME_HASH": (f"0x{fnv(words):08X}U", ""),
        **of_network,
    }
    lines = []
    for name, (value, words_behind) in every.items():
        line = f"#define DIGIT_{name} {value}".rstrip()
        lines.append(f"{line} /* {words_behind} */" if words_behind else line)
    return "\n".join(lines)


def _names(class_names: Sequence[str]) -> str:
    """The classes' names, as octal escapes where they are not plain."""
    quoted = ", ".join(f'"{_escaped(name)}"' for name in class_names)
    return (
        "const char *digit_class(int16_t label)\n{\n"
        f"    static const char *const names[] = {{{quoted}}};\n"
        '    return ((label >= 0) && (label < (int16_t)DIGIT_CLASSES)) ? names[label] : "";\n}\n'
    )


def _escaped(name: str) -> str:
    plain = re.compile(rb"[0-9A-Za-z _.+-]")
    each = (bytes([byte]) for byte in name.encode("utf-8"))
    return "".join(b.decode() if plain.fullmatch(b) else f"\\{b[0]:03o}" for b in each)
