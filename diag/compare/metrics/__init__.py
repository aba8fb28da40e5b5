"""How far a target tensor is from its golden one, in one pass over the two.

The definitions are the contract's. Values are read in their own element type, sums run in float64. Pairs where one of
the two is not finite, or where both are at their type's extreme (mask constants such as -3.4e38), are counted and take
no part in the other numbers. Complex tensors are judged by their real and imaginary parts.
"""

from diag.compare.metrics.accumulator import Accumulator, compare
from diag.compare.metrics.kernel import kernel_name
from diag.compare.metrics.view import view

__all__ = ["Accumulator", "compare", "kernel_name", "view"]
