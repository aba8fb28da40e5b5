"""Recording tensors on an Ascend server: what to run there.

``plan`` (TOML) → ``bundle`` (a folder to copy to the server) → there: ``sh record.sh``.
"""

from diag.recording.bundle import Bundle, write
from diag.recording.plan import RecordPlan, load, template

__all__ = ["Bundle", "RecordPlan", "load", "template", "write"]
