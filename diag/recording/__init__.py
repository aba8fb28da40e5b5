"""Recording tensors on an Ascend server: what to run there, and whether what came back is whole.

``plan`` (TOML) → ``bundle`` (a folder to copy to the server) → there: ``sh record.sh`` → ``check`` (what came back) →
``pack`` (one archive that opens anywhere).
"""

from diag.recording.bundle import Bundle, write
from diag.recording.check import Checked, Dumped, check
from diag.recording.pack import pack
from diag.recording.plan import RecordPlan, load, template

__all__ = ["Bundle", "Checked", "Dumped", "RecordPlan", "check", "load", "pack", "template", "write"]
