"""One archive of a recording, without the model where it is not wanted: opens anywhere after it is unpacked."""

from __future__ import annotations

import tarfile
from pathlib import Path

from diag.errors import UsageError
from diag.recording.check import Checked


def pack(found: Checked, archive: Path, *, with_model: bool = False) -> int:
    """Write ``archive`` (.tar.gz); returns its size in bytes. Raises UsageError where it cannot be written."""
    model = Path(str(found.facts["model_file"]))
    left_out = set() if with_model else {model.name, f"{model.stem}_variables"}
    temporary = archive.with_name(f".{archive.name}.tmp")
    try:
        with tarfile.open(temporary, "w:gz", compresslevel=3) as out:
            for entry in sorted(found.path.iterdir()):
                if entry.name not in left_out and entry.absolute() not in (archive.absolute(), temporary.absolute()):
                    out.add(entry, f"{found.path.name}/{entry.name}", filter=_ours)
        temporary.replace(archive)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"The archive cannot be written: {error.strerror}", where=f"in {archive}",
                         hint="Give another file with --pack") from error
    return archive.stat().st_size


def _ours(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Plain files and folders only; nobody's name or number."""
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info if info.isfile() or info.isdir() else None
