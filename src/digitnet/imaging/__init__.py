"""Imaging: from a picture to the 28 x 28 frame the network sees.

Each name is imported when it is first used: opening a picture needs no OpenCV.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digitnet.imaging.augment import Augmentation, augmented
    from digitnet.imaging.framing import Frame, frame_picture, framing_stages
    from digitnet.imaging.locate import Located
    from digitnet.imaging.parallel import frame_files
    from digitnet.imaging.pictures import open_picture
    from digitnet.imaging.scan import Scan, ScanPlan

_HOMES = {
    "Frame": "framing",
    "Located": "locate",
    "Scan": "scan",
    "ScanPlan": "scan",
    "Augmentation": "augment",
    "frame_files": "parallel",
    "frame_picture": "framing",
    "framing_stages": "framing",
    "open_picture": "pictures",
    "augmented": "augment",
}

__all__ = [
    "Augmentation",
    "Frame",
    "Located",
    "Scan",
    "ScanPlan",
    "augmented",
    "frame_files",
    "frame_picture",
    "framing_stages",
    "open_picture",
]


def __getattr__(name: str) -> object:
    """Import the file a public name lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'digitnet.imaging' has no attribute {name!r}")
    return getattr(import_module(f"digitnet.imaging.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
