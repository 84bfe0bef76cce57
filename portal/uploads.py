"""Which files may be sent? None: no form of ours takes any."""

from typing import Any, NoReturn

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.uploadhandler import FileUploadHandler


class NoFiles(FileUploadHandler):
    """Refuses the request at its first file; Django would write it to the disk, however long."""

    def new_file(self, *args: Any, **options: Any) -> NoReturn:
        raise SuspiciousFileOperation("no form takes a file")
