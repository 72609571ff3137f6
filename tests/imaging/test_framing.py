"""Framing: whatever lies around a digit, its frame is the one MNIST would have made."""

from __future__ import annotations

import io
from dataclasses import FrozenInstanceError, replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from digitnet.data.idx import load_idx_folder
from digitnet.errors import SettingsError
from digitnet.imaging import locate
from digitnet.imaging.frame import centre
from digitnet.imaging.framing import Frame, frame_picture, framing_stages
from digitnet.imaging.pictures import open_picture
from digitnet.imaging.stroke_width import THICKEST, THINNEST, stroke_width

SHAPES = {
    2: [[(20, 25), (35, 10), (60, 8), (75, 25), (65, 50), (20, 92), (80, 90)]],
    3: [[(20, 15), (70, 10), (45, 42), (75, 65), (55, 92), (18, 85)]],
    4: [[(30, 8), (18, 55), (82, 50)], [(65, 15), (58, 92)]],
    5: [[(75, 8), (28, 10), (24, 45), (65, 45), (76, 70), (50, 92), (20, 85)]],
    7: [[(18, 12), (80, 10), (42, 92)]],
    8: [[(72, 20), (45, 8), (28, 25), (72, 70), (50, 92), (25, 72), (72, 20)]],
}
"""Digits as lines on a field of 100 x 100."""


def cover(digit: int, size: int, pen: float) -> np.ndarray:
    """Ink in 0..1 of a digit ``size`` pixels high, with a round pen ``pen`` pixels wide."""
    field = np.zeros((4 * size, 4 * size), np.uint8)
    for line in SHAPES[digit]:
        points = np.rint(np.array(line) * size * 4 / 100).astype(np.int32)
        cv2.polylines(field, [points], False, 255, max(1, round(4 * pen)), cv2.LINE_AA)
    return cv2.resize(field, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def draw(
    digit: int = 2,
    size: int = 200,
    pen: float = 16,
    shape: tuple[int, int] = (300, 300),
    at: tuple[int, int] = (50, 50),
    paper: object = 230,
    ink: object = 40,
) -> np.ndarray:
    """Draw a digit on paper: float64, (H, W) or, with colours, (H, W, 3)."""
    ink_at = np.zeros(shape, np.float64)
    ink_at[at[0] : at[0] + size, at[1] : at[1] + size] = cover(digit, size, pen)
    paper, ink = np.asarray(paper, float), np.asarray(ink, float)
    share = ink_at[..., None] if paper.ndim == 1 else ink_at
    return paper + (ink - paper) * share


def picture(values: np.ndarray, grain: float = 0.0) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, 1, values.shape) * grain
    return np.rint(values + noise).clip(0, 255).astype(np.uint8)


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two frames, the best over shifts by one pixel."""
    a = one.astype(float)
    best = 0.0
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            b = np.roll(other, (dy, dx), (0, 1)).astype(float)
            norm = np.sqrt((a * a).sum() * (b * b).sum())
            best = max(best, float((a * b).sum() / norm) if norm else 0.0)
    return best


def clean(digit: int = 2) -> Frame:
    return frame_picture(picture(draw(digit, paper=255, ink=0)))


def check(values: np.ndarray, digit: int = 2, least: float = 0.93) -> Frame:
    frame = frame_picture(values)
    assert frame.reason is None
    assert likeness(frame.image, clean(digit).image) > least
    return frame


@pytest.mark.parametrize("digit", SHAPES)
def test_a_frame_is_what_mnist_would_have_made(digit):
    image = clean(digit).image
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert image.max() > 200
    rows, columns = np.nonzero(image.max(axis=1) > 20)[0], np.nonzero(image.max(axis=0) > 20)[0]
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    assert max(height, width) == 20
    drawn = cover(digit, 200, 16) > 0.5
    box = np.nonzero(drawn.any(axis=0))[0].size / np.nonzero(drawn.any(axis=1))[0].size
    assert width / height == pytest.approx(box, abs=0.08)
    y, x = (image.sum(axis=axis) @ np.arange(0.5, 28) / image.sum() for axis in (1, 0))
    assert 13.9 < y < 15.1
    assert 13.9 < x < 15.1


def test_centre_puts_the_mass_where_mnist_has_it():
    ink = np.zeros((20, 10), np.float32)
    ink[:, :3] = 1
    frame = centre(ink)
    assert frame.sum() == 60 * 255
    assert np.nonzero(frame.any(axis=0))[0].tolist() == [13, 14, 15]
    assert np.nonzero(frame.any(axis=1))[0].tolist() == list(range(4, 24))


@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (230, 60), (120, 40), (60, 25), (20, 220)])
def test_polarity_and_contrast(paper, ink):
    values = picture(draw(paper=paper, ink=ink), grain=2)
    frame = check(values)
    assert frame.background == ("light" if paper > ink else "dark")
    assert frame.polarity == ("dark on light" if paper > ink else "light on dark")
    negative = frame_picture(255 - values)
    assert np.array_equal(negative.image, frame.image)
    assert negative.background != frame.background


@pytest.mark.parametrize(
    ("paper", "ink"),
    [
        ((250, 250, 250), (240, 220, 30)),  # yellow on white
        ((200, 190, 170), (200, 40, 60)),  # red on brown paper
        ((190, 215, 240), (40, 60, 190)),  # blue on blue
        ((120, 120, 120), (190, 80, 80)),  # red as light as its ground
        ((30, 60, 40), (230, 230, 160)),  # chalk on a green board
    ],
)
def test_coloured_ink_counts_by_its_contrast(paper, ink):
    check(picture(draw(paper=paper, ink=ink), grain=2))


def ramp(angle: float, shape: tuple[int, int] = (300, 300)) -> np.ndarray:
    y, x = np.mgrid[-0.5 : 0.5 : shape[0] * 1j, -0.5 : 0.5 : shape[1] * 1j]
    return np.cos(angle) * x + np.sin(angle) * y


@pytest.mark.parametrize("angle", [0.0, 0.8, 2.5])
def test_uneven_light_is_flattened(angle):
    slope = ramp(angle)
    check(picture(draw() * (0.75 - 0.5 * slope), grain=2))
    check(picture(draw() * np.where(slope > 0.05, 0.5, 1.0), grain=2))  # a hard shadow
    check(picture(draw() * (1 - 1.0 * (ramp(0) ** 2 + ramp(1.57) ** 2)), grain=2))  # a vignette


def test_faint_pencil_on_grainy_paper():
    check(picture(draw(pen=6, paper=200, ink=165), grain=4), least=0.85)


@pytest.mark.parametrize("pen", [2, 6, 16, 30])
def test_strokes_get_mnist_thickness(pen):
    image = check(picture(draw(3, pen=pen)), 3, least=0.8).image
    large = cv2.resize(image, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC)
    width = stroke_width((large > 127).astype(np.uint8)) / 8
    assert 0.8 * THINNEST < width < 1.1 * THICKEST


def test_a_hair_line_on_a_large_photo_does_not_vanish():
    values = draw(5, size=1200, pen=3, shape=(2000, 1600), at=(300, 200), paper=190, ink=60)
    check(picture(values, grain=5), 5, least=0.8)


@pytest.mark.parametrize("at", [(10, 10), (10, 1060), (860, 500)])
def test_a_small_digit_anywhere_in_a_large_picture(at):
    values = draw(4, size=90, pen=7, shape=(1000, 1200), at=at)
    frame = check(picture(values, grain=3), 4, least=0.88)
    left, top, right, bottom = frame.box
    assert abs((left + right) / 2 - at[1] - 45) < 12
    assert abs((top + bottom) / 2 - at[0] - 45) < 12


def test_ink_that_touches_the_edge_stays():
    whole = picture(draw(7, shape=(200, 200), at=(0, 0)))
    rows, columns = (
        np.nonzero((whole < 128).any(axis=1))[0],
        np.nonzero((whole < 128).any(axis=0))[0],
    )
    check(whole[rows[0] :, columns[0] :], 7)
    check(whole[: rows[-1] + 1, : columns[-1] + 1], 7)


def test_a_broken_digit_stays_whole():
    values = draw(5)
    values[:, 150:156] = 230  # cuts both bars
    check(picture(values, grain=2), 5, least=0.9)


def test_a_five_with_its_bar_apart_stays_whole():
    bar, body = np.full((300, 300), 230.0), np.full((300, 300), 230.0)
    cv2.line(bar, (110, 60), (200, 56), 40.0, 16)
    cv2.polylines(body, [np.array([[100, 85], [95, 140], [180, 140], [200, 190], [150, 235],
                                   [90, 222]], np.int32)], False, 40.0, 16)  # fmt: skip
    frame = frame_picture(picture(np.minimum(bar, body)))
    assert frame.dropped == {}
    assert frame.box[1] < 60


def test_a_dotted_digit_stays_whole():
    y, x = np.mgrid[:300, :300]
    dots = (y % 18 < 11) & (x % 18 < 11)
    check(picture(np.where(dots, draw(2, pen=24), 230)), 2, least=0.75)


def test_grain_and_dust_are_left_out(rng):
    values = draw()
    for y, x in rng.integers(5, 295, (25, 2)):
        cv2.circle(values, (int(x), int(y)), int(rng.integers(1, 4)), 40.0, -1)
    frame = check(picture(values, grain=3), least=0.9)
    assert sum(frame.dropped.values()) > 5
    assert str(sum(frame.dropped.values())) in frame.sentence


@pytest.mark.parametrize("ink", [170, 110])
@pytest.mark.parametrize("squared", [False, True])
def test_ruled_paper(ink, squared):
    paper = np.full((300, 300), 230.0)
    paper[12::60, :] = paper[13::60, :] = ink
    if squared:
        paper[:, 22::60] = paper[:, 23::60] = ink
    check(picture(np.minimum(paper, draw()), grain=2), least=0.85)


def test_a_neighbour_cut_off_at_the_border():
    values = draw(3, at=(50, 30))
    neighbour = draw(8, at=(50, 50))[:, 90:130]
    values[:, 260:] = neighbour
    frame = check(picture(values, grain=2), 3)
    assert frame.dropped == {"at the border": 1}


def test_paper_on_a_dark_table():
    table = np.full((400, 420), 60.0)
    table[60:360, 70:370] = draw()
    assert check(picture(table, grain=2)).background == "light"
    assert check(picture(table[:, 90:], grain=2)).background == "light"


def test_a_grey_patch_pasted_on_white():
    white = np.full((500, 480), 255.0)
    white[100:400, 90:390] = draw(paper=170, ink=30)
    check(picture(white))


def test_a_screenshot_with_its_window():
    window = np.full((340, 310), 90.0)
    window[30:330, 5:305] = draw(paper=245, ink=10)
    frame = check(picture(window))
    assert frame.dropped == {"line or frame": 1}


def test_two_digits_are_said_to_be_several():
    both = np.hstack([draw(3), draw(8)])
    frame = frame_picture(picture(both))
    assert frame.reason == "several digits"


def test_a_page_of_print_is_no_digit_and_dots_along_one_are():
    page = np.full((400, 300), 245, np.uint8)
    for row in range(30, 380, 30):
        cv2.putText(page, "maintain the wires", (12, row), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 20, 2)
    frame = frame_picture(page)
    assert frame.reason == "a page of marks"
    zero = np.full((400, 300), 245, np.uint8)
    for angle in np.linspace(0, 2 * np.pi, 90, endpoint=False):
        place = (round(150 + 90 * np.cos(angle)), round(200 + 140 * np.sin(angle)))
        cv2.circle(zero, place, 2, 20, -1)
    assert frame_picture(zero).reason is None


@pytest.mark.parametrize(("pieces", "reason"), [(24, None), (25, "a page of marks")])
def test_how_many_pieces_a_digit_may_have(
    pieces: int, reason: str | None, monkeypatch: pytest.MonkeyPatch
):
    located = locate.locate(picture(draw(3)))
    assert located is not None
    assert located.pieces == 1
    monkeypatch.setattr(locate, "locate", lambda _: replace(located, pieces=pieces))
    assert frame_picture(picture(draw(3))).reason == reason


@pytest.mark.parametrize("level", [0, 90, 255])
def test_blank_pictures_hold_no_digit(level):
    for values in (np.full((50, 60), level, np.uint8), np.full((700, 900, 3), level, np.uint8)):
        frame = frame_picture(values)
        assert frame.reason == "blank"
        assert not frame.image.any()
        assert frame.sentence.endswith(".")


@pytest.mark.parametrize("grain", [3, 12, 40])
def test_noise_and_empty_paper_hold_no_digit(grain):
    assert frame_picture(picture(np.full((200, 300), 200.0), grain)).reason is not None
    assert frame_picture(picture(np.full((200, 300), 200.0) * (0.7 + ramp(0.5, (200, 300)) / 2),
                                 grain)).reason is not None  # fmt: skip


def test_a_patch_of_light_is_no_digit():
    y, x = np.mgrid[:220, :130]
    assert frame_picture(picture(90.0 * (1 - 0.4 * x / 130))).reason is not None
    assert frame_picture(picture(200.0 - 90 * (np.hypot(y - 110, x - 65) < 50))).reason is not None


def test_a_single_dark_pixel_costs_no_memory():
    values = np.full((60, 60), 255, np.uint8)
    values[30, 30] = 0
    assert frame_picture(values).image.shape == (28, 28)


def test_stretch_is_the_original_programs():
    values = picture(draw(shape=(300, 400)))
    frame = frame_picture(values, "stretch")
    expected = Image.fromarray(values).resize((28, 28))
    assert np.array_equal(frame.image, np.asarray(expected))
    assert frame.box == (0, 0, 400, 300)


def test_an_unknown_framing_is_refused():
    with pytest.raises(SettingsError, match="mnist, stretch"):
        frame_picture(np.zeros((28, 28), np.uint8), "square")


def test_stages_end_in_the_frame():
    values = picture(draw(paper=(250, 240, 230), ink=(40, 40, 160)), grain=2)
    stages = framing_stages(values)
    assert len({title for title, _ in stages}) == len(stages) >= 5
    assert all(image.dtype == np.uint8 for _, image in stages)
    assert np.array_equal(stages[0][1], values)
    assert np.array_equal(stages[-1][1], frame_picture(values).image)
    assert np.array_equal(framing_stages(values, "stretch")[-1][1],
                          frame_picture(values, "stretch").image)  # fmt: skip


def test_jpeg_at_quality_30():
    file = io.BytesIO()
    Image.fromarray(picture(draw(), grain=3)).save(file, "JPEG", quality=30)
    check(open_picture(file.getvalue()))


@pytest.fixture(scope="module")
def real_digits(mnist_folder):
    return load_idx_folder(mnist_folder).images[-200:]


def test_mnist_digits_come_through_practically_unchanged(real_digits):
    images = real_digits
    frames = [frame_picture(image) for image in images]
    assert all(frame.reason is None for frame in frames)
    alike = np.array([likeness(f.image, i) for f, i in zip(frames, images, strict=True)])
    assert np.median(alike) > 0.99
    assert (alike > 0.8).all()


def test_mnist_digits_survive_changes(real_digits, rng):
    for image in real_digits[:40]:
        frame = frame_picture(image).image
        assert np.array_equal(frame_picture(255 - image).image, frame)
        assert likeness(frame_picture(np.pad(image, int(rng.integers(1, 60)))).image, frame) > 0.99
        large = cv2.resize(image, None, fx=7, fy=7, interpolation=cv2.INTER_CUBIC)
        assert likeness(frame_picture(large).image, frame) > 0.85


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 70), st.integers(2, 70), st.sampled_from([(), (3,)]), st.integers(0, 2**32 - 1),
    st.sampled_from(["noise", "flat", "two levels", "one pixel", "half"]),
)  # fmt: skip
def test_any_picture_gives_a_frame(height, width, channels, seed, kind):
    rng = np.random.default_rng(seed)
    values = np.full((height, width, *channels), rng.integers(0, 256), np.uint8)
    if kind == "noise":
        values = rng.integers(0, 256, values.shape, np.uint8)
    elif kind == "two levels":
        values = rng.choice(np.array([0, 255], np.uint8), values.shape)
    elif kind == "one pixel":
        values[rng.integers(height), rng.integers(width)] ^= 255
    elif kind == "half":
        values[: height // 2] ^= 255
    frame = frame_picture(values)
    assert frame.image.shape == (28, 28)
    assert frame.image.dtype == np.uint8
    left, top, right, bottom = frame.box
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert (frame.reason is None) <= bool(frame.image.any())


def test_the_folders_public_names_are_where_they_say() -> None:
    from digitnet import imaging

    assert imaging.open_picture is open_picture
    assert imaging.frame_picture is frame_picture
    for name in imaging.__all__:
        assert getattr(imaging, name).__module__.startswith("digitnet.imaging.")
    assert sorted(dir(imaging)) == sorted(imaging.__all__)
    with pytest.raises(AttributeError, match="no_such_name"):
        imaging.no_such_name  # noqa: B018


def bar(left: int, top: int, right: int, bottom: int, shape: tuple[int, int]) -> np.ndarray:
    made = np.full(shape, 255, np.uint8)
    made[top:bottom, left:right] = 0
    return made


@pytest.mark.parametrize(
    ("values", "light", "box", "size"),
    [
        (bar(40, 20, 46, 60, (80, 90)), True, (40, 20, 46, 60), "6 x 40 pixels of 90 x 80"),
        (255 - bar(40, 20, 46, 60, (80, 90)), False, (40, 20, 46, 60), "6 x 40 pixels of 90 x 80"),
        # worked on at half its size and at twice it; where it is grey there, it counts
        (bar(803, 401, 901, 1201, (1400, 1921)), True, (802, 400, 903, 1203),
         "101 x 803 pixels of 1921 x 1400"),
        (bar(7, 4, 9, 15, (20, 16)), True, (6, 3, 10, 16), "4 x 13 pixels of 16 x 20"),
    ],
)  # fmt: skip
def test_what_a_frame_says(
    values: np.ndarray, light: bool, box: tuple[int, int, int, int], size: str
) -> None:
    frame = frame_picture(values)
    inks = "Dark ink on a light" if light else "Light ink on a dark"
    assert frame.sentence == f"{inks} background, {size}; nothing was left out."
    assert (frame.background, frame.polarity) == (
        ("light", "dark on light") if light else ("dark", "light on dark")
    )
    assert (frame.box, frame.reason, frame.dropped, frame.framing) == (box, None, {}, "mnist")
    with pytest.raises(FrozenInstanceError):
        frame.box = (0, 0, 1, 1)  # type: ignore[misc]


def test_what_the_frame_of_nothing_says() -> None:
    frame = frame_picture(np.full((40, 50), 9, np.uint8))
    assert frame.sentence == "Nothing in the picture stands out from its background."
    assert (frame.reason, frame.background, frame.box) == ("blank", "light", (0, 0, 50, 40))
    assert not frame.image.any()
    stages = framing_stages(np.full((40, 50), 9, np.uint8))
    assert [(title, image.shape) for title, image in stages] == [
        ("picture", (40, 50)), ("frame", (28, 28)),
    ]  # fmt: skip
    whole = frame_picture(np.full((40, 50), 9, np.uint8), "stretch")
    assert whole.sentence == "The whole picture of 50 x 40 pixels, stretched to 28 x 28."
    assert (whole.reason, whole.background, whole.box) == (None, "dark", (0, 0, 50, 40))


def test_what_is_left_out_is_said_and_shown() -> None:
    values = bar(40, 20, 46, 60, (80, 100))
    values[70:72, 60:62] = 0
    assert frame_picture(values).sentence.endswith("; 1 piece was left out (1 grain).")
    values[70:72, 60:62] = 255
    values[20:60, 70:76] = values[70, 5:7] = values[30:34, 10:14] = 0
    frame = frame_picture(values)
    assert (frame.reason, frame.box) == ("several digits", (40, 20, 46, 60))
    assert frame.sentence.endswith(
        "; 3 pieces were left out (1 another digit, 1 far away, 1 grain)."
    )
    for picture, paper in ((values, 255), (255 - values, 0)):
        stages = dict(framing_stages(picture))
        assert [*stages] == [
            "picture", "background", "ink's contrast", "components: kept, dropped", "digit",
            "frame",
        ]  # fmt: skip
        assert (stages["background"] == paper).all()
        np.testing.assert_array_equal(stages["ink's contrast"], 255 - values)
        expected = np.where(values == 0, 89, 0)  # 0.35 of 255
        expected[20:60, 40:46] = 255
        np.testing.assert_array_equal(stages["components: kept, dropped"], expected)
        np.testing.assert_array_equal(stages["digit"] > 0, expected == 255)
