"""One logical record of a log, whatever program wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How loud a record is. NONE: the text carries no level (block of error messages, traceback, free text)."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    EVENT = "EVENT"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"
    NONE = ""

    @property
    def loud(self) -> bool:
        """ERROR and worse."""
        return self in (Level.ERROR, Level.CRITICAL)


class Kind(StrEnum):
    """What sort of text a line is."""

    HEADER = "header"  # CANN, MindSpore C++ and Python, MindSpore Lite
    LITERT = "litert"  # MindSpore Lite's light runtime
    FOREIGN = "foreign"  # glog, Python logging, onnxruntime, loguru
    BLOCK = "block"  # head of a CANN error message
    BLOCK_LINE = "block-line"  # what belongs to it: solution, trace
    TRACEBACK = "traceback"
    EXCEPTION = "exception"  # last line of a traceback
    OUTCOME = "outcome"  # converter or tool result
    TORCH = "torch"
    REPORT = "report"  # ATC check report, unsupported-operator list
    RULE = "rule"  # lines of dashes, titles
    CONTINUATION = "continuation"
    BLANK = "blank"
    CRASH = "crash"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Record:
    """A record and where it stands.

    Attributes:
        file: name of the source, as the user would say it (``archive.zip:plog-12.log``).
        line: number of its first physical line, from 1.
        text: the line as printed; of a line that holds several (JSON-escaped, flattened), the one meant.
        body: text without wrappers and header fields, but with the function name.
        time_us: microseconds since 1970 in the writer's local clock; None where there is none.
        module: CANN or MindSpore module; "" where there is none.
        source: ``file.cc:123`` of the writing program, "" where there is none.
        stream: the wrapper's label (rank, Ray actor, container), "" where there is none.
        code: CANN code that heads a block (``E20001``), else "".
    """

    file: str
    line: int
    text: str
    body: str
    kind: Kind
    level: Level = Level.NONE
    time_us: int | None = None
    module: str = ""
    pid: int | None = None
    tid: str = ""
    process: str = ""
    source: str = ""
    stream: str = ""
    code: str = ""
