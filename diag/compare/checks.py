"""Can the golden be trusted, and do the taps change what they watch?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from diag.compare.align.layout import distance
from diag.runtimes.interface import Array
from diag.runtimes.onnxruntime.engine import make_session, session_options
from diag.runtimes.onnxruntime.values import to_numpy, to_ort
from diag.types.graph import Graph

RANDOM = frozenset({"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial",
                    "Bernoulli", "Dropout"})


def golden_stability(path: Path, feeds: Mapping[str, Array], outputs: Mapping[str, Array],
                     cores: int) -> dict[str, Any]:
    """How far the golden outputs move when nothing should move them: worst relative L2 of each condition.

    repeat: run again the same way; threads: one thread against all; optimisation: onnxruntime's graph optimisation
    on; taps: our segments against a plain session of the whole file.
    """
    plain = _run(path, feeds, cores, optimise=False)
    return {
        "repeat": _worst(plain, _run(path, feeds, cores, optimise=False)),
        "threads": _worst(plain, _run(path, feeds, 1, optimise=False)),
        "optimisation": _worst(plain, _run(path, feeds, cores, optimise=True)),
        "taps": _worst(plain, outputs),
    }


def random_nodes(graph: Graph) -> list[str]:
    """Names of nodes that draw random numbers; a Dropout that is not training does not."""
    return [n.name for n in graph.nodes if n.op in RANDOM and (n.op != "Dropout" or any(n.inputs[2:3]))]


def _run(path: Path, feeds: Mapping[str, Array], threads: int, *, optimise: bool) -> dict[str, Array]:
    session: ort.InferenceSession = make_session(path, session_options(threads, optimise=optimise))
    names = [o.name for o in session.get_outputs()]
    wanted = {i.name for i in session.get_inputs()}
    given = {n: to_ort(a) for n, a in feeds.items() if n in wanted}
    found = session.run_with_ort_values(names, given)
    return {n: np.array(to_numpy(v)) for n, v in zip(names, found, strict=True) if v.is_tensor()}


def _worst(a: Mapping[str, Array], b: Mapping[str, Array]) -> float | None:
    """Worst relative L2 over the outputs that both have; None (JSON null) where it is infinite."""
    gaps = [distance(a[n], b[n]) if a[n].shape == b[n].shape else float("inf") for n in a if n in b]
    worst = max(gaps, default=0.0)
    return worst if np.isfinite(worst) else None
