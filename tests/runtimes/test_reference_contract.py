"""The reference runtime keeps what every runtime promises."""

from __future__ import annotations

import numpy as np
import pytest
from contract.runtime_contract import RuntimeContract
from samples import shared

from diag.runtimes.reference import Reference


class TestReference(RuntimeContract):
    @pytest.fixture(scope="class")
    @classmethod
    def runtime(cls):
        return Reference()

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls):
        return shared("formats/mindir/toy_lite.mindir")

    @pytest.fixture(scope="class")
    @classmethod
    def feeds(cls):
        return {"x": np.random.default_rng(5).standard_normal((1, 3, 32, 32)).astype(np.float32)}
