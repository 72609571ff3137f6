"""Imaging: from a picture to the 28 x 28 frame that the network sees.

Each name is imported when it is first used: opening a picture needs no OpenCV.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what type checkers and editors read; a test holds it to the table below
    from digitnet.imaging.augment import Augmentation as Augmentation
    from digitnet.imaging.augment import augmented as augmented
    from digitnet.imaging.decoders import Decoders as Decoders
    from digitnet.imaging.framing import Frame as Frame
    from digitnet.imaging.framing import frame_picture as frame_picture
    from digitnet.imaging.framing import framing_stages as framing_stages
    from digitnet.imaging.locate import Located as Located
    from digitnet.imaging.parallel import frame_files as frame_files
    from digitnet.imaging.pictures import open_picture as open_picture
    from digitnet.imaging.scan import Scan as Scan
    from digitnet.imaging.scan import ScanPlan as ScanPlan

_HOMES = {
    "Decoders": "decoders",
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

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    """Import the file a public name lives in (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'digitnet.imaging' has no attribute {name!r}")
    return getattr(import_module(f"digitnet.imaging.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
