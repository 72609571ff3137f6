"""digitnet: a handwritten-digit recogniser whose neural network is written in NumPy.

Each name is imported when it is first used, so that `import digitnet` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digitnet.data.dataset import Dataset
    from digitnet.data.sources import open_source
    from digitnet.errors import DigitnetError
    from digitnet.evaluation import Evaluation, evaluate
    from digitnet.models.folder import load_model, save_model
    from digitnet.models.model import Model, Prediction
    from digitnet.nn import Network, multilayer_perceptron
    from digitnet.training.checkpoints import begin
    from digitnet.training.loop import fit, train
    from digitnet.training.settings import Settings

_HOMES = {
    "Dataset": "data.dataset",
    "DigitnetError": "errors",
    "Evaluation": "evaluation",
    "Model": "models.model",
    "Network": "nn",
    "Prediction": "models.model",
    "Settings": "training.settings",
    "begin": "training.checkpoints",
    "evaluate": "evaluation",
    "fit": "training.loop",
    "load_model": "models.folder",
    "multilayer_perceptron": "nn",
    "open_source": "data.sources",
    "save_model": "models.folder",
    "train": "training.loop",
}

__all__ = [
    "Dataset",
    "DigitnetError",
    "Evaluation",
    "Model",
    "Network",
    "Prediction",
    "Settings",
    "begin",
    "evaluate",
    "fit",
    "load_model",
    "multilayer_perceptron",
    "open_source",
    "save_model",
    "train",
]


def __getattr__(name: str) -> object:
    """Import the room a public name lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'digitnet' has no attribute {name!r}")
    return getattr(import_module(f"digitnet.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
