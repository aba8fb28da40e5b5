"""How fast logs are read, as ratios against ``wc -l`` on the same warm file.

Seconds are those that the processor worked (ours and the kernel's): a busy machine does not change them much. The
wall clock stands beside them.

python tests/benchmarks/bench_logs.py [MEGABYTES]
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from diag.cancel import Cancel
from diag.logs import triage
from diag.logs.columns import read_columns
from diag.logs.levels import index_lines
from diag.logs.lines import pieces
from diag.logs.record import Level
from diag.logs.select import Filter, select
from diag.logs.sources import file_source

MODULES = ("GE", "FE", "TBE", "RUNTIME", "ASCENDCL", "HCCL", "DRV", "TEFUSION", "IDEDD")
QUIET = "Malloc memory success, size={0}, node /down_blocks.1/attentions.0/to_q/MatMul, shape:[2,77,320]"
LOUD = "ErrorNo: 1343225857(Parameter is invalid) [COMP][PRE_OPT]op {0} failed, ret={0}"
LIMITS = {"errors": 6, "index": 10, "columns": 20}


def write_log(path: Path, megabytes: int) -> None:
    """A plog of that size: 90 % INFO, 1 % ERROR, times that advance, three processes."""
    chance = random.Random(7)
    tails = []
    for _ in range(20_000):
        level = chance.choices(("INFO", "DEBUG", "WARNING", "EVENT", "ERROR"), (90, 3, 4, 2, 1))[0]
        text = (LOUD if level == "ERROR" else QUIET).format(chance.randrange(10**7))
        head = f"[{level}] {chance.choice(MODULES)}({chance.choice((1234, 56789, 4321))},python3):2024-05-06-"
        tails.append((head, f" [graph_manager.cc:{chance.randrange(3000)}]{chance.randrange(9999)} Optimize: {text}\n"))
    written = micros = 0
    with path.open("w", encoding="ascii") as file:
        while written < megabytes * 1_000_000:
            lines = []
            for _ in range(20_000):
                micros += 137
                seconds, rest = divmod(micros, 1_000_000)
                head, tail = chance.choice(tails)
                clock = f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
                lines.append(f"{head}{clock}.{rest // 1000:03d}.{rest % 1000:03d}{tail}")
            written += file.write("".join(lines))


def best(work: Callable[[], object], times: int = 3) -> tuple[float, float]:
    """(processor, wall clock) seconds, the least of some runs each."""
    taken = []
    for _ in range(times):
        started = time.perf_counter(), worked()
        work()
        taken.append((worked() - started[1], time.perf_counter() - started[0]))
    return min(cpu for cpu, _ in taken), min(wall for _, wall in taken)


def worked() -> float:
    """Processor seconds of this process and of its children so far."""
    return sum(facts.ru_utime + facts.ru_stime for facts in map(resource.getrusage, (resource.RUSAGE_SELF,
                                                                                     resource.RUSAGE_CHILDREN)))


def count_errors(path: Path) -> int:
    """What ``diag log show --level ERROR`` shows: each error with its fields parsed, its number and its text."""
    return sum(1 for _ in select(file_source(path, path.name, []), Filter(least=Level.ERROR), Cancel()))


def count_lines(path: Path) -> int:
    """Index of all lines with their levels."""
    with path.open("rb") as file:
        return sum(len(index_lines(piece.data).starts) for piece in pieces(file))


def columns(path: Path) -> int:
    """All lines to columns, kept."""
    with path.open("rb") as file:
        return len(read_columns(file).offset)


def main(megabytes: int) -> None:
    """Print seconds, ratio, limit; exit 1 where a limit is broken."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plog-1_20240506.log"
        write_log(path, megabytes)
        floor, wall = best(lambda: subprocess.run(["/usr/bin/wc", "-l", str(path)], check=True, capture_output=True), 7)
        print(f"wc -l    {floor:7.3f} s   1.0 x   wall {wall:.3f} s   ({path.stat().st_size:,} bytes)")
        broken = False
        for name, work in (("errors", count_errors), ("index", count_lines), ("columns", columns)):
            taken, wall = best(lambda work=work: work(path))
            broken |= taken > LIMITS[name] * floor
            print(f"{name:<8} {taken:7.3f} s {taken / floor:5.1f} x   limit {LIMITS[name]} x   wall {wall:.3f} s")
        taken, wall = best(lambda: triage(path), 1)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        broken |= peak > 300
        print(f"triage   {taken:7.3f} s {taken / floor:5.1f} x   wall {wall:.3f} s\n"
              f"peak memory of all of it {peak:.0f} MB   limit 300 MB")
    sys.exit(broken)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
