"""Frames: a transformer from pictures, or the paths of picture files, to rows of 784 numbers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from digitnet.errors import PictureError
from digitnet.imaging.frame import SIDE
from digitnet.imaging.framing import Frame, frame_picture
from digitnet.imaging.parallel import frame_files
from digitnet.models.inputs import pictures_in


class FrameTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Paths or pictures to rows (N, 784) float32, ink 1.0 on 0, as the network takes them.

    Each picture is framed as `digitnet.predict` does it: its ink found, brought to MNIST's size
    and thickness, and centred. There is nothing to be learnt, so `fit` only says that it fits.

    What it takes: a list, a column of a table or an array of paths; a list of paths, bytes, open
    files, Pillow images and arrays, also mixed; or an array of pictures as `digitnet.predict` takes
    a batch of them, (N, H, W), (N, H, W, 3) or (N, 784). Many files are read by as many processes
    as there are cores, by one in a worker of joblib or Dask.

    Args:
        framing: "mnist", or "stretch" for the original program's.
    """

    def __init__(self, framing: str = "mnist") -> None:
        self.framing = framing

    def fit(self, X: Any, y: Any = None) -> Self:
        """Nothing is learnt."""
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Rows (N, 784) float32 for N pictures, in order.

        Warns:
            UserWarning: pictures in which no single digit was found; their rows hold what there
                was, nothing at all where there was nothing.

        Raises:
            PictureError: one of them cannot be read, or is no picture; a row less would shift all
                behind it.
            SettingsError: an unknown framing.
        """
        items = _items(X)
        rows = np.empty((len(items), SIDE * SIDE), np.float32)
        odd: list[str] = []
        for number, frame in enumerate(self._frames(items)):
            np.multiply(frame.image.reshape(-1), np.float32(1 / 255), out=rows[number])
            if frame.reason is not None:
                named = items[number] if isinstance(items[number], str | Path) else f"no. {number}"
                odd.append(f"{named} ({frame.reason})")
        if odd:
            shown = ", ".join(odd[:5]) + (", ..." if len(odd) > 5 else "")
            warnings.warn(
                f"{len(odd)} of {len(items)} pictures show no single digit: {shown}.", stacklevel=2
            )
        return rows

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """pixel0 to pixel783, row by row."""
        return np.array([f"pixel{i}" for i in range(SIDE * SIDE)], dtype=object)

    def _frames(self, items: list[Any]) -> Iterator[Frame]:
        if items and all(isinstance(item, str | Path) for item in items):
            for frame in frame_files(items, self.framing):
                if isinstance(frame, PictureError):
                    raise frame
                yield frame
            return
        for number, item in enumerate(items):
            pictures, is_batch = pictures_in(item)
            if is_batch:
                raise PictureError(f"Picture {number} is a batch itself: give single ones.")
            yield frame_picture(pictures[0], self.framing)

    def __sklearn_is_fitted__(self) -> bool:
        """Whether it can transform, which it always can."""
        return True

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn is told: no table of numbers comes in, and nothing must be fitted."""
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.no_validation = True
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags


def _items(X: Any) -> list[Any]:
    """Every picture, or its path, in a list of its own."""
    if isinstance(X, str | Path | bytes):
        raise PictureError("One picture alone makes no rows.", "give a list of pictures or paths.")
    if hasattr(X, "to_numpy"):  # a column or a table of pandas, polars or pyarrow
        X = X.to_numpy()
    if isinstance(X, np.ndarray):
        if X.dtype.kind in "OUT":
            if X.ndim == 2 and X.shape[1] == 1:
                X = X[:, 0]
            if X.ndim != 1:
                raise PictureError(
                    f"Paths make one column, not an array of shape {X.shape}.",
                    "choose the column that holds them.",
                )
            return [str(item) if isinstance(item, np.str_) else item for item in X]
        pictures, is_batch = pictures_in(X)
        if not is_batch:
            raise PictureError(
                f"An array of shape {X.shape} is one picture.", "give several, as (N, H, W)."
            )
        return list(pictures)
    return list(X)
