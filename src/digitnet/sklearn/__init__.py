"""scikit-learn: the network as an estimator, and framing as a transformer (extra `sklearn`).

    from digitnet.sklearn import DigitClassifier, FrameTransformer

The only part of digitnet that knows scikit-learn. The network, its training and the framing are
digitnet's own.
"""

from digitnet.errors import require

require("sklearn")

from digitnet.sklearn.classifier import DigitClassifier as DigitClassifier  # noqa: E402
from digitnet.sklearn.frames import FrameTransformer as FrameTransformer  # noqa: E402

__all__ = ["DigitClassifier", "FrameTransformer"]
