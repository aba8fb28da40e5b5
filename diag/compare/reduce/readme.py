"""README.md of a bundle: what it is, how to run it, what to expect, and why."""

from __future__ import annotations

from collections.abc import Iterator

from diag.compare.reduce.result import OutputError, Reduction
from diag.types.layer import Verdict

_MANY = 12


def readme(result: Reduction) -> str:
    """The whole text, in Markdown."""
    parts = (_what(result), _run(result), _expect(result), _why(result), _conversion(result), _files(result),
             _versions(result))
    return "\n".join(line for part in parts for line in part)


def _what(r: Reduction) -> Iterator[str]:
    if r.focus is None:
        raise AssertionError("a bundle is about something")
    yield f"# {r.focus.golden_node}: the target gives another answer than the ONNX model"
    yield ""
    yield (f"This folder holds the smallest part of `{_name(r.golden.path)}` and of `{_name(r.target.path)}` that "
           f"shows the error: {_count(len(r.golden_nodes), 'ONNX node')} of {r.golden_total:,} and "
           f"{_count(len(r.target_nodes), 'target node')} of {r.target_total:,}. Its inputs were recorded while the "
           f"whole golden model ran. Weights are the model's own, {r.weights_bytes:,} bytes in both parts: think of "
           "that before you give this folder away.")
    if r.facts.get("decrypted"):
        yield "The target model is encrypted; its part here is not."
    if r.context > 0:
        yield (f"The layer alone does not show the error as it was measured: {r.context} step(s) of neighbours above "
               "and below it are here too.")
    if r.focus.kind == "interval":
        yield ("No single layer is far off. This is the shortest stretch of the model that fails at its end when its "
               "start is given golden tensors.")
    yield ""
    for title, nodes in (("ONNX nodes", r.golden_nodes), ("Target nodes", r.target_nodes)):
        more = f" and {len(nodes) - _MANY} more (bundle.json has all)" if len(nodes) > _MANY else ""
        yield f"- {title}: {', '.join(f'`{n}`' for n in nodes[:_MANY])}{more}"
    yield ""


def _run(r: Reduction) -> Iterator[str]:
    yield "## Run it"
    yield ""
    yield "```"
    yield "python repro.py"
    yield "```"
    yield ""
    what = "numpy and onnxruntime"
    if not _is_onnx(r):
        what += "; the target part runs in mindspore_lite or in Ascend Diag's reference runtime, whichever is there"
    yield f"Needs {what}. Exit code 1: the error is there; 0: it is gone; 3: nothing here runs the target part."
    yield ""


def _expect(r: Reduction) -> Iterator[str]:
    yield "## What to expect"
    yield ""
    yield f"Measured with {_runtime(r)}:"
    yield ""
    yield "| output (golden tensor) | relative L2 error | largest error | non-finite | verdict |"
    yield "|---|---|---|---|---|"
    for error in r.errors:
        yield _row(error)
    yield ""
    for error in r.errors:
        if error.verdict is Verdict.FAIL:
            yield f"{error.reason}"
            yield ""


def _row(error: OutputError) -> str:
    m = error.metrics
    if m is None:
        return f"| `{error.golden}` | | | | {error.verdict.value} |"
    return (f"| `{error.golden}` | {m.rel_l2:.3e} | {m.max_abs:.3e} | {m.nonfinite:,} of {m.size:,} | "
            f"{error.verdict.value} |")


def _why(r: Reduction) -> Iterator[str]:
    if r.focus is None or not (r.focus.why or r.facts.get("findings")):
        return
    yield "## Why"
    yield ""
    if r.focus.why:
        yield f"{r.focus.why[:1].upper()}{r.focus.why[1:].rstrip('.')}."
        yield ""
    for finding in r.facts.get("findings", ()):
        yield f"**{finding['code']} {finding['title']}** {finding['explanation']}"
        yield ""
        yield from (f"{i}. {advice}" for i, advice in enumerate(finding["advice"], 1))
        yield ""


def _conversion(r: Reduction) -> Iterator[str]:
    if r.again is None:
        return
    yield "## Convert it again"
    yield ""
    said = f"{r.again.note[:1].upper()}{r.again.note[1:].rstrip('.')}"
    by = f" ({r.again.converter})" if r.again.converter else ""
    error = f"; relative L2 error {r.again.error:.3e}" if r.again.error is not None else ""
    yield f"{said}{by}{error}."
    yield ""
    yield ("`python convert.py`, in the Python that has mindspore_lite, converts golden.onnx and runs the result; "
           "`sh convert.sh` does the same with converter_lite. With which options the whole model was converted its "
           "file does not say: these take the converter's own.")
    yield ""


def _files(r: Reduction) -> Iterator[str]:
    yield "## Files"
    yield ""
    yield "| file | bytes | SHA-256 | what |"
    yield "|---|---|---|---|"
    yield from (f"| {f.name} | {f.size:,} | `{f.sha256[:16]}…` | {f.what} |" for f in r.files)
    yield "| bundle.json | | | all of this as data, and what the scripts read |"
    yield ""


def _versions(r: Reduction) -> Iterator[str]:
    yield "## Versions"
    yield ""
    for side, run in (("golden", r.golden), ("target", r.target)):
        yield (f"- {side}: `{_name(run.path)}`, SHA-256 `{run.sha256}`, ran in {run.runtime} {run.runtime_version} on "
               f"{run.device}, {run.dtype}")
    opset = ", ".join(f"{domain} {version}" for domain, version in r.facts.get("opset", {}).items())
    yield f"- operator sets: {opset}"
    known = r.facts.get("target_says", {})
    if known:
        yield "- the target file says: " + ", ".join(f"{k} {v}" for k, v in known.items())
    yield "- " + ", ".join(f"{name} {version}" for name, version in r.environment.items() if name != "cpus")
    yield ""


def _runtime(r: Reduction) -> str:
    return f"{r.target.runtime} {r.target.runtime_version} on {r.target.device}, {r.facts.get('threads', 1)} thread(s)"


def _is_onnx(r: Reduction) -> bool:
    return r.target.format == "onnx"


def _name(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


