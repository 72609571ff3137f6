"""digitnet: a handwritten-digit recogniser whose neural network is written in NumPy.

    digitnet.predict("digit.png")           # Prediction(7, 99.8 %)
    digitnet.read("page.png").lines         # ('38 20', '506')
    model = digitnet.load_model("cnn")      # once, to answer often: model.predict("digit.png")

Each name is imported when it is first used, so that `import digitnet` costs next to nothing.
"""

TYPE_CHECKING = False  # not from typing: until that is imported, Ctrl-C would be a traceback
if TYPE_CHECKING:  # what type checkers and editors read; a test holds it to the table below
    from pathlib import Path
    from typing import Any, overload

    from numpy.typing import NDArray

    from digitnet.data.dataset import Dataset as Dataset
    from digitnet.data.synthetic import synthesize as synthesize
    from digitnet.errors import DigitnetError as DigitnetError
    from digitnet.evaluation import Evaluation as Evaluation
    from digitnet.evaluation import evaluate as evaluate
    from digitnet.models.calibration import Calibration as Calibration
    from digitnet.models.find import find_model as find_model
    from digitnet.models.folder import load_model as load_model
    from digitnet.models.folder import save_model as save_model
    from digitnet.models.inputs import Batch, OnePicture
    from digitnet.models.model import Model as Model
    from digitnet.models.model import Prediction as Prediction
    from digitnet.models.plausibility import open_source as open_source
    from digitnet.nn import Network as Network
    from digitnet.nn import multilayer_perceptron as multilayer_perceptron
    from digitnet.reading.form import FormReading as FormReading
    from digitnet.reading.page import read_page as read_page
    from digitnet.reading.reading import Reading as Reading
    from digitnet.reading.template import Template as Template
    from digitnet.training.checkpoints import begin as begin
    from digitnet.training.config import Settings as Settings
    from digitnet.training.events import EpochDone as EpochDone
    from digitnet.training.events import Finished as Finished
    from digitnet.training.events import History as History
    from digitnet.training.events import StepDone as StepDone
    from digitnet.training.loop import fit as fit
    from digitnet.training.loop import train as train

    __version__: str
    AnyModel = Model | str | Path | None
    Risk = float | str | None

_NAMES = {
    "data.dataset": "Dataset",
    "data.synthetic": "synthesize",
    "errors": "DigitnetError",
    "evaluation": "Evaluation evaluate",
    "models.calibration": "Calibration",
    "models.find": "find_model",
    "models.folder": "load_model save_model",
    "models.model": "Model Prediction",
    "models.plausibility": "open_source",
    "nn": "Network multilayer_perceptron",
    "reading.form": "FormReading",
    "reading.page": "read_page",
    "reading.reading": "Reading",
    "reading.template": "Template",
    "training.checkpoints": "begin",
    "training.events": "EpochDone Finished History StepDone",
    "training.loop": "fit train",
    "training.config": "Settings",
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names.split()}

__all__ = sorted([*_HOMES, "__version__", "predict", "read", "read_form"])


if TYPE_CHECKING:

    @overload
    def predict(
        picture: OnePicture, model: AnyModel = None, *, risk: Risk = None
    ) -> Prediction: ...
    @overload
    def predict(
        picture: Batch, model: AnyModel = None, *, risk: Risk = None
    ) -> list[Prediction]: ...
    @overload
    def predict(picture: NDArray[Any], model: AnyModel = None, *, risk: Risk = None) -> Any: ...


def predict(
    picture: "OnePicture | Batch | NDArray[Any]",
    model: "AnyModel" = None,
    *,
    risk: "Risk" = None,
) -> "Prediction | list[Prediction]":
    """Say which digit a picture shows; a list of answers for a batch of pictures.

    Args:
        picture: a path, bytes, an open file, a Pillow image, an array or 784 numbers; or a batch
            (`Model.predict` has the shapes).
        model: a model, or the name of one (`load_model`). Reading it takes longer than an answer:
            to ask often, load it once.
        risk: which share of the answers may be wrong, 0.005 or "0.5%"; 0 answers always, None
            takes the model's own (`Model.at_risk`).

    Returns:
        A Prediction, or a list of them for a batch.

    Raises:
        DigitnetError: there is no such model, or no such picture.
    """
    return _as_model(model).predict(picture, risk)


def read(
    picture: "OnePicture | NDArray[Any]", model: "AnyModel" = None, *, risk: "Risk" = None
) -> "Reading":
    """Read the digits on a page, line by line.

    Args:
        picture: a path, bytes, an open file, a Pillow image or an array.
        model: as for `predict`; it must have been trained with the framing "mnist".
        risk: which share of the characters given, and of the lines, may be wrong: what misses it
            has `sure` false, and a line a doubt.

    Returns:
        A Reading: its `lines`, its `digits` with their boxes in pixels, or the `reason` why there
        are none.

    Raises:
        DigitnetError: there is no such model or picture, or the model cannot read pages.
    """
    from digitnet.models.lines import line_model_beside
    from digitnet.reading.page import read_page

    reader = _as_model(model)
    return read_page(reader, picture, line_model_beside(reader.class_names), risk=risk)


def read_form(
    picture: "OnePicture | NDArray[Any]",
    template: "Template | str | Path",
    model: "AnyModel" = None,
) -> "FormReading":
    """Read the fields of a form that was scanned or photographed.

    Args:
        picture: a path, bytes, an open file, a Pillow image or an array.
        template: what the form asks for, or the path of its TOML (`Template.load`). Reading it
            takes as long as a form: for many, load it once.
        model: as for `read`.

    Returns:
        A FormReading: its `fields`, each with its `value`, `confidence` and `status`, also by
        name, `reading["amount"]`; and those `to_look_at`.

    Raises:
        DigitnetError: there is no such model, template or picture, or the picture does not show
            the form.
    """
    from digitnet.errors import ModelError
    from digitnet.models.lines import line_model_beside
    from digitnet.reading.form import read_form
    from digitnet.reading.template import Template

    reader = _as_model(model)
    line_model = line_model_beside(reader.class_names)
    if line_model is None:
        raise ModelError("A form is read with a model of the ten digits, and this has others.")
    form = template if isinstance(template, Template) else Template.load(template)
    return read_form(reader, line_model, picture, form)


def _as_model(model: "AnyModel") -> "Model":
    from digitnet.models.folder import load_model
    from digitnet.models.model import Model

    return model if isinstance(model, Model) else load_model(model)


def __getattr__(name: str) -> object:
    """Import the module that a public name lives in (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        return version("digitnet")
    if name not in _HOMES:
        raise AttributeError(f"module 'digitnet' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"digitnet.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
