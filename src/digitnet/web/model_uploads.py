"""Model uploads: a model's folder that a client sends, as a zip or file by file, checked whole."""

from __future__ import annotations

import io
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import NamedTuple

from starlette.datastructures import UploadFile
from starlette.requests import Request

from digitnet.data.dataset import DIGITS
from digitnet.errors import ModelError
from digitnet.files import make_folder, new_folder
from digitnet.models.folder import DESCRIPTION, load_model, model_files
from digitnet.web.errors import Problem, as_field
from digitnet.web.jobs import free_name
from digitnet.web.limits import Limits
from digitnet.web.model_store import ModelStore
from digitnet.web.uploads import is_multipart, parsed

FILES = "files"
"""The field of a form with the files of a folder."""
MOST_ENTRIES = 1000
"""Of a zip; a model has some dozens."""
BEGINNINGS = (DESCRIPTION, "W1.npy")
"""What a model's folder is known by: its description, or the original program's first array."""
NOT_ONE = (
    "That is no model: send the zip of a model's folder, with its model.json and arrays in it, or "
    "the folder's files."
)


class Kept(NamedTuple):
    """A model that was taken in: its name here, and the files of the upload that are not its."""

    name: str
    left_out: list[str]


class ModelUploads:
    """Takes models in: what cannot be loaded is not kept, and what stands there is not replaced.

    Args:
        store: where they come to.
        limits: bytes of one, and how many there may be.
    """

    def __init__(self, store: ModelStore, limits: Limits) -> None:
        self._store, self._limits = store, limits
        self._lock = threading.Lock()

    async def files_of(self, request: Request) -> dict[str, bytes] | bytes:
        """A form's files by their names, or the body, which is to be a zip.

        Raises:
            Problem: 400 malformed, 413 too many files, 422 none.
        """
        if not is_multipart(request):
            return await request.body()
        form = await parsed(request, self._limits)
        try:
            sent = [one for one in form.getlist(FILES) if isinstance(one, UploadFile)]
            if not sent:
                raise Problem(422, f'There is no file in the multipart field "{FILES}".')
            return {(one.filename or "").rpartition("/")[2]: await one.read() for one in sent}
        finally:
            await form.close()

    def keep(self, sent: dict[str, bytes] | bytes, wanted: str) -> Kept:
        """Check what was sent by loading it, and keep it under the name, or the next that is free.

        Raises:
            Problem: 409 there are as many models as are listed, 413 it unpacks to too much, 422 it
                is no model.
            ModelError: it is damaged, or knows other classes than the ten digits.
            OutputError: nothing can be written.
        """
        elsewhere: list[str] = []
        contents = sent if isinstance(sent, dict) else {}
        if isinstance(sent, bytes):
            contents, elsewhere = unpacked(sent, self._limits.body)
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / wanted
            place.mkdir()
            for name, content in contents.items():
                if Path(name).name != name or "\0" in name or len(name.encode()) > 255:
                    raise Problem(422, NOT_ONE)
                (place / name).write_bytes(content)
            if not any((place / name).is_file() for name in BEGINNINGS):
                raise Problem(422, NOT_ONE)
            try:
                model = load_model(place)
            except ModelError as error:
                raise Problem(422, error.worded(as_field).replace(f"{folder}/", "")) from None
            if model.class_names != DIGITS:
                raise Problem(422, f"{wanted} knows other classes than the ten digits.")
            ours = {path.name for path in model_files(place)}
        kept = {name: content for name, content in contents.items() if name in ours}
        return Kept(self._put(kept, wanted), [*sorted(contents.keys() - ours), *elsewhere])

    def _put(self, contents: dict[str, bytes], wanted: str) -> str:
        own = self._store.own
        with self._lock:
            make_folder(own)
            if sum(1 for path in own.iterdir() if path.is_dir()) >= self._limits.own_models:
                most = self._limits.own_models
                raise Problem(409, f"There are {most} models here already: delete one first.")
            name = free_name(wanted, self._store)
            with new_folder(own / name) as built:
                for file, content in contents.items():
                    (built / file).write_bytes(content)
        return name


def unpacked(content: bytes, most: int) -> tuple[dict[str, bytes], list[str]]:
    """The files of a zip that lie where its one model.json does, by their names.

    Returns:
        them, and the paths of the files that lie elsewhere.

    Raises:
        Problem: 413 they are more than `most` bytes, or too many; 422 it is no zip, is damaged, or
            holds no model or several.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [each for each in archive.infolist() if not each.is_dir()]
            if len(entries) > MOST_ENTRIES:
                raise Problem(413, f"There are more than {MOST_ENTRIES:,} files in this zip.")
            inside = _folder_of_model([each.filename for each in entries])
            found: dict[str, bytes] = {}
            elsewhere: list[str] = []
            left = most
            for each in entries:
                folder, _, name = each.filename.rpartition("/")
                if folder != inside:
                    elsewhere.append(each.filename)
                    continue
                with archive.open(each) as file:
                    read = file.read(left + 1)
                left -= len(read)
                if left < 0:
                    raise Problem(413, f"This zip unpacks to more than {most:,} bytes.")
                found[name] = read
            return found, elsewhere
    except Problem:
        raise
    except Exception:  # over damaged bytes zipfile raises a dozen kinds
        raise Problem(422, "That is no zip file, or a damaged one; make it anew.") from None


def _folder_of_model(paths: list[str]) -> str:
    """Where in a zip the model lies.

    Raises:
        Problem: 422, nowhere or in several places.
    """
    for beginning in BEGINNINGS:
        found = {
            folder
            for folder, _, name in (path.rpartition("/") for path in paths)
            if name == beginning and not folder.startswith("__MACOSX")
        }
        if len(found) > 1:
            raise Problem(422, "There are several models in this zip: send them one by one.")
        if found:
            return found.pop()
    raise Problem(422, NOT_ONE)
