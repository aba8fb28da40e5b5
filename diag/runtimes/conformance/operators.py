"""The list of MindIR operators with their status in the reference runtime.

``python -m diag.runtimes.conformance.operators`` prints it as Markdown; the one kept with the tests is made by it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator

from diag.runtimes.conformance.causes import FOLDER
from diag.runtimes.conformance.table import Table
from diag.runtimes.reference.table import FAMILIES


def listing(table: Table) -> str:
    """Every operator that the reference runtime covers or that the converter has, with the tests that prove it."""
    agreeing = Counter(op for r in table.results if r.reference == "agrees" for op in r.mindir.split("+"))
    differing = Counter(op for r in table.results if r.run and r.reference in ("right", "wrong")
                        for op in r.mindir.split("+"))
    rows = list(_rows(agreeing, differing))
    states = Counter(state for _, _, state, _, _ in rows)
    agreed = table.agreement()
    proof = (
        f"Proved against {table.runtime} ({table.device}) with ONNX {table.onnx}'s backend tests: of "
        f"{sum(agreed.values())} tests that ran, {agreed['agrees']} agree, in {agreed['runtime']} only the reference "
        f"runtime is right, {agreed['other']} differ otherwise; causes stand in the measured table.")
    count = (
        f"{states['proved']} operators are proved, {states['covered']} are covered without a test that runs, "
        f"{states['not covered']} are not covered.")
    head = [
        "# MindIR operators in the reference runtime", "", proof, "", count, "",
        "| operator | family | status | tests that agree | tests in which the real runtime differs |",
        "|---|---|---|---|---|"]
    return "\n".join([*head, *(f"| {' | '.join(map(str, row))} |" for row in rows)]) + "\n"


def _rows(agreeing: Counter[str], differing: Counter[str]) -> Iterator[tuple[str, str, str, int, int]]:
    covered = {op: family for family, table in FAMILIES.items() for op in table}
    for op in sorted({*covered, *_lite_operators()}):
        status = "not covered" if op not in covered else "proved" if agreeing[op] else "covered"
        yield op, covered.get(op, ""), status, agreeing[op], differing[op]


def _lite_operators() -> list[str]:
    text = (FOLDER / "mindspore-lite-2.0.0.ops.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


if __name__ == "__main__":
    from diag.runtimes.conformance import table as shipped

    found = shipped()
    if found is None:
        raise AssertionError("the table of MindSpore Lite 2.0.0 is shipped")
    sys.stdout.write(listing(found))
