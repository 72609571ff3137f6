"""Pictures and pages through the web server: read, shown, refused, and corrected."""

from __future__ import annotations

import base64
import io
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from digitnet import read as digitnet_read
from digitnet import read_form as digitnet_read_form
from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.hands import Hand, careful
from digitnet.handwriting.pages import draw_page
from digitnet.models.box import in_box
from digitnet.models.folder import load_model
from digitnet.reading.page import read_page
from digitnet.reading.template import Template
from support.drawn import Digit, painted, side_by_side
from support.forms import blank_form, filled_form, template_text
from support.helpers import digitnet_process
from support.served import NINE, at_path, client, png, running


def pixels(text: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(text))) as image:
        return np.asarray(image)


def test_a_raw_picture_is_answered_as_the_model_itself_answers(web: httpx.Client) -> None:
    answered = web.post("/api/predict?model=mlp", content=NINE.read_bytes())
    assert answered.status_code == 200, answered.text
    (answer,) = answered.json()["answers"]
    truth = load_model(in_box("mlp")).predict(NINE)
    assert answer["label"] == truth.label == 9
    assert answer["reason"] is None
    assert answer["probabilities"] == pytest.approx(truth.probabilities.tolist())
    assert answer["box"] == list(truth.frame.box)
    assert np.array_equal(pixels(answer["frame"]), truth.frame.image)
    assert "stages" not in answer


def test_an_answer_does_not_wait_for_the_other_side_s_acknowledgement(tmp_path: Path) -> None:
    """Head and body are two packets; held back for one another they took 40 ms, always."""
    with running(tmp_path) as (server, port), socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert one.recv(12) == b"HTTP/1.1 200"
        (connection,) = server.server_state.connections
        theirs = connection.transport.get_extra_info("socket")
        assert theirs.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_requests_do_not_share_their_cores_with_threads_of_blas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting for each other, they took ten times as long on a busy machine."""
    happened = []

    @contextmanager
    def noted() -> Iterator[None]:
        happened.append("one thread")
        yield
        happened.append("as before")

    monkeypatch.setattr("digitnet.web.app.one_blas_thread", noted)
    with client(tmp_path) as web:
        assert web.get("/healthz").status_code == 200
        assert happened == ["one thread"]
    assert happened == ["one thread", "as before"]


def test_stages_lead_from_the_picture_to_the_frame(web: httpx.Client) -> None:
    large = Image.open(NINE).convert("RGB").resize((1400, 900))
    (answer,) = web.post("/api/predict?stages=1", content=png(large)).json()["answers"]
    first, last = answer["stages"][0], answer["stages"][-1]
    assert first["title"] == "picture"
    assert max(pixels(first["image"]).shape) == 480
    assert last["title"] == "frame"
    assert np.array_equal(pixels(last["image"]), pixels(answer["frame"]))


def test_several_pictures_are_answered_in_order_the_broken_one_too(web: httpx.Client) -> None:
    blank = png(np.full((60, 60), 255, np.uint8))
    files = [
        ("pictures", ("../../nine.png", NINE.read_bytes(), "image/png")),
        ("pictures", ("text.png", b"not a picture at all", "image/png")),
        ("pictures", ("blank.png", blank, "image/png")),
    ]
    nine, text, nothing = web.post("/api/predict", files=files).json()["answers"]
    assert (nine["name"], nine["label"]) == ("../../nine.png", 9)
    assert text["label"] is None
    assert "is text, not a picture" in text["reason"]
    assert (text["probabilities"], text["frame"], text["box"]) == ([], None, None)
    assert nothing["label"] is None
    assert nothing["reason"] == "no digit: blank"
    assert len(nothing["probabilities"]) == 10


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"", 422, "no picture in the request"),
        (b"hello, I am no picture", 422, "is text, not a picture"),
        (NINE.read_bytes()[:200], 422, "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), 422, "damaged PNG"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_sentence(
    web: httpx.Client, content: bytes, status: int, words: str
) -> None:
    for path in ("/api/predict", "/api/read", "/api/corrections?label=3"):
        answered = web.post(path, content=content)
        assert answered.status_code == status, (path, answered.text)
        assert words in answered.json()["error"], path
        assert list(answered.json()) == ["error"]


def test_a_broken_form_and_one_without_pictures_are_refused(web: httpx.Client) -> None:
    kind = {"content-type": "multipart/form-data; boundary=x"}
    broken = web.post("/api/predict", content=b"--y\r\nnonsense", headers=kind)
    assert broken.status_code in (400, 422)
    no_boundary = {"content-type": "multipart/form-data"}
    assert web.post("/api/predict", content=b"--x", headers=no_boundary).status_code == 400
    other = web.post("/api/predict", files={"photos": NINE.read_bytes()})
    assert other.status_code == 422
    assert '"pictures"' in other.json()["error"]
    form = web.post("/api/read", files={"pictures": NINE.read_bytes()})
    assert form.status_code == 422
    assert "raw body" in form.json()["error"]


def test_names_of_models_lead_nowhere_else(web: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("nobody's")
    for name in ("../secret.txt", "..", "/etc/passwd", "a/b", "", "x" * 41, "%2e%2e", "a\0b"):
        for answered in (
            web.post("/api/predict", params={"model": name}, content=NINE.read_bytes()),
            web.get("/api/model", params={"name": name}),
        ):
            assert answered.status_code == 422, (name, answered.text)
    unknown = web.get("/api/model?name=nobody")
    assert unknown.status_code == 404
    assert "cnn, mcu, mlp" in unknown.json()["error"]
    for path in (
        "/api/models/..%2fsecret.zip", "/api/models/../../secret.txt", "/static/../app.py",
        "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/x%00.js",
    ):  # fmt: skip
        status, body = at_path(web, path)
        assert status in (404, 422), path
        assert list(json.loads(body)) == ["error"], path


def test_a_page_is_read_line_by_line(web: httpx.Client) -> None:
    rng = np.random.default_rng(3)
    hand = replace(careful(Hand.sample(rng), 0.9), pen=np.array([0.06], np.float32))
    page = draw_page(["38 20", "506"], rng, style=PageStyle(digit=44), hand=hand)
    answered = web.post("/api/read?model=cnn", content=png(page.picture))
    assert answered.status_code == 200, answered.text
    read = answered.json()
    height, width = page.picture.shape[:2]
    assert (read["width"], read["height"], read["reason"]) == (width, height, None)
    assert read["lines"] == ["38 20", "506"]
    assert [digit["label"] for digit in read["digits"]] == [3, 8, 2, 0, 5, 0, 6]
    assert [digit["line"] for digit in read["digits"]] == [0, 0, 0, 0, 1, 1, 1]
    model = load_model(in_box("cnn"))
    own = digitnet_read(page.picture, model)
    for digit, other in zip(read["digits"], own.digits, strict=True):
        frame = pixels(digit["frame"])
        assert np.array_equal(frame, other.frame)
        assert model.probabilities(frame[None])[0].argmax() == digit["label"]
        assert digit["probability"] == pytest.approx(other.probability, abs=1e-5)
    empty = web.post("/api/read", content=png(np.full((300, 300), 255, np.uint8))).json()
    assert (empty["lines"], empty["digits"]) == ([], [])
    assert empty["reason"].startswith("no digits")


def test_the_risk_reaches_the_lines_of_a_page(web: httpx.Client) -> None:
    page = png(draw_page(["38 20", "506"], np.random.default_rng(3)).picture)
    always = web.post("/api/read?model=cnn&risk=0", content=page).json()
    strict = web.post("/api/read?model=cnn&risk=0.000001", content=page).json()
    assert always["lines"] == strict["lines"]
    assert always["line_probabilities"] == strict["line_probabilities"]
    assert always["line_doubts"] == [None] * len(always["lines"])
    assert always["promised"] == {"characters": None, "lines": None}
    assert all(0 < share < 1 for share in strict["promised"].values())
    odd = web.post("/api/read?model=cnn&risk=7", content=page)
    assert odd.status_code == 422
    assert "must be a share" in odd.json()["error"]


def test_digits_that_touch_are_read_beside_a_reader_of_lines(
    web: httpx.Client, clear: list[Digit]
) -> None:
    """Each has a box and a frame of its own, and the answer is that of `digitnet.read`."""
    digits = [clear[2 * label].with_pen(0.09) for label in (3, 2)]
    picture = png(painted(side_by_side(digits, 90, -0.04)))
    answered = web.post("/api/read?model=cnn", content=picture)
    assert answered.status_code == 200, answered.text
    read = answered.json()
    assert (read["lines"], read["reason"]) == (["32"], None)
    frames = [pixels(digit["frame"]) for digit in read["digits"]]
    assert [frame.shape for frame in frames] == [(28, 28)] * 2
    assert all(frame.any() for frame in frames)
    own = digitnet_read(picture, "cnn").as_dict()
    assert [{**one, "frame": None} for one in read["digits"]] == [
        {**one, "frame": None} for one in own["digits"]
    ]
    alone = read_page(load_model(in_box("cnn")), picture)
    assert alone.lines != ("32",)


def test_corrections_are_counted_moved_and_read_by_train(web: httpx.Client, tmp_path: Path) -> None:
    assert web.get("/api/corrections").json() == {"count": 0, "per_label": [0] * 10}
    pictures = sorted(NINE.parent.glob("digi_*.png"))
    for i, path in enumerate(pictures):
        kept = web.post(f"/api/corrections?label={i % 10}", content=path.read_bytes())
        assert kept.status_code == 201, (path, kept.text)
    assert kept.json()["kept"] == len(pictures)
    again = web.post("/api/corrections?label=0", content=pictures[0].read_bytes())
    assert (again.status_code, again.json()["kept"]) == (201, len(pictures))
    moved = web.post("/api/corrections?label=5", content=pictures[0].read_bytes()).json()
    assert moved["kept"] == len(pictures)
    counts = web.get("/api/corrections").json()
    assert counts == {"count": len(pictures), "per_label": moved["per_label"]}
    assert counts["per_label"][0] == len(range(0, len(pictures), 10)) - 1
    names = [p.relative_to(tmp_path / "corrections") for p in tmp_path.rglob("*.png")]
    assert len(names) == len(pictures)
    for name in names:
        assert name.parts[0] in "0123456789"
        time, _, digest = name.stem.partition("-")
        assert (len(time), len(digest)) == (16, 12)
    words = ("corrections", "--epochs", "1", "--validation", "0", "--out", "made")
    done = digitnet_process("train", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"{len(pictures)} digits from corrections" in done.stderr


def test_a_correction_is_taken_back_once(web: httpx.Client, tmp_path: Path) -> None:
    kept = [
        web.post(f"/api/corrections?label={label}", content=NINE.with_name(name).read_bytes())
        for label, name in ((9, "digi_9.png"), (8, "digi_8.png"))
    ]
    mark = kept[0].json()["mark"]
    gone = web.delete(f"/api/corrections/{mark}")
    assert (gone.status_code, gone.json()["count"]) == (200, 1)
    (left,) = tmp_path.rglob("*.png")
    assert (left.parent.name, left.stem[-12:]) == ("8", kept[1].json()["mark"])
    again = web.delete(f"/api/corrections/{mark}")
    assert again.status_code == 404
    assert "taken back already" in again.json()["error"]
    for path in ("..%2f8", "*", mark[:-1], "Z" * 12):
        assert web.delete(f"/api/corrections/{path}").status_code in (404, 405, 422), path
    assert left.is_file()
    foreign = {"origin": "http://elsewhere.example"}
    answered = web.delete(f"/api/corrections/{kept[1].json()['mark']}", headers=foreign)
    assert answered.status_code == 403
    assert left.is_file()


def test_a_cut_out_of_a_page_is_kept_and_framed_as_it_was(
    web: httpx.Client, tmp_path: Path
) -> None:
    (answer,) = web.post("/api/predict", content=NINE.read_bytes()).json()["answers"]
    frame = base64.b64decode(answer["frame"])
    assert web.post("/api/corrections?label=9", content=frame).status_code == 201
    (kept,) = tmp_path.rglob("*.png")
    (again,) = web.post("/api/predict", content=kept.read_bytes()).json()["answers"]
    assert np.array_equal(pixels(again["frame"]), pixels(answer["frame"]))


def test_what_a_training_would_skip_is_not_kept(web: httpx.Client, tmp_path: Path) -> None:
    blank = web.post("/api/corrections?label=1", content=png(np.full((60, 60), 255, np.uint8)))
    assert blank.status_code == 422
    assert "blank" in blank.json()["error"]
    for label in ("-1", "10", "seven", ""):
        answered = web.post(f"/api/corrections?label={label}", content=NINE.read_bytes())
        assert answered.status_code == 422, label
        assert answered.json()["error"].startswith("label: "), label
    assert web.post("/api/corrections", content=NINE.read_bytes()).status_code == 422
    assert not list(tmp_path.iterdir())


def test_a_photo_is_kept_without_what_the_camera_wrote_beside_it(
    web: httpx.Client, tmp_path: Path
) -> None:
    photo = Image.open(NINE).convert("RGB").resize((2400, 2000))
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif[0x0112] = 6  # lies on its side
    content = io.BytesIO()
    photo.save(content, "JPEG", exif=exif)
    answered = web.post("/api/corrections?label=9", content=content.getvalue())
    assert answered.status_code == 201, answered.text
    (kept,) = tmp_path.rglob("*.png")
    assert b"taken at home" not in kept.read_bytes()
    with Image.open(kept) as image:
        assert image.size == (1333, 1600)
        assert not image.getexif()


def test_a_full_folder_of_corrections_says_so(tmp_path: Path) -> None:
    with client(tmp_path, corrections=1) as web:
        assert web.post("/api/corrections?label=9", content=NINE.read_bytes()).status_code == 201
        other = NINE.with_name("digi_8.png").read_bytes()
        full = web.post("/api/corrections?label=8", content=other)
    assert full.status_code == 507
    assert "corrections already" in full.json()["error"]


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "corrections").write_text("a file in the way")
    with client(tmp_path) as web:
        answered = web.post("/api/corrections?label=9", content=NINE.read_bytes())
    assert answered.status_code == 507
    assert "can be made" in answered.json()["error"]


def test_data_urls_are_pictures_too(web: httpx.Client) -> None:
    """As a canvas gives them: as the body, in JSON, and in a form."""
    url = "data:image/png;base64," + base64.b64encode(NINE.read_bytes()).decode()
    (expected,) = web.post("/api/predict", content=NINE.read_bytes()).json()["answers"]
    assert expected["label"] == 9
    for answered in (
        web.post("/api/predict", content=url),
        web.post("/api/predict", json={"pictures": [url]}),
        web.post("/api/predict", json={"pictures": url}),
        web.post("/api/predict", files={"pictures": (None, url)}),
    ):
        assert answered.status_code == 200, answered.text
        assert answered.json()["answers"] == [expected]
    two = web.post("/api/predict", json={"pictures": [url, url]}).json()["answers"]
    assert [answer["name"] for answer in two] == ["picture 1", "picture 2"]
    page = web.post("/api/read", content=NINE.read_bytes()).json()
    for answered in (
        web.post("/api/read", content=url),
        web.post("/api/read", json={"pictures": [url]}),
    ):
        assert answered.json() == page
    kept = web.post("/api/corrections?label=9", json={"pictures": [url]})
    assert (kept.status_code, kept.json()["kept"]) == (201, 1)
    assert web.post("/api/corrections?label=9", content=NINE.read_bytes()).json()["kept"] == 1


def test_json_of_pictures_may_be_as_large_as_pictures(tmp_path: Path) -> None:
    with client(tmp_path, body=300_000, json_body=1000) as web:
        noise = png(np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8))
        url = "data:image/png;base64," + base64.b64encode(noise).decode()
        for path in ("/api/predict", "/api/read", "/api/corrections?label=9"):
            assert web.post(path, json={"pictures": [url]}).status_code in (200, 201, 422), path
            assert web.post(path, json={"pictures": ["data:" + 300_000 * "x"]}).status_code == 413
        assert web.post("/api/train", json={"source": 2000 * "x"}).status_code == 413


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"pictures": [', "JSON with pictures is"),
        ("[]", "JSON with pictures is"),
        ('{"pictures": []}', "JSON with pictures is"),
        ('{"pictures": [1]}', "JSON with pictures is"),
        ('{"pictures": ["/etc/passwd"]}', "JSON with pictures is"),
        ('{"pictures": ["https://example.org/a.png"]}', "JSON with pictures is"),
        ('{"pictures": ["\\ud800"]}', "JSON with pictures is"),
        ('{"photos": ["data:,x"]}', "JSON with pictures is"),
        ('{"pictures": ["data:image/png;base64,@"]}', "cut off or damaged"),
        ('{"pictures": ["data:image/png,hello"]}', "is text, not a picture"),
        (100_000 * "[", "JSON with pictures is"),
    ],
)
def test_json_without_a_picture_is_refused_in_one_sentence(
    web: httpx.Client, body: str, words: str
) -> None:
    kind = {"content-type": "application/json"}
    for path in ("/api/predict", "/api/read"):
        answered = web.post(path, content=body, headers=kind)
        assert answered.status_code == 422, answered.text
        assert words in answered.json()["error"]


def test_more_pictures_than_one_or_than_allowed_are_refused(tmp_path: Path) -> None:
    url = "data:image/png;base64," + base64.b64encode(NINE.read_bytes()).decode()
    with client(tmp_path, pictures=2) as web:
        many = web.post("/api/predict", json={"pictures": [url] * 3})
        assert (many.status_code, "more than 2 pictures" in many.text) == (413, True)
        form = web.post("/api/predict", files=[("pictures", (None, url))] * 3)
        assert (form.status_code, "more than 2 pictures" in form.text) == (413, True)
        two = web.post("/api/read", json={"pictures": [url] * 2})
        assert (two.status_code, "one by one" in two.text) == (422, True)


def test_no_page_of_a_document_is_left_out_in_silence(web: httpx.Client) -> None:
    document = io.BytesIO()
    page = Image.open(NINE).convert("L")
    page.save(document, "TIFF", save_all=True, append_images=[page])
    for path in ("/api/predict", "/api/read"):
        answered = web.post(path, content=document.getvalue())
        assert answered.status_code == 422
        assert answered.json()["error"] == "The picture has 2 pages: send them one by one."
    single = io.BytesIO()
    page.save(single, "TIFF")
    assert web.post("/api/predict", content=single.getvalue()).json()["answers"][0]["label"] == 9


def form_files(**instead: bytes) -> dict[str, bytes]:
    """What /api/read-form wants: a template, its blank form, one that is filled in."""
    blank = blank_form()
    return {
        "template": template_text(blank).encode(),
        "blank": png(blank.picture),
        "form": png(filled_form().picture),
        **instead,
    }


def test_a_form_is_read_by_its_template_as_python_reads_it(web: httpx.Client) -> None:
    files = form_files()
    answered = web.post("/api/read-form?model=cnn", files=files)
    assert answered.status_code == 200, answered.text
    form = answered.json()
    template = Template.of(files["template"], blank_form().picture)
    truth = digitnet_read_form(filled_form().picture, template, "cnn")
    assert {key: form[key] for key in truth.as_dict()} == truth.as_dict()
    assert [one["name"] for one in form["fields"]] == list(blank_form().boxes)
    height, width = filled_form().picture.shape[:2]
    assert (form["width"], form["height"]) == (width, height)


@pytest.mark.parametrize(
    ("instead", "words"),
    [
        ({"template": b"no toml at all"}, "The template cannot be read"),
        ({"template": b"\xff\xfe"}, "The template cannot be read"),
        ({"template": b'picture = "b.png"\n'}, "The template is not right: It has no fields"),
        ({"blank": b"no picture"}, "not a picture"),
        ({"form": b"no picture"}, "not a picture"),
        ({"form": png(np.full((300, 300), 255, np.uint8))}, "form"),
    ],
)
def test_a_form_that_cannot_be_read_is_said_why(
    web: httpx.Client, instead: dict[str, bytes], words: str
) -> None:
    answered = web.post("/api/read-form", files=form_files(**instead))
    assert answered.status_code == 422
    assert words in answered.json()["error"]


def test_a_form_s_files_are_wanted_each_once(web: httpx.Client) -> None:
    files = form_files()
    for left_out in files:
        some = {name: content for name, content in files.items() if name != left_out}
        answered = web.post("/api/read-form", files=some)
        assert answered.status_code == 422
        assert f'the multipart field "{left_out}"' in answered.json()["error"]
    twice = [*files.items(), ("blank", files["blank"])]
    assert web.post("/api/read-form", files=twice).status_code == 422
    words = web.post("/api/read-form", data={"template": "a"}, files={"form": b"x"})
    assert 'field "template"' in words.json()["error"]
    raw = web.post("/api/read-form", content=files["form"])
    assert raw.status_code == 422
    assert "A multipart form is wanted" in raw.json()["error"]
    broken = {"content-type": "multipart/form-data; boundary=x"}
    assert web.post("/api/read-form", content=b"--y", headers=broken).status_code == 400
