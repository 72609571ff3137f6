"""The page in one file: what is in it, how large it is, and that it works from a memory stick."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitnet.errors import OutputError
from digitnet.export.bundle import join_modules
from digitnet.export.html import MOST_BYTES, export
from digitnet.models.calibration import Calibration
from digitnet.models.folder import load_model
from digitnet.models.model import Model
from digitnet.nn import Dense, Ensemble, Network, multilayer_perceptron
from support.browser import NARROW, WIDE, Visit, likely, strokes_of, violations
from support.helpers import assert_one_sentence, digitnet
from support.networks import SMALL, alive
from support.page import STATIC


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_the_models_in_the_box_fit_and_nothing_is_fetched(name: str, tmp_path: Path) -> None:
    target = tmp_path / "digit.html"
    page = export(load_model(name), name, target)
    assert page.n_bytes == target.stat().st_size <= MOST_BYTES
    assert page.numbers == "float32"
    text = target.read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="(?!#|data:)', text)
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert "with a server" not in text
    for what in ("fetch(", "import(", 'id="train"', 'id="model"'):
        assert what not in text


def test_the_file_is_the_same_every_time(tmp_path: Path) -> None:
    one, other = tmp_path / "one.html", tmp_path / "other.html"
    export(load_model("mlp"), "mlp", one)
    export(load_model("mlp"), "mlp", other)
    assert one.read_bytes() == other.read_bytes()


def wide(rng: np.random.Generator, hidden: int = 420) -> Model:
    network = Network(multilayer_perceptron(784, [hidden], 10))
    network.initialize(rng)
    return Model(network)


def test_weights_are_rounded_where_the_file_would_be_too_large(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    model = wide(rng)
    model.network.parameters["b2"][3] += 50  # so sure that rounding changes no label
    page = export(model, "wide", tmp_path / "wide.html")
    assert page.numbers == "float16"
    assert page.n_bytes <= MOST_BYTES


def test_a_model_that_reads_otherwise_when_rounded_is_refused(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    """Two classes with the same weights, told apart by a bias that float16 rounds away."""
    model = wide(rng)
    parameters = model.network.parameters
    parameters["W2"][:] = 0
    parameters["b2"][:] = [*[0] * 8, 1.0, 1.0001]
    target = tmp_path / "wide.html"
    target.write_text("what stood there")
    with pytest.raises(OutputError, match="otherwise"):
        export(model, "wide", target)
    assert target.read_text() == "what stood there"
    assert [path.name for path in tmp_path.iterdir()] == ["wide.html"]


def test_a_model_too_large_for_one_file_is_refused(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match=r"at most 1\.5 MB"):
        export(wide(rng, 800), "wide", tmp_path / "wide.html")
    assert not list(tmp_path.iterdir())


def test_the_command_says_what_it_wrote(tmp_path: Path) -> None:
    done = digitnet("export", "html", "--model", "mlp", "-o", "digit.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"mlp, [\d,]+ parameters as float32, is in digit\.html, \d+ kB", done.stdout)
    assert_one_sentence(digitnet("export", "html", "-o", "no/such.html", cwd=tmp_path), "no")
    assert_one_sentence(digitnet("export", "html", "--model", "nobody", cwd=tmp_path), "nobody")
    assert digitnet("export", "c", cwd=tmp_path).returncode == 2


def test_a_name_cannot_break_out_of_the_page(tmp_path: Path) -> None:
    target = tmp_path / "digit.html"
    export(load_model("mlp"), "</title><script>alert(1)</script>", target)
    assert "<script>alert" not in target.read_text(encoding="utf-8")


def test_modules_are_joined_in_the_order_they_need(tmp_path: Path) -> None:
    for name in ("b", "c"):
        (tmp_path / name).mkdir()
    (tmp_path / "a.js").write_text(
        'import { twice } from "./b/b.js";\nimport {\n  N,\n} from "./c/n.js";\n'
        "const x = twice(N);\n"
    )
    (tmp_path / "b" / "b.js").write_text(
        'import { N } from "../c/n.js";\nconst x = N;\nexport function twice(n) { return n + x; }\n'
    )
    (tmp_path / "c" / "n.js").write_text('import { M } from "./m.js";\nexport const N = M;\n')
    (tmp_path / "c" / "m.js").write_text("export const M = 2;\n")
    script = join_modules(tmp_path, "a")
    assert re.findall(r"^const module_(\S+) =", script, flags=re.MULTILINE) == [
        "c$m", "c$n", "b$b", "a",
    ]  # fmt: skip
    assert script.count("= module_c$n;") == 2
    assert "export" not in script


@pytest.mark.parametrize(
    "text",
    [
        'import x from "./c.js";\n',
        "export default 3;\n",
        'const x = import("./c.js");\n',
        'import { x } from "./a.js";\n',
    ],
)
def test_what_cannot_be_joined_is_an_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text(text)
    with pytest.raises(ValueError, match=r"joined|circle"):
        join_modules(tmp_path, "a")


def test_every_module_of_drawing_and_inside_is_in_the_file() -> None:
    """Those that one_file.js needs, and no other."""
    script = join_modules(STATIC, "one_file")
    joined = set(re.findall(r"^const module_([\w$]+) =", script, flags=re.MULTILINE))
    assert {"draw$pad", "inside$inside", "network$network", "network$framing", "one_file"} <= joined
    assert {each.partition("$")[0] for each in joined - {"one_file", "draw_and_inside"}} == {
        "common", "network", "draw", "inside", "step", "teach",
    }  # fmt: skip


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_it_works_from_a_file_without_a_network(
    size: tuple[int, int], browser: Any, tmp_path: Path
) -> None:
    target = tmp_path / "my digits.html"
    export(load_model("mlp"), "mlp", target)
    visit = Visit(browser, target.as_uri(), size, "dark", offline=True)
    model = load_model("mlp")
    read = []
    for label in range(10):
        visit.draw(strokes_of(label))
        read.append(visit.digit)
        frame = visit.frame()[None]
        np.testing.assert_allclose(likely(visit), model.probabilities(frame)[0], atol=2e-4)
        visit.page.click("#clear")
    assert read == list("0123456789")
    assert "mlp, 784-" in visit.page.inner_text("footer")
    visit.draw(strokes_of(2))
    visit.page.click("#tab-inside")
    visit.settle()
    assert "It reads 2" in visit.page.inner_text("#inside-verdict")
    assert len(visit.page.query_selector_all(".unit")) >= 64
    assert not visit.overflows()
    assert [url for url in visit.asked if not url.startswith("data:")] == [target.as_uri()]
    visit.close()


def test_the_file_keeps_nobody_out(browser: Any, tmp_path: Path) -> None:
    export(load_model("cnn"), "cnn", tmp_path / "digit.html")
    visit = Visit(browser, (tmp_path / "digit.html").as_uri() + "#inside")
    visit.page.click("#examples button:nth-of-type(9)")
    visit.settle()
    assert violations(visit) == []
    visit.close()


@pytest.mark.parametrize("what", SMALL)
def test_any_network_can_be_looked_into(
    what: str, browser: Any, rng: np.random.Generator, tmp_path: Path
) -> None:
    network = alive(SMALL[what], rng)
    names = tuple("0123456789"[: network.n_out])
    calibration = Calibration(1.0, 1.0)  # never sure
    model = Model(network, names, calibration=calibration)
    export(model, what, tmp_path / "digit.html")
    visit = Visit(browser, (tmp_path / "digit.html").as_uri())
    visit.draw(strokes_of(3))
    assert visit.digit == "?"
    assert visit.page.inner_text("#verdict").startswith("Unsure: ")
    visit.page.click("#tab-inside")
    visit.settle()
    learnt = sum(isinstance(layer, Dense) or hasattr(layer, "padding") for layer in network.layers)
    assert len(visit.page.query_selector_all(".stage")) >= learnt + 1
    for button in visit.page.query_selector_all(".step"):
        button.click()
    for unit in visit.page.query_selector_all(".unit:last-child"):
        unit.click()
    assert "NaN" not in visit.page.inner_text("#layers")
    visit.close()


def test_members_of_an_ensemble_are_looked_into_one_by_one(
    browser: Any, rng: np.random.Generator, tmp_path: Path
) -> None:
    """And more neurons than are shown at first are shown when asked for."""
    members = [alive(list(multilayer_perceptron(784, [hidden], 10)), rng) for hidden in (150, 7)]
    model = Model(Ensemble(members))
    export(model, "both", tmp_path / "digit.html")
    visit = Visit(browser, (tmp_path / "digit.html").as_uri())
    visit.draw(strokes_of(3))
    frame = visit.frame()[None]
    np.testing.assert_allclose(likely(visit), model.probabilities(frame)[0], atol=2e-4)
    visit.page.click("#tab-inside")
    visit.settle()
    assert len(visit.page.query_selector_all(".unit")) == 128
    visit.page.click("text=Show all 150")
    assert len(visit.page.query_selector_all(".unit")) == 150
    assert visit.page.get_attribute(".unit:last-child", "aria-label").startswith("Neuron 150")
    visit.page.select_option("#layers select", "1")
    assert len(visit.page.query_selector_all(".unit")) == 7
    visit.close()


def test_float16_weights_are_read_rightly(
    browser: Any, rng: np.random.Generator, tmp_path: Path
) -> None:
    model = wide(rng)
    model.network.parameters["b2"][3] += 50
    model.network.parameters["W2"][:] *= 1e-4  # among them numbers that float16 has as subnormal
    export(model, "wide", tmp_path / "digit.html")
    visit = Visit(browser, (tmp_path / "digit.html").as_uri())
    visit.draw(strokes_of(5))
    np.testing.assert_allclose(
        likely(visit), model.probabilities(visit.frame()[None])[0], atol=1e-3
    )
    visit.page.click("#tab-inside")
    visit.settle()
    sums = visit.page.eval_on_selector_all(
        ".sums td:nth-child(2)", "all => all.map((each) => each.textContent)"
    )
    ours = model.network.forward(visit.frame().reshape(1, 784).astype(np.float32) / 255)[0]
    logits = [float(text.replace("\u2212", "-")) for text in sums]
    np.testing.assert_allclose(logits, ours, atol=0.03)
    visit.close()
