"""Attacks: pictures whose decoding costs time and memory, on the command line and the server."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import numpy as np
import pytest
from benchmarks.fuzz_pictures import mutate, seeds
from benchmarks.heavy_pictures import FILES, Sizes
from PIL import Image

from attacks.conftest import SHARE, Attack
from digitnet.cli.main import main
from digitnet.errors import PictureError
from digitnet.imaging import parallel
from digitnet.imaging.decoders import Decoders
from digitnet.imaging.framing import Frame
from digitnet.imaging.parallel import frame_files
from support.served import NINE, served

PROMISE = "pictures are bounded"
PIXELS = max(1_000_000, int(49_980_000 * SHARE))


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("name", FILES)
def test_a_heavy_picture_is_answered_or_refused_within_its_time_and_memory(
    name: str, attack: Attack, apart: Decoders
) -> None:
    """The system holds the process to both, so that nothing has to be measured here."""
    if name.endswith("pdf"):
        pytest.importorskip("pypdfium2")
    try:
        picture = apart.open(FILES[name](Sizes(PIXELS)))
        assert picture.dtype == np.uint8
    except PictureError as error:
        assert "\n" not in str(error)  # noqa: PT017
        assert "damaged" not in str(error)  # noqa: PT017
    attack.tried()
    assert apart.open(NINE).ndim == 3  # and the next is answered


@pytest.mark.promise(PROMISE)
def test_a_damaged_picture_spoils_none_that_comes_after_it(attack: Attack, apart: Decoders) -> None:
    """Small grey TIFFs of another shade each: one reply too many or few would be seen."""
    rng = np.random.default_rng(16)
    every = [data for group in seeds(rng).values() for data in group]
    for number in attack.times(10_000):
        one, other = (every[int(n)] for n in rng.integers(len(every), size=2))
        try:
            apart.open(mutate(one, other, rng))
        except PictureError as error:
            assert "\n" not in str(error)  # noqa: PT017
        content = io.BytesIO()
        Image.new("L", (3, 2), number % 256).save(content, "TIFF")
        assert (apart.open(content.getvalue()) == number % 256).all()


@pytest.mark.promise(PROMISE)
def test_pictures_that_overrun_hold_up_nobody(attack: Attack, tmp_path: Path) -> None:
    """Four of them come over and over beside an honest client; the server ends as ever."""
    pytest.importorskip("pypdfium2")
    slow, honest = FILES["paths.pdf"](Sizes(10_000_000)), NINE.read_bytes()
    statuses: list[int] = []
    ended = threading.Event()
    with served(tmp_path) as server:

        def attack_it() -> None:
            with server.client() as web:
                while not ended.is_set():
                    statuses.append(web.post("/api/predict", content=slow).status_code)

        hostile = [threading.Thread(target=attack_it) for _ in range(4)]
        for thread in hostile:
            thread.start()
        try:
            with server.client() as web:
                for _ in attack.times(300):
                    assert web.post("/api/predict", content=honest).status_code == 200
        finally:
            ended.set()
            for thread in hostile:
                thread.join()
        assert set(statuses) <= {422, 503, 504}
        code, said = server.end()
    assert (code, said) == (143, "")


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("command", ["predict", "read"])
def test_a_picture_that_overruns_ends_no_command(
    command: str, attack: Attack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pypdfium2")
    (tmp_path / "slow.pdf").write_bytes(FILES["paths.pdf"](Sizes(10_000_000)))
    assert main([command, str(tmp_path / "slow.pdf"), str(NINE), "--model", "mlp"]) == 1
    said = capsys.readouterr()
    assert "slow.pdf takes longer to decode than the 2 seconds of a picture" in said.err
    assert "9" in said.out
    attack.tried()


@pytest.mark.promise(PROMISE)
def test_a_heavy_picture_among_many_is_held_to_the_same(
    attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder so large that processes frame it: one bad page is refused, the others are framed."""
    pytest.importorskip("pypdfium2")
    monkeypatch.setattr(parallel, "MANY", 1)
    heavy = {
        name: make(Sizes(10_000_000 if name == "paths.pdf" else 1_000_000))
        for name, make in FILES.items()
    }
    every = [part for content in heavy.values() for part in (content, NINE.read_bytes())]
    framed = list(frame_files(every))
    nine = framed[1]
    assert isinstance(nine, Frame)
    for one in framed[1::2]:
        assert isinstance(one, Frame)
        assert (one.image == nine.image).all()
    for one in framed[::2]:
        assert isinstance(one, Frame) or "damaged" not in str(one)
        attack.tried()
    pdf = framed[2 * list(heavy).index("paths.pdf")]
    assert "takes longer to decode than the 2 seconds of a picture" in str(pdf)
