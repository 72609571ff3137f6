"""Opening: every format, mode and turn comes out as the same pixels; the rest is one sentence."""

import base64
import io
import sys
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from digitnet.errors import PictureError
from digitnet.imaging import pictures
from digitnet.imaging.addresses import from_data_url
from digitnet.imaging.pdf import PDF_RESOLUTION
from digitnet.imaging.pictures import (
    count_pages,
    is_text,
    open_picture,
    page_names,
    read_head,
)


def drawing(height: int = 12, width: int = 9) -> np.ndarray:
    """A grey picture without any symmetry."""
    grey = np.full((height, width), 255, np.uint8)
    grey[2:4, 1:7] = 0
    grey[4:9, 2] = 90
    return grey


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "TIFF", "PPM"])
def test_lossless_formats_give_the_same_pixels(kind):
    grey = drawing()
    opened = open_picture(encode(Image.fromarray(grey), kind))
    assert opened.dtype == np.uint8
    assert np.array_equal(opened if opened.ndim == 2 else opened[..., 0], grey)


LOSSY = [("JPEG", {"quality": 95}), ("WEBP", {}), ("AVIF", {}), ("HEIF", {})]


@pytest.mark.parametrize(("kind", "options"), LOSSY)
def test_lossy_formats_come_close(kind, options):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    grey = np.kron(drawing(), np.ones((8, 8), np.uint8))
    opened = open_picture(encode(Image.fromarray(grey).convert("RGB"), kind, **options))
    assert opened.shape == (*grey.shape, 3)
    assert np.abs(opened[..., 0].astype(int) - grey).mean() < 8


def test_every_kind_of_source_gives_the_same(tmp_path):
    grey = drawing()
    data = encode(Image.fromarray(grey), "PNG")
    path = tmp_path / "ä digit.png"
    path.write_bytes(data)
    with path.open("rb") as stream:
        sources = [str(path), path, data, bytearray(data), io.BytesIO(data), stream]
        sources += [Image.fromarray(grey), grey, grey[..., None]]
        for source in sources:
            assert np.array_equal(open_picture(source), grey)
        assert not stream.closed


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV", "I", "F", "I;16"])
def test_modes_keep_dark_dark_and_light_light(mode):
    grey = np.where(drawing() < 255, 0, 255).astype(np.uint8)
    if mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) * 257)
    else:
        image = Image.fromarray(grey).convert("RGB" if mode == "HSV" else "L").convert(mode)
    opened = open_picture(image)
    assert np.array_equal(opened if opened.ndim == 2 else opened[..., 1], grey)


def test_colour_stays_colour():
    red = np.zeros((5, 4, 3), np.uint8)
    red[..., 0] = 200
    assert np.array_equal(open_picture(encode(Image.fromarray(red), "PNG")), red)


def test_lab_tiff_gives_its_lightness():
    image = Image.merge("LAB", [Image.fromarray(drawing())] * 3)
    assert np.array_equal(open_picture(encode(image, "TIFF")), drawing())


def test_16_bit_is_scaled_by_its_depth():
    ramp = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    expected = np.rint(ramp / 257)
    for kind in ("PNG", "TIFF"):
        opened = open_picture(encode(Image.fromarray(ramp), kind))
        assert np.array_equal(opened, expected)
    assert np.array_equal(open_picture(ramp), expected)
    twelve_bits = (ramp >> 4).astype(np.uint16)
    assert open_picture(twelve_bits).max() == 255


def test_floats_and_bools_fill_the_range():
    mask = drawing() < 255
    for array in (mask, mask.astype(float), mask.astype(np.int64), mask * 255.0):
        assert np.array_equal(open_picture(array), mask * np.uint8(255))


def transparent(ink: int, mode: str = "LA") -> Image.Image:
    alpha = 255 - drawing()
    grey = np.full_like(alpha, ink)
    image = Image.fromarray(np.stack([grey, alpha], -1))
    return image.convert("RGBA").convert(mode) if mode == "RGBa" else image.convert(mode)


@pytest.mark.parametrize("mode", ["LA", "RGBA", "La", "RGBa"])
def test_ink_on_nothing_is_composed_onto_what_shows_it(mode):
    dark, light = open_picture(transparent(0, mode)), open_picture(transparent(255, mode))
    first = (lambda a: a) if dark.ndim == 2 else (lambda a: a[..., 0])
    assert np.array_equal(first(dark), drawing())  # partial alpha too: 90 comes out as 90
    assert np.array_equal(first(light), 255 - drawing())


def test_faint_alpha_of_the_ground_does_not_hide_the_ink():
    """Ink of 30 on a ground of 230 that is nearly transparent: black would hide it."""
    grey = np.where(drawing() < 255, 30, 230).astype(np.uint8)
    opened = open_picture(np.stack([grey, 255 - grey], -1))
    assert int(opened.max()) - int(opened.min()) > 150


def test_paper_with_transparent_corners_goes_on_as_paper():
    grey = np.full((40, 40), 230, np.uint8)
    grey[15:25, 18:21] = 20
    alpha = np.full_like(grey, 255)
    alpha[:6, :6] = 0
    opened = open_picture(np.stack([grey, alpha], -1))
    assert (opened[:6, :6] == 230).all()


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_transparent_colour_of_a_png(mode):
    """A transparent index or colour (tRNS) counts as alpha: black hidden under it is not ink."""
    grey = np.where(drawing() < 255, 60, 0).astype(np.uint8)
    image = Image.fromarray(grey).convert(mode)
    hidden = image.getpixel((0, 0))
    opened = open_picture(encode(image, "PNG", transparency=hidden))
    opened = opened if opened.ndim == 2 else opened[..., 0]
    assert opened[0, 0] == 255
    assert opened[2, 3] == 60


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_turns(kind, orientation):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    grey = np.kron(drawing(), np.ones((8, 8), np.uint8))
    turns = {
        1: grey, 2: grey[:, ::-1], 3: grey[::-1, ::-1], 4: grey[::-1],
        5: grey.T, 6: np.rot90(grey, 1), 7: grey[::-1, ::-1].T, 8: np.rot90(grey, -1),
    }  # fmt: skip
    stored = Image.fromarray(np.ascontiguousarray(turns[orientation])).convert("RGB")
    exif = Image.Exif()
    exif[274] = orientation
    # A HEIC says how it lies in a box of its own, which is written for EXIF given as bytes.
    opened = open_picture(encode(stored, kind, exif=exif.tobytes()))
    assert opened.shape[:2] == grey.shape
    assert np.abs(opened[..., 0].astype(int) - grey).mean() < 8


def test_the_first_of_several_pictures_counts():
    first, second = Image.fromarray(drawing()), Image.new("L", (9, 12), 128)
    big = [image.resize((72, 96)).convert("RGB") for image in (first, second)]
    data = encode(big[0], "MPO", save_all=True, append_images=[big[1]])
    assert np.abs(open_picture(data)[..., 0].astype(int) - np.asarray(big[0])[..., 0]).mean() < 8
    data = encode(first, "TIFF", save_all=True, append_images=[second])
    assert np.array_equal(open_picture(data), drawing())


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_an_animation_is_refused(kind):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue", "white")]
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:])
    with pytest.raises(PictureError, match="animation"):
        open_picture(data)


def three_pages(kind: str, **options: object) -> bytes:
    """Pages of 40, 80 and 120 pixels' width, the second with a black block."""
    wide = [Image.new("L", (40 * k, 60), 255) for k in (1, 2, 3)]
    wide[1].paste(Image.new("L", (30, 20), 0), (10, 20))
    return encode(wide[0], kind, save_all=True, append_images=wide[1:], **options)


@pytest.mark.parametrize("kind", ["TIFF", "PDF"])
def test_each_page_is_a_picture(kind, tmp_path):
    options = {}
    if kind == "PDF":
        pytest.importorskip("pypdfium2")
        options = {"resolution": 72}  # as a point, so that no page ends within a dot
    data = three_pages(kind, **options)
    path = tmp_path / "scan 1.png"  # the suffix says nothing
    path.write_bytes(data)
    assert count_pages(data) == 3
    names = page_names(str(path))
    assert names == [f"{path}#{page}" for page in (1, 2, 3)]
    opened = [open_picture(name) for name in names]
    size = 1 if kind == "TIFF" else PDF_RESOLUTION / 72
    for k, page in enumerate(opened, start=1):
        assert page.shape[:2] == (np.ceil(60 * size), np.ceil(40 * k * size))
    inked = [(page if page.ndim == 2 else page[..., 0]) < 128 for page in opened]
    assert [page.any() for page in inked] == [False, True, False]
    rows, columns = np.nonzero(inked[1])
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    np.testing.assert_allclose(np.array(box) / size, (10, 20, 40, 40), atol=1)
    if kind == "TIFF":
        assert np.array_equal(open_picture(path), opened[0])
    else:
        for source in (path, data):
            with pytest.raises(PictureError, match="has 3 pages: say which one"):
                open_picture(source)
    for page, words in (("4", "has 3 pages"), ("0", "was not found"), ("x", "was not found")):
        with pytest.raises(PictureError, match=words):
            open_picture(f"{path}#{page}")
    literal = tmp_path / "scan 1.png#2"  # a file that is called so comes first
    literal.write_bytes(encode(Image.fromarray(drawing()), "PNG"))
    assert np.array_equal(open_picture(literal), drawing())


def test_one_page_has_no_number_and_a_preview_is_no_page(tmp_path):
    path = tmp_path / "a.tif"
    Image.fromarray(drawing()).save(path)
    assert page_names(str(path)) == [str(path)]
    png = tmp_path / "b.png"
    Image.fromarray(drawing()).save(png)
    assert page_names(str(png)) == [str(png)]
    with pytest.raises(PictureError, match="the file has one page"):
        open_picture(f"{png}#2")
    large, small = Image.new("L", (80, 60), 255), Image.new("L", (40, 30), 0)
    small.encoderinfo = {"tiffinfo": {254: 1}}  # a reduced copy of another page
    large.save(path, save_all=True, append_images=[small, Image.new("L", (20, 20), 9)])
    assert page_names(str(path)) == [f"{path}#1", f"{path}#2"]
    assert open_picture(f"{path}#2").shape == (20, 20)
    large.encoderinfo = {"tiffinfo": {254: 0}}
    small.save(path, save_all=True, append_images=[large], tiffinfo={254: 1})  # the copy first
    assert count_pages(path.read_bytes()) == 1
    assert open_picture(f"{path}#1").shape == (60, 80)
    assert page_names(str(tmp_path / "gone.tif")) == [str(tmp_path / "gone.tif")]
    assert count_pages(b"%PDF-1.7 damaged") == 1


def test_a_page_is_drawn_no_larger_than_allowed():
    pytest.importorskip("pypdfium2")
    data = encode(Image.new("L", (720, 720), 255), "PDF")  # 10 inches, or 2000 dots, at 72 dpi
    assert open_picture(data).shape == (2000, 2000, 3)
    small = open_picture(data, max_pixels=10_000)
    assert small.shape == (100, 100, 3)


@pytest.mark.parametrize(
    ("module", "head", "words"),
    [
        ("pillow_heif.as_plugin", b"\0\0\0\x14ftypheic" + bytes(9), r"HEIC.*digitnet\[heif\]"),
        ("pypdfium2", b"%PDF-1.7 and so on", r"PDF.*digitnet\[pdf\]"),
    ],
)
def test_a_missing_package_is_named(monkeypatch, tmp_path, module, head, words):
    monkeypatch.setitem(sys.modules, module, None)
    path = tmp_path / "photo"
    path.write_bytes(head)
    with pytest.raises(PictureError, match=words) as caught:
        open_picture(path)
    assert str(caught.value).startswith(str(path))
    assert page_names(str(path)) == [str(path)]


def test_a_locked_pdf_says_so(monkeypatch):
    pdfium = pytest.importorskip("pypdfium2")

    def locked(_):
        raise pdfium.PdfiumError("Failed to load document (PDFium: Incorrect password error).")

    monkeypatch.setattr(pdfium, "PdfDocument", locked)
    with pytest.raises(PictureError, match="locked with a password: save it without one"):
        open_picture(encode(Image.new("L", (40, 40)), "PDF"))


def test_names_that_mean_a_path(tmp_path, monkeypatch):
    path = tmp_path / "my [1] digit.png"
    Image.fromarray(drawing()).save(path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    at_home = f"~/{path.name}"
    here = path.as_uri()
    for name in (at_home, Path(at_home), here, here.replace("///", "//localhost/"), Path(here)):
        assert np.array_equal(open_picture(name), drawing()), name
    for name, address in (
        ("https://example.org//a/b.png", "https://example.org//a/b.png"),
        ("HTTP://example.org/x", "HTTP://example.org/x"),
        (Path("https://example.org/x"), "https://example.org/x"),  # Path takes a slash away
    ):
        with pytest.raises(PictureError, match="on the web: download it first") as caught:
            open_picture(name)
        assert str(caught.value).startswith(f"{address} is")
    monkeypatch.chdir(tmp_path)
    path.rename("~")
    assert np.array_equal(open_picture("~"), drawing())  # a file that is called so comes first


def test_data_urls():
    data = encode(Image.fromarray(drawing()), "PNG")
    text = base64.b64encode(data).decode()
    for url in (
        f"data:image/png;base64,{text}",
        f"data:image/jpeg;name=x;base64,{text}",  # told by content
        f"data:;base64,{text.rstrip('=')}",
        f"data:image/png;base64,{text[:40]}\n {text[40:]}".replace("+", "%2B"),
        "data:image/png," + "".join(f"%{byte:02x}" for byte in data),
    ):
        assert from_data_url(url) == data
        assert np.array_equal(open_picture(url), drawing())
    cut_off = ("data:image/png;base64", "data:,", "data:;base64,@@@@", "data:image/png;base64,x")
    for url in (*cut_off, "data:;base64,aGk@", "data:;base64,aGkh@@@@"):
        with pytest.raises(PictureError, match="cut off or damaged"):
            open_picture(url)


def test_text_is_told_from_pictures(tmp_path):
    for content in (
        b"",
        b"a shopping list\n",
        "M\u00fcsli\r\n".encode(),
        b"label,pixel0\n3,0\n",
        b"II. BM",
    ):
        assert is_text(content), content
    for kind in ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM", "PDF"):
        assert not is_text(encode(Image.fromarray(drawing()), kind)[: pictures.HEAD]), kind
    for content in (b"P2\n2 2\n255\n0 0 0 0", b"<svg/>", b"%PDF-1.7\n", b"PK\x03\x04"):
        assert not is_text(content), content
    assert read_head(tmp_path) is None
    assert read_head(tmp_path / "gone") is None
    (tmp_path / "long").write_bytes(b"x" * 5000)
    assert read_head(tmp_path / "long") == b"x" * pictures.HEAD


def test_pixel_limit_is_checked_before_decoding():
    header = encode(Image.new("1", (7000, 7200)), "PNG")[:100]  # the pixels are not even there
    with pytest.raises(PictureError, match=r"7000 x 7200.*50,000,000"):
        open_picture(header)
    with pytest.raises(PictureError, match="limit of 100"):
        open_picture(drawing(), max_pixels=100)
    with pytest.raises(PictureError, match="limit of 100"):
        open_picture(Image.fromarray(drawing()), max_pixels=100)


def test_a_decompression_bomb_is_one_sentence():
    bomb = bytearray(encode(Image.new("1", (30, 30)), "PNG"))
    bomb[16:24] = (30_000).to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    with pytest.raises(PictureError, match="pixels"):
        open_picture(bytes(bomb))


BAD_FILES = {
    "text": (b"this is a shopping list\n", "text"),
    "empty": (b"", "zero bytes"),
    "random": (bytes(range(256)) * 4, "not a picture"),
    "pdf": (b"%PDF-1.7\n" + bytes(50), "damaged PDF"),
    "heic": (bytes(4) + b"ftypheic" + bytes(50), "HEIC"),
    "avif": (bytes(3) + b"\x14ftypavif" + bytes(50), "AVIF"),
    "film": (bytes(3) + b"\x14ftypqt  " + bytes(50), "a film"),
    "pgm": (b"P2\nthree of these", "damaged"),
    "magic only": (b"\x89PNG\r\n\x1a\n" + bytes(9), "damaged"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG.*export it as PNG"),
    "long svg": (b"<?xml version='1.0'?><!--" + 600 * b"-" + b"--><svg/>", "an SVG"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_file_that_is_no_picture(case, tmp_path):
    data, word = BAD_FILES[case]
    path = tmp_path / "x.png"
    path.write_bytes(data)
    for source in (path, data, io.BytesIO(data)):
        with pytest.raises(PictureError, match=word) as caught:
            open_picture(source)
        assert "\n" not in str(caught.value)
    with pytest.raises(PictureError) as caught:
        open_picture(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP"])
def test_truncated_files(kind):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    data = encode(Image.fromarray(noise), kind)
    for share in (0.2, 0.5, 0.8):
        with pytest.raises(PictureError):
            open_picture(data[: int(len(data) * share)])


def test_paths_that_are_no_files(tmp_path):
    with pytest.raises(PictureError, match="not found"):
        open_picture(tmp_path / "missing.png")
    with pytest.raises(PictureError, match="folder"):
        open_picture(str(tmp_path))
    with pytest.raises(PictureError, match="cannot be read"):
        open_picture("a\0b.png")
    if Path("/dev/zero").exists():
        with pytest.raises(PictureError, match="ordinary file"):
            open_picture("/dev/zero")


@pytest.mark.parametrize(
    ("array", "word"),
    [
        (np.full((5, 5), np.nan), "NaN"),
        (np.full((5, 5), np.inf), "infinite"),
        (np.full((5, 5), -1.0), "negative"),
        (np.full((5, 5), -1), "negative"),
        (np.zeros(784, np.uint8), "shape"),
        (np.zeros((10, 28, 28), np.uint8), "shape"),
        (np.zeros((1, 28, 28, 3), np.uint8), "shape"),
        (np.zeros((0, 5), np.uint8), "2 on each side"),
        (np.zeros((1, 50), np.uint8), "2 on each side"),
        (np.zeros((5, 5), np.complex64), "dtype"),
        (np.array([["a", "b"], ["c", "d"]]), "dtype"),
        (np.zeros((5, 5, 4), np.uint8), "transparent"),
    ],
)
def test_arrays_that_are_no_pictures(array, word):
    with pytest.raises(PictureError, match=word):
        open_picture(array)


def test_other_things_that_are_no_pictures():
    with pytest.raises(PictureError, match="binary mode"):
        open_picture(io.StringIO("text"))
    with pytest.raises(PictureError, match="list is not a picture"):
        open_picture([[1, 2], [3, 4]])
    with pytest.raises(PictureError, match="1 x 40"):
        open_picture(encode(Image.new("L", (1, 40)), "PNG"))
    with pytest.raises(PictureError, match="transparent"):
        open_picture(encode(Image.new("RGBA", (40, 40)), "PNG"))


def test_no_warning_leaks_and_the_filters_stay():
    before = list(warnings.filters)
    large = encode(Image.new("1", (9_500, 9_500)), "PNG")  # past Pillow's warning level
    open_picture(large, max_pixels=100_000_000)
    threads = [threading.Thread(target=open_picture, args=(encode(Image.fromarray(drawing()), k),))
               for k in ("PNG", "GIF", "TIFF") * 4]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert warnings.filters == before


SEEDS = [
    encode(Image.fromarray(np.kron(drawing(), np.ones((3, 3), np.uint8))).convert(mode), kind)
    for kind, mode in [("PNG", "L"), ("PNG", "P"), ("JPEG", "RGB"), ("GIF", "P"), ("BMP", "RGB"),
                       ("TIFF", "L"), ("WEBP", "RGB"), ("AVIF", "RGB"), ("PPM", "L"), ("PDF", "L")]
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 10**6), st.binary(max_size=6)),
                                        min_size=1, max_size=5))  # fmt: skip
def test_mutated_bytes_open_or_raise_our_error(data, changes):
    mutated = bytearray(data)
    for place, new in changes:
        place %= len(mutated) + 1
        mutated[place : place + len(new)] = new
    try:
        picture = open_picture(bytes(mutated), max_pixels=1_000_000)
    except PictureError:
        return
    assert picture.dtype == np.uint8
    assert picture.ndim in (2, 3)


DAMAGED = "{} is {}: save the picture again."
OTHER = (
    "{} is {}, not a picture that can be read: "
    "save it as PNG, JPEG, BMP, GIF, TIFF, WebP, PGM, HEIC, AVIF or PDF."
)


@pytest.mark.parametrize(
    ("head", "sentence", "kind"),
    [
        (b"\x89PNG", DAMAGED, "a damaged PNG"),
        (b"\xff\xd8", DAMAGED, "a damaged JPEG"),
        (b"GIF8", DAMAGED, "a damaged GIF"),
        (b"BM", DAMAGED, "a damaged BMP"),
        (b"II*\0", DAMAGED, "a damaged TIFF"),
        (b"MM\0*", DAMAGED, "a damaged TIFF"),
        (b"RIFF....WEBP", DAMAGED, "a damaged WebP"),
        (b"\0\0\0\x18ftypheic", DAMAGED, "a damaged HEIC picture"),
        (b"\0\0\0\x18ftyphevc", DAMAGED, "a damaged HEIC picture"),
        (b"\0\0\0\x18ftypmif1", DAMAGED, "a damaged HEIC picture"),
        (b"\0\0\0\x18ftypmsf1", DAMAGED, "a damaged HEIC picture"),
        (b"\0\0\0\x18ftypavif", DAMAGED, "a damaged AVIF picture"),
        (b"\0\0\0\x18ftypmp42", OTHER, "a film"),
        (b"8BPS", OTHER, "a Photoshop file"),
        (b"PK\x03\x04", OTHER, "a ZIP archive"),
        (b"\x1f\x8b", OTHER, "a gzip archive"),
        (b"\x93NUMPY", OTHER, "a NumPy file"),
    ],
)
def test_what_no_decoder_takes_is_named_by_its_first_bytes(head, sentence, kind):
    assert pictures._what_it_is(head + b"\0\1\2", "x") == sentence.format("x", kind)
    assert pictures._what_it_is(b"\0" + head + b"\0\1\2", "x") != sentence.format("x", kind)


@pytest.mark.parametrize(
    ("head", "opener"),
    [
        (b"\x89PNG", "PngImageFile"), (b"\xff\xd8", "jpeg_factory"), (b"BM", "BmpImageFile"),
        (b"GIF8", "GifImageFile"), (b"II", "TiffImageFile"), (b"MM", "TiffImageFile"),
        (b"RIFF....WEBP", "WebPImageFile"), (b"P1", "PpmImageFile"), (b"P6", "PpmImageFile"),
        (b"P0", None), (b"P7", None), (b"", None), (b"\0\0\0\x18ftypmp42", None),
        (b"\0\0\0\x18ftypavis", "AvifImageFile"), (b"\0\0\0\x18ftypheic", "HeifImageFile"),
        (b"\0\0\0\x08ftypavif", "AvifImageFile"),  # by its own brand, whatever its length says
        (b"\0\0\0\x08ftypavis", "AvifImageFile"),
        (b"\0\0\0\x18ftyphevc", "HeifImageFile"), (b"\0\0\0\x18ftypmsf1", "HeifImageFile"),
        (b"\0\0\0\x14ftypmif1\0\0\0\0avif", "AvifImageFile"),
        (b"\0\0\0\x13ftypmif1\0\0\0\0avif", "HeifImageFile"),  # its brands end before that
    ],
)  # fmt: skip
def test_the_decoder_is_told_by_the_first_bytes(head, opener):
    found = pictures._decoder(head)
    assert (found and found[1]) == opener
    if head and opener and b"ftyp" not in head:
        assert pictures._decoder(b"\0" + head) is None


def test_an_errors_reason_is_short():
    assert pictures._why(OSError(2, "No such thing")) == "No such thing"
    assert pictures._why(ValueError("a \n  b")) == "a b"
    assert pictures._why(ValueError("x" * 121)) == "x" * 120
    assert pictures._why(KeyboardInterrupt()) == "KeyboardInterrupt"


@pytest.mark.parametrize(("size", "words"), [((1, 300), "1 x 200"), ((300, 1), "200 x 1")])
def test_a_page_as_thin_as_a_hair_is_no_picture(size, words):
    pytest.importorskip("pypdfium2")
    data = encode(Image.new("L", size, 255), "PDF", resolution=300)
    with pytest.raises(PictureError, match=f"is {words} pixels: a digit needs"):
        open_picture(data)


@pytest.mark.parametrize(
    ("head", "text", "svg", "pdf", "pages"),
    [
        (b" \t\n\r\f\x7f\xff", True, False, False, False),
        (b"a\x1f", False, False, False, False),
        (b"a\x0b", False, False, False, False),
        (b"<x><svg>", False, True, False, False),
        (b"<svg>\0", False, False, False, False),
        (b"%PDF-1.4", False, False, True, True),
        (b"junk %PDF-1.4", False, False, True, True),
        (b"BM %PDF-1.4", True, False, False, False),  # a letter about PDF files
        (b"P3\n2 2", False, False, False, False),
        (b"P3", True, False, False, False),
        (b"P7 2", True, False, False, False),
        (b"II*\0", False, False, False, True),
        (b"MM\0*", False, False, False, True),
        (b"II+\0", False, False, False, True),  # BigTIFF
        (b"MM\0+", False, False, False, True),
        (b"II*", True, False, False, False),
    ],
)
def test_what_the_first_bytes_say(head, text, svg, pdf, pages):
    assert is_text(head) == text
    assert pictures._is_svg(head) == svg
    assert pictures._is_pdf(head) == pdf
    assert bool(pictures._may_have_pages(head)) == pages


@pytest.mark.parametrize(
    ("tags", "pages"),
    [
        ([0, 1, 2, 3], [0, 2]),  # bit 0 of tag 254: a smaller copy
        ([None, 4, 5], [0, 1]),
        ([1, 1], [0]),  # nothing but copies: the first
    ],
)
def test_pages_of_a_tiff_by_their_tags(tags, pages):
    class Tiff:
        n_frames = len(tags)

        def seek(self, frame):
            self.tag_v2 = {} if tags[frame] is None else {254: tags[frame]}

    assert pictures._tiff_pages(Tiff()) == pages


@pytest.mark.parametrize(
    ("name", "file", "page"),
    [
        ("x.pdf#1", "x.pdf", 1), ("x.pdf#12", "x.pdf", 12), ("x#y#3", "x#y", 3),
        ("x.pdf#0", "x.pdf#0", None), ("x.pdf#01", "x.pdf#01", None), ("#3", "#3", None),
        ("x.pdf#", "x.pdf#", None), ("x.pdf#3 ", "x.pdf#3 ", None), ("x.pdf", "x.pdf", None),
    ],
)  # fmt: skip
def test_the_file_and_the_page_that_a_name_means(name, file, page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert pictures.file_and_page(name) == (Path(file), page)


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (0, [[1, 2, 3], [4, 5, 6]]), (1, [[1, 2, 3], [4, 5, 6]]), (9, [[1, 2, 3], [4, 5, 6]]),
        (2, [[3, 2, 1], [6, 5, 4]]), (3, [[6, 5, 4], [3, 2, 1]]), (4, [[4, 5, 6], [1, 2, 3]]),
        (5, [[1, 4], [2, 5], [3, 6]]), (6, [[4, 1], [5, 2], [6, 3]]),
        (7, [[6, 3], [5, 2], [4, 1]]), (8, [[3, 6], [2, 5], [1, 4]]),
    ],
)  # fmt: skip
def test_the_eight_turns_by_hand(orientation, expected):
    turned = pictures.upright(np.array([[1, 2, 3], [4, 5, 6]], np.uint8), orientation)
    assert turned.tolist() == expected
    assert turned.flags.c_contiguous


def test_the_limits_of_what_is_read():
    assert (pictures.MAX_PIXELS, pictures.HEAD, PDF_RESOLUTION) == (50_000_000, 1024, 200)
    assert not is_text(b"%PDF-")
    wide = np.broadcast_to(np.uint8(0), (2, 25_000_001))
    with pytest.raises(PictureError, match="more than the limit of 50,000,000"):
        open_picture(wide)


def test_two_pages_are_too_many_for_one_picture():
    pytest.importorskip("pypdfium2")
    page = Image.new("L", (40, 30), 255)
    with pytest.raises(PictureError, match="has 2 pages: say which one"):
        open_picture(encode(page, "PDF", save_all=True, append_images=[page]))


def test_quiet_pillow_counts_who_is_inside():
    with pictures.quiet_pillow():
        assert pictures._inside == 1
        with pictures.quiet_pillow():
            assert pictures._inside == 2
        assert pictures._inside == 1
    assert pictures._inside == 0


@pytest.mark.parametrize(("value", "turn"), [(6, 6), ("6", 1), (None, 1), (2.0, 1)])
def test_a_turn_that_is_no_whole_number_is_none(value, turn):
    class Turned:
        def getexif(self):
            return {274: value}

    assert pictures._orientation(Turned()) == turn
