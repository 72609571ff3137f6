"""The config: one place for a setting's words, limits and default, and five that are made of it."""

from __future__ import annotations

import argparse
import json
from dataclasses import FrozenInstanceError, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from digitnet.cli.training_options import add_arguments
from digitnet.data.dataset import Dataset
from digitnet.errors import SettingsError
from digitnet.imaging.augment import AUGMENTATIONS
from digitnet.nn import (
    SGD,
    Adam,
    AveragePool2D,
    BatchNorm,
    Constant,
    Conv2D,
    Cosine,
    Dense,
    Deskew,
    Distillation,
    Dropout,
    Layer,
    Linear,
    MaxPool2D,
    Momentum,
    Network,
    OneCycle,
    ReLU,
    Sigmoid,
    Tanh,
    ToImages,
    ToRows,
    in_words,
)
from digitnet.nn.quantization import QuantizedDense, QuantizedReLU
from digitnet.training.config import (
    GROUPS,
    OPTIMIZERS,
    REGULARISATION,
    SCHEDULES,
    Settings,
    Teacher,
    TrainingConfig,
    settings_of,
    settings_on_page,
)
from digitnet.training.recipes import read_recipe, recipe_names
from digitnet.training.setting import OnPage, Range, setting
from digitnet.web.schemas import training_form, training_request


@dataclass(frozen=True)
class Wider(TrainingConfig):
    """A config with a setting that nobody else knows."""

    warmth: float = setting(
        0.25, REGULARISATION, "how warm it is", limits=Range(0, below_high=True, high=3),
        example="0.5", words="warmth of the room", on_page=OnPage("Not too warm.", 2, default=0.75),
    )  # fmt: skip


def parser_of(config: type[TrainingConfig]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    add_arguments(parser, config)
    return parser


def test_a_setting_that_is_added_in_one_place_is_known_everywhere(tmp_path: Path) -> None:
    # In the command line and its help.
    assert vars(parser_of(Wider).parse_args(["--warmth", "1.5"]))["warmth"] == 1.5
    assert "warmth" not in vars(parser_of(Wider).parse_args([]))
    told = " ".join(parser_of(Wider).format_help().split())
    assert "--warmth X how warm it is (from 0 to below 3; default: 0.25)" in told
    # In a recipe.
    path = tmp_path / "warm.toml"
    path.write_text("warmth = 2\n")
    assert read_recipe(str(path), Wider) == {"warmth": 2}
    with pytest.raises(SettingsError, match=r"sets warmth, which is no setting"):
        read_recipe(str(path))
    path.write_text("warmth = 3\n")
    with pytest.raises(SettingsError, match=r"warm\.toml: The warmth of the room must be"):
        read_recipe(str(path), Wider)
    # In the check, and in what a model keeps.
    said = "The warmth of the room must be a number from 0 to below 3, not -1; try 0.5."
    with pytest.raises(SettingsError) as raised:
        Wider(warmth=-1)
    assert str(raised.value) == said
    assert Wider(warmth=2).as_dict()["warmth"] == 2.0
    # In the server's schema, whose limit is the page's.
    request = training_request(Wider)
    assert request(warmth=1.5).given() == {"warmth": 1.5}
    described = request.model_json_schema()["properties"]["warmth"]
    assert (described["default"], described["description"]) == (0.75, "how warm it is")
    assert described["anyOf"][0] == {"type": "number", "minimum": 0, "maximum": 2}
    with pytest.raises(ValidationError):
        request(warmth=2.5)
    # In the form.
    (shown,) = [each for each in training_form(Wider).fields if each.name == "warmth"]
    assert (shown.label, shown.hint, shown.kind) == (
        "Warmth of the room",
        "Not too warm.",
        "number",
    )
    assert (shown.default, shown.low, shown.high, shown.below_high) == (0.75, 0, 2, False)
    assert shown.wrong == "A number from 0 to 2, such as 0.5."


def test_every_default_as_a_number() -> None:
    assert TrainingConfig().as_dict() == {
        "source": "synthetic", "framing": "mnist", "labels": "auto", "per_class": None,
        "hidden": [64], "activation": "sigmoid", "pool": 1, "deskew": False, "conv": "",
        "batch_norm": False, "bits": "float", "input_dropout": 0.1, "dropout": 0.0,
        "epochs": 100, "batch_size": 32,
        "learning_rate": None, "optimizer": "sgd", "weight_decay": 0.0, "schedule": "cosine",
        "label_smoothing": 0.0, "ema_decay": 0.0, "teacher": None, "temperature": 2.0,
        "teacher_share": 0.9, "patience": None, "class_weights": None, "augment": "none",
        "validation": 0.1, "start": None, "mix": None, "mix_share": 0.5, "seed": 0,
    }  # fmt: skip
    assert Settings() == TrainingConfig().settings() == Settings(
        epochs=100, batch_size=32, learning_rate=1.0, optimizer=SGD(0.0), schedule=Cosine(),
        label_smoothing=0.0, ema_decay=0.0, teacher=None, patience=None, class_weights=None,
        augmentation=None,
    )  # fmt: skip


def test_what_an_optimiser_s_name_stands_for() -> None:
    made = {
        "sgd": (SGD(0.01), 1.0),
        "momentum": (Momentum(0.9, weight_decay=0.01), 0.1),
        "nesterov": (Momentum(0.9, nesterov=True, weight_decay=0.01), 0.1),
        "adam": (Adam(weight_decay=0.01), 0.002),
    }
    assert list(OPTIMIZERS) == list(made)
    for name, (optimizer, rate) in made.items():
        settings = TrainingConfig(optimizer=name, weight_decay=0.01).settings()
        assert (settings.optimizer, settings.learning_rate) == (optimizer, rate)
        given = TrainingConfig(optimizer=name, learning_rate=0.3)
        assert given.settings().learning_rate == given.rate == 0.3


def test_what_the_other_names_stand_for() -> None:
    assert {
        "constant": Constant(), "cosine": Cosine(), "linear": Linear(), "one-cycle": OneCycle(),
    } == SCHEDULES  # fmt: skip
    for name, schedule in SCHEDULES.items():
        assert TrainingConfig(schedule=name).settings().schedule == schedule
    for name, named in AUGMENTATIONS.items():
        assert TrainingConfig(augment=name).settings().augmentation == named.augmentation
    settings = TrainingConfig(
        patience=7, ema_decay=0.9, label_smoothing=0.2, batch_size=None, class_weights="balanced"
    ).settings()
    assert (settings.patience, settings.ema_decay, settings.label_smoothing) == (7, 0.9, 0.2)
    assert (settings.batch_size, settings.class_weights) == (None, "balanced")
    network = Network(TrainingConfig().layers(784, 10))
    taught = TrainingConfig(temperature=3.0, teacher_share=0.4).settings(network).teacher
    assert taught is not None
    assert (taught.network, taught.loss) == (network, Distillation(temperature=3.0, share=0.4))
    usual = TrainingConfig().settings(network).teacher
    assert usual is not None
    assert usual.loss == Distillation(temperature=2.0, share=0.9)


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("per_class", [1, None], [0, 2.5]),
        ("hidden", [(1,), [64, 32]], [(0,), (), (64, 0), (8.5,), "64", 64, (True,)]),
        ("activation", ["sigmoid", "tanh", "relu"], ["softplus", None]),
        ("framing", ["mnist", "stretch"], ["crop"]),
        ("labels", ["auto", "folders", "first", "last"], ["middle"]),
        ("pool", [1, 2, 4, 7], [0, 3, 28]),
        ("deskew", [True, False], [1, "yes"]),
        ("conv", ["16C5-MP2", ""], ["16C5-XP2", "16C5-MP2-8C5-MP2-8C5", "0C5", "GAP-8C3", (16,)]),
        ("batch_norm", [False], [True]),
        ("bits", ["float"], ["5", "4", 4]),  # the default sigmoid has no place in whole numbers
        ("input_dropout", [0, 0.999], [-0.1, 1]),
        ("dropout", [0, 0.999], [-0.1, 1, "0.1"]),
        ("epochs", [1, np.int64(5)], [0, 2.5, True, None, "5"]),
        ("batch_size", [1, None], [0, -3]),
        ("learning_rate", [1e-9, 5, None], [0, -1, float("nan"), float("inf")]),
        ("optimizer", ["sgd", "momentum", "nesterov", "adam"], ["adagrad"]),
        ("weight_decay", [0, 0.999], [-0.1, 1.0]),  # below 1 / learning rate, which is 1
        ("schedule", ["constant", "cosine", "linear", "one-cycle"], ["steps"]),
        ("label_smoothing", [0, 0.999], [-0.1, 1]),
        ("ema_decay", [0, 0.999], [-0.1, 1]),
        ("temperature", [0.01, 99.9], [0, 100]),
        ("teacher_share", [0, 1], [-0.1, 1.1]),
        ("patience", [1, None], [0]),
        ("class_weights", ["balanced", None], ["heavy"]),
        ("augment", ["none", "affine", "elastic", "ink", "wide", "wide-elastic"], ["mirror"]),
        ("validation", [0, 0.999], [-0.1, 1]),
        ("mix_share", [0.001, 0.999], [0, 1]),
        ("seed", [0], [-1, 0.5]),
    ],
)
def test_both_ends_of_every_setting(field: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        kept = getattr(TrainingConfig(**{field: value}), field)
        assert kept == (tuple(value) if isinstance(value, list) else value)
        assert json.dumps(kept)
    for value in bad:
        with pytest.raises(SettingsError):
            TrainingConfig(**{field: value})
    assert settings_of()[field].group in GROUPS


@pytest.mark.parametrize("bits", ["ternary", "2", "3", "4", "8"])
def test_bits_make_quantised_layers(bits: str) -> None:
    config = TrainingConfig(bits=bits, activation="relu", hidden=(5,))
    first, middle, last = config.layers(784, 10)[1:]
    assert (first, last) == (
        QuantizedDense(784, 5, bits),
        QuantizedDense(5, 10, bits, shared=True),
    )
    assert middle == QuantizedReLU()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0),
        ("epochs", 2.5),
        ("batch_size", 0),
        ("batch_size", -3),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("learning_rate", -1.0),
        ("label_smoothing", 1.0),
        ("patience", 0),
        ("class_weights", "heavy"),
    ],
)
def test_what_the_loop_is_given_in_python_is_checked_too(field: str, value: object) -> None:
    with pytest.raises(SettingsError):
        Settings(**{field: value})


def test_every_number_and_choice_has_its_ends_tested() -> None:
    tested = {case[0] for case in test_both_ends_of_every_setting.pytestmark[0].args[1]}
    for name, each in settings_of().items():
        assert name in tested or not (each.limits or each.choices or each.kind is bool), name


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"hidden": ()}, "needs hidden neurons; try `hidden` with one number or more, such as 64."),
        ({"batch_norm": True}, 'and there are none; try conv="16C5-MP2-32C5-MP2", or leave out'),
        ({"conv": "4C5", "pool": 2}, "choose one of `conv` and `pool`."),
        ({"weight_decay": 10.0, "learning_rate": 0.1}, "below 1 / learning rate, which is 10, not"),
        ({"optimizer": "magic"}, "must be one of sgd, momentum, nesterov, adam, not magic."),
    ],
)
def test_what_does_not_go_together_is_said_with_what_to_do(
    given: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        TrainingConfig(**given)
    assert said in str(raised.value)


def test_the_page_has_these_fields_with_the_server_s_own_limits() -> None:
    form = {each.name: each for each in training_form().fields}
    assert {name: each.default for name, each in form.items()} == {
        "hidden": [64], "activation": "sigmoid", "conv": "", "epochs": 20, "batch_size": 32,
        "learning_rate": None, "optimizer": "sgd", "augment": "none", "name": "my-model",
    }  # fmt: skip
    assert {name: (each.low, each.high) for name, each in form.items() if each.high} == {
        "hidden": (1, 1024), "epochs": (1, 1000), "batch_size": (1, 10_000),
        "learning_rate": (0, 1000),
    }  # fmt: skip
    assert (form["hidden"].most, form["learning_rate"].above_low) == (4, True)
    assert form["hidden"].wrong == "1 to 4 whole numbers from 1 to 1024, such as 64 or 128,64."
    assert form["activation"].choices == ["sigmoid", "tanh", "relu"]
    assert [name for name, each in form.items() if each.optional] == ["learning_rate"]
    for each in form.values():
        assert len(each.choice_words) == len(each.choices) == len(set(each.choice_words))
    for name in ("activation", "conv", "optimizer", "augment"):
        for choice in form[name].choices:
            assert getattr(TrainingConfig(**{name: choice}), name) == choice
            assert training_request()(**{name: choice}).given() == {name: choice}
        with pytest.raises(ValidationError):
            training_request()(**{name: "99C5"})
    assert set(form["optimizer"].choices) == set(OPTIMIZERS)
    assert set(form["augment"].choices) == set(AUGMENTATIONS)
    request = training_request()
    for name in ("hidden", "epochs", "batch_size", "learning_rate"):
        most = form[name].high
        assert most is not None
        for value, fits in ((most, True), (most + 1, False), (0, False)):
            sent = [int(value)] if name == "hidden" else value
            if fits:
                assert request(**{name: sent}).given() == {name: sent}
            else:
                with pytest.raises(ValidationError):
                    request(**{name: sent})
    with pytest.raises(ValidationError):
        request(hidden=[8] * 5)
    assert request().given() == request(epochs=None).given() == {}
    for each in settings_on_page():
        assert each.on_page is not None
        assert each.on_page.hint.endswith(".")


def test_the_command_line_has_every_setting_and_says_its_default() -> None:
    told = parser_of(TrainingConfig).format_help()
    for each in fields(TrainingConfig):
        option = {"source": "SOURCE", "start": "--from"}.get(
            each.name, f"--{each.name.replace('_', '-')}"
        )
        assert option in told
    words = " ".join(told.split())
    assert "passes over the training images (from 1; default: 100)" in words
    assert "optimiser's own: sgd 1, momentum 0.1, nesterov 0.1, adam 0.002 (above 0)" in words
    assert "elastic (that, and bent)" in words
    parsed = vars(parser_of(TrainingConfig).parse_args(["--batch-size", "full", "--hidden", "9,8"]))
    assert (parsed["batch_size"], parsed["hidden"]) == (None, (9, 8))
    assert vars(parser_of(TrainingConfig).parse_args(["--hidden", "none"]))["hidden"] == ()


def test_a_config_survives_json() -> None:
    config = TrainingConfig(
        hidden=(256, 64), batch_size=None, patience=5, conv="4C5-MP2", augment="ink", ema_decay=0.9
    )
    assert TrainingConfig(**json.loads(json.dumps(config.as_dict()))) == config


def test_a_config_says_its_network_in_a_word_and_builds_it() -> None:
    configs = {
        "784-64-10": TrainingConfig(),
        "784-4C5-MP2-6C5-MP2-32-10": TrainingConfig(conv="4C5-MP2-6C5-MP2", hidden=(32,)),
        "784-5C3S2P1-GAP-10": TrainingConfig(conv="5C3S2P1-GAP", hidden=(), batch_norm=True),
        "784-AP2-48-24-10": TrainingConfig(pool=2, hidden=(48, 24)),
        "784-AP2-deskewed-48-10": TrainingConfig(pool=2, deskew=True, hidden=(48,)),
    }
    for words, config in configs.items():
        network = Network(config.layers(784, 10))
        assert in_words(network) == words
        assert network.forward(np.zeros((2, 784), np.float32)).shape == (2, 10)


@pytest.mark.parametrize("text", ["16C5-", "C5", "16C5M2", "8C3-GAP-MP2", "MP3", "4C30"])
def test_a_notation_that_makes_no_sense_is_one_sentence(text: str) -> None:
    with pytest.raises(SettingsError, match=r"no layer|does not fit"):
        TrainingConfig(conv=text)


MLP = [Dense(784, 6), Sigmoid(), Dense(6, 10)]


@pytest.mark.parametrize(
    ("given", "layers"),
    [
        ({}, MLP),
        ({"input_dropout": 0.2}, [Dropout(0.2), *MLP]),
        (
            {"dropout": 0.3, "hidden": (6, 5)},
            [
                Dense(784, 6), Sigmoid(), Dropout(0.3), Dense(6, 5), Sigmoid(), Dropout(0.3),
                Dense(5, 10),
            ],
        ),
        ({"deskew": True, "input_dropout": 0.2}, [Deskew(28, 28), Dropout(0.2), *MLP]),
        (
            {"pool": 2, "activation": "relu"},
            [ToImages(28, 28), AveragePool2D(2), ToRows(), Dense(196, 6), ReLU(), Dense(6, 10)],
        ),
        (
            {"pool": 7, "deskew": True, "input_dropout": 0.2, "activation": "tanh"},
            [
                ToImages(28, 28), AveragePool2D(7), ToRows(), Deskew(4, 4), Dropout(0.2),
                Dense(16, 6), Tanh(), Dense(6, 10),
            ],
        ),
        (
            {"conv": "2C5-MP4", "hidden": (), "activation": "tanh"},
            [ToImages(28, 28), Conv2D(1, 2, 5), MaxPool2D(4), Tanh(), ToRows(), Dense(72, 10)],
        ),
        (
            {"conv": "2C5-MP4", "dropout": 0.3, "batch_norm": True, "input_dropout": 0.2},
            [
                Dropout(0.2), ToImages(28, 28), Conv2D(1, 2, 5), BatchNorm(2), MaxPool2D(4),
                Sigmoid(), ToRows(), Dropout(0.3), Dense(72, 6), Sigmoid(), Dropout(0.3),
                Dense(6, 10),
            ],
        ),
    ],
)  # fmt: skip
def test_the_layers_that_a_config_describes(given: dict[str, Any], layers: list[Layer]) -> None:
    config = TrainingConfig(**{"hidden": (6,), "input_dropout": 0.0, **given})
    assert config.layers(784, 10) == layers
    assert config.layers(784, 3)[:-1] == layers[:-1]


def test_a_class_without_images_has_the_weight_of_one_with_a_single_one() -> None:
    """Counts 4, 2, 0 and 1, so 3 classes that are there: 7 / (3 * 4), 7 / (3 * 2), 7 / 3 twice."""
    labels = np.array([0, 0, 0, 0, 1, 1, 3])
    data = Dataset(np.zeros((7, 28, 28), np.uint8), labels, ("a", "b", "c", "d"))
    weights = Settings(class_weights="balanced").weights_of_classes(data)
    assert weights is not None
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, [7 / 12, 7 / 6, 7 / 3, 7 / 3], rtol=1e-6)
    with pytest.raises(SettingsError, match=r"one number above 0 for each of the 4 classes\."):
        Settings(class_weights=(1.0, 1.0, 1.0, float("inf"))).weights_of_classes(data)
    tiny = Settings(class_weights=(1e-9, 1e-9, 1e-9, 1e-9)).weights_of_classes(data)
    np.testing.assert_allclose(tiny, [1, 1, 1, 1], rtol=1e-6)


def test_what_is_decided_stays_decided() -> None:
    for made in (TrainingConfig(), Settings()):
        with pytest.raises(FrozenInstanceError):
            made.epochs = 3  # type: ignore[misc]
    assert TrainingConfig() == TrainingConfig(epochs=100) != TrainingConfig(epochs=99)


@pytest.mark.parametrize(
    ("name", "kept", "refused"),
    [
        ("epochs", [1, np.int64(3)], [0, 2.5, None]),
        ("batch_size", [1, None], [0, 0.5]),
        ("learning_rate", [1e-9, 3, np.float32(0.5)], [0, -1, None, float("inf"), "0.1"]),
        ("label_smoothing", [0, 0.99], [-0.01, 1]),
        ("ema_decay", [0, 0.99], [-0.01, 1]),
        ("patience", [1, None], [0, 1.5]),
        ("class_weights", ["balanced", None, (0.5, 2.0)], ["heavy", ""]),
    ],
)
def test_the_loop_s_settings_have_the_config_s_limits(
    name: str, kept: list[Any], refused: list[Any]
) -> None:
    for value in kept:
        found = getattr(Settings(**{name: value}), name)
        assert found == value
        assert type(found) in (int, float, str, tuple, type(None))
    for value in refused:
        with pytest.raises(SettingsError):
            Settings(**{name: value})


@pytest.mark.parametrize(
    ("decay", "rate", "fits"),
    [(9.99, 0.1, True), (10.0, 0.1, False), (0.5, 2.0, False), (0.49, 2.0, True), (0, 1e9, True)],
)
def test_the_weight_decay_never_turns_the_weights_round(
    decay: float, rate: float, fits: bool
) -> None:
    if fits:
        assert TrainingConfig(weight_decay=decay, learning_rate=rate).weight_decay == decay
        return
    with pytest.raises(SettingsError) as raised:
        TrainingConfig(weight_decay=decay, learning_rate=rate)
    assert str(raised.value) == (
        f"The weight decay must be below 1 / learning rate, which is {1 / rate:g}, not {decay:g}; "
        "try 0.0005."
    )


def test_a_teacher_is_taken_with_the_config_s_softness() -> None:
    network = Network(MLP)
    taught = TrainingConfig(temperature=4, teacher_share=0.25).settings(network).teacher
    assert taught == Teacher(network, Distillation(4.0, 0.25))


def test_a_recipe_is_found_by_name_or_path_and_what_it_says_is_returned(tmp_path: Path) -> None:
    assert {"cnn", "mlp"} < set(recipe_names())
    assert recipe_names() == sorted(recipe_names())
    assert read_recipe("mlp")["hidden"]
    path = tmp_path / "own.toml"
    path.write_text("epochs = 3\nhidden = [5, 4]\nlearning_rate = 1\n")
    assert read_recipe(str(path)) == {"epochs": 3, "hidden": [5, 4], "learning_rate": 1}
    path.write_text("zeal = 1\ncolour = 2\n")
    with pytest.raises(SettingsError) as raised:
        read_recipe(str(path))
    said = str(raised.value)
    assert said.startswith(f"The recipe {path} sets colour, which is no setting; known are source")
    for gone in ("nothing", str(tmp_path / "gone.toml")):
        with pytest.raises(SettingsError) as raised:
            read_recipe(gone)
        assert str(raised.value) == (
            f"There is no recipe {gone}; take one of {', '.join(recipe_names())}, "
            "or the path of a .toml file."
        )
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_recipe(str(path))


def test_settings_stand_in_the_order_of_the_fields() -> None:
    assert list(settings_of()) == [each.name for each in fields(TrainingConfig)]
    assert [each.name for each in settings_on_page()] == [
        "hidden", "activation", "conv", "epochs", "batch_size", "learning_rate", "optimizer",
        "augment",
    ]  # fmt: skip
    words = {name: each.words for name, each in settings_of().items()}
    assert (words["batch_size"], words["ema_decay"]) == ("batch size", "decay of averaged weights")
    optional = {name for name, each in settings_of().items() if each.optional}
    assert optional == {
        "per_class", "batch_size", "learning_rate", "teacher", "patience", "class_weights",
        "start", "mix",
    }  # fmt: skip
