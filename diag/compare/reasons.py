"""The sentence of a decision, in English or Chinese."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Literal, Protocol

from diag.types.layer import Decision

Lang = Literal["en", "zh"]


def tell(decision: Decision, lang: Lang = "en") -> str:
    """The rule that decided as a sentence, followed by what else is to be said."""
    texts = _texts(lang)
    sentence = texts["rules"][decision.rule]
    quoted = "{also}" in sentence
    facts = dict(decision.values)
    if quoted:
        facts["also"] = tell(decision.also[0], lang).rstrip(texts["words"]["stop"])
    said = sentence.format(**{**facts, "metric": texts["metrics"].get(decision.metric, decision.metric),
                              "value": decision.value, "limit": decision.limit, "kinds": _kinds(facts, lang)})
    rest = decision.also[1:] if quoted else decision.also
    return texts["words"]["space"].join([said, *(tell(one, lang) for one in rest)])


class Reasoned(Protocol):
    """A row, an output, an unmatched tensor: whatever has a reason."""

    @property
    def reason(self) -> str:
        """The sentence in English."""

    @property
    def decision(self) -> Decision | None:
        """The same in a form that can be told; None where there is only the sentence."""


def reason(of: Reasoned, lang: Lang = "en") -> str:
    """The reason in ``lang``: the decision told, else the English text where the language has no other."""
    text, decision = of.reason, of.decision
    if lang == "en":
        return text
    if decision is None:
        return _texts(lang)["sentences"].get(text, text)
    # An infinite value is not kept in a file.
    return tell(decision, lang) if not decision.metric or not math.isnan(decision.value) else text


def metric_name(decision: Decision, lang: Lang = "en") -> str:
    """What the rule measured, as it is called in mid-sentence."""
    name = _texts(lang)["metrics"].get(decision.metric, decision.metric).rstrip(",")
    return name[:1].lower() + name[1:] if decision.metric in _texts(lang)["metrics"] and name[1:2].islower() else name


def metric_in(name: str, lang: Lang) -> str:
    """What ``metric_name`` gave in English, in ``lang``; a name that is the same in every language as it is."""
    keys = (key for key in _texts("en")["metrics"] if metric_name(Decision("above", key)) == name)
    key = next(keys, "")
    return metric_name(Decision("above", key), lang) if key else name


def _kinds(facts: Mapping[str, object], lang: Lang) -> str:
    shown = [f"{facts[key]:,} {name}" for key, name in (("nan", "NaN"), ("pos_inf", "+Inf"), ("neg_inf", "-Inf"))
             if facts.get(key)]
    return ", ".join(shown) or _texts(lang)["words"]["none"]


@lru_cache(maxsize=2)
def _texts(lang: Lang) -> dict[str, dict[str, str]]:
    return tomllib.loads((files("diag.compare") / "texts" / f"{lang}.toml").read_text(encoding="utf-8"))
