"""Findings: codes with severity (``codes``) and their words in English and Chinese (``words``, ``texts/*.toml``).

    found = finding(Code.ATTRIBUTE_DIFFERS, node.name, op=node.op, name="epsilon", golden=1e-5, target=0.0)
    words(found, "zh").title

A code is API: it is never renumbered and its values keep their names. ``codes.RULES`` is the table of what each needs.
"""

from diag.rules.codes import RULES, Code, Rule, finding
from diag.rules.words import Lang, Words, words

__all__ = ["RULES", "Code", "Lang", "Rule", "Words", "finding", "words"]
