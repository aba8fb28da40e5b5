"""Numbers that are error codes: twins of the same value, and composed numbers taken apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_GE_MODULES = ("common", "client", "initialisation", "session", "graph", "engine", "operators", "plug-in", "runtime",
               "executor",
               "generator")
_GE_LEVELS = ("common", "suggestion", "minor", "major", "critical")
_RUNTIME_GROUPS = {
    0x01: "device", 0x02: "driver", 0x03: "stream", 0x04: "model", 0x05: "event", 0x06: "notify", 0x07: "context",
    0x08: "kernel",
    0x09: "program", 0x0A: "module", 0x0B: "instance", 0x0C: "interface", 0x0D: "data dump", 0x0E: "profiling",
    0x10: "task",
    0x11: "common", 0x12: "debug", 0x13: "engine", 0x14: "label", 0x15: "firmware (task scheduler)", 0x16: "subscribe",
    0x17: "group", 0x18: "AI CPU", 0x19: "queue", 0x1D: "snapshot"}
_ACL_FIRST = {1: "the caller or the environment", 2: "resources or support", 3: "the state of the business",
              5: "the device or inside"}
_COMPONENTS = {0: "core", 1: "data pipeline (MD)", 2: "front end (ME)", 3: "compiler (MC)", 0xF: "MindSpore Lite"}


@dataclass(frozen=True, slots=True)
class Number:
    """One value in all the ways it is printed."""

    value: int

    @property
    def signed(self) -> int:
        """As a signed 32-bit number."""
        low = self.value & 0xFFFFFFFF
        return low - (1 << 32) if low >= 1 << 31 and self.value < 1 << 32 else self.value

    @property
    def unsigned(self) -> int:
        """As an unsigned 32-bit number (64-bit where it needs more)."""
        return self.value & (0xFFFFFFFF if -(1 << 31) <= self.value < 1 << 32 else 0xFFFFFFFFFFFFFFFF)

    @property
    def twins(self) -> tuple[str, ...]:
        """Decimal, hexadecimal, signed, each once."""
        return tuple(dict.fromkeys((str(self.unsigned), f"0x{self.unsigned:X}", str(self.signed))))


def parse_number(text: str) -> Number | None:
    """The number that a text is, or None. Hexadecimal with 0x or with letters; ``507011L`` and ``(507011)`` too."""
    text = text.strip().strip("()[],.;:'\"").replace("_", "")
    if re.fullmatch(r"[+-]?\d{1,20}[uUlL]*", text):
        return Number(int(text.rstrip("uUlL")))
    if re.fullmatch(r"-?0[xX][0-9a-fA-F]{1,16}", text):
        return Number(int(text, 16))
    return None


def take_apart(number: Number) -> Mapping[str, str]:
    """Fields of a composed number (graph engine ErrorNo, HCCL errNo, runtime inner code, aclError), or none."""
    value = number.unsigned
    if value == 0xFFFFFFFF:
        return {}
    if value >> 24 in range(0x50, 0x54) or value >> 24 in range(0x90, 0x94):
        return _graph_engine(value)
    if value >> 24 == 0x07:
        group = value >> 16 & 0xFF
        return {"layout": "runtime inner code", "group": _RUNTIME_GROUPS.get(group, f"0x{group:02X}"),
                "value": str(value & 0xFFFF)}
    if value >> 24 == 0x05 and value < 1 << 32:
        return {"layout": "HCCL errNo", "module": str(value >> 16 & 0xFF), "result": str(value & 0xFFFF)}
    if value >= 0xFFFFFC00 and value < 1 << 32:
        return {"layout": "MindSpore Lite status", "component": _COMPONENTS[0xF], "value": str(number.signed)}
    if 100_000 <= value < 600_000 and value // 100_000 in _ACL_FIRST:
        return {"layout": "aclError", "concerns": _ACL_FIRST[value // 100_000], "part": _acl_part(value)}
    return {}


def _graph_engine(value: int) -> Mapping[str, str]:
    module = value >> 12 & 0x1F
    level = value >> 25 & 0x7
    return {"layout": "graph engine ErrorNo", "runs on": {1: "host", 2: "device"}.get(value >> 30, str(value >> 30)),
            "type": {1: "error", 2: "exception"}.get(value >> 28 & 0x3, str(value >> 28 & 0x3)),
            "level": _GE_LEVELS[level] if level < len(_GE_LEVELS) else str(level),
            "system": str(value >> 17 & 0xFF),
            "module": _GE_MODULES[module] if module < len(_GE_MODULES) else str(module),
            "value": str(value & 0xFFF)}


def _acl_part(value: int) -> str:
    rest = value % 100_000 // 1000
    parts = {0: "ACL interface", 7: "runtime", 45: "graph engine", 48: "media (DVPP)", 61: "single operators (aclnn)",
             90: "tuning"}
    return parts.get(rest, "unknown part")


def hccl_result(number: Number) -> int | None:
    """The HcclResult in an HCCL errNo such as 0x0000000005010010, or None."""
    value = number.unsigned
    return value & 0xFFFF if value >> 24 == 0x05 and 0 < value & 0xFFFF < 100 else None
