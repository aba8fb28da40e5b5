"""onnxruntime keeps what every runtime promises."""

from __future__ import annotations

import numpy as np
import pytest
import small_models
from contract.runtime_contract import RuntimeContract

from diag.runtimes.onnxruntime import OnnxRuntime


class TestOnnxRuntime(RuntimeContract):
    @pytest.fixture(scope="class")
    @classmethod
    def runtime(cls):
        return OnnxRuntime()

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, tmp_path_factory):
        return small_models.perceptron(tmp_path_factory.mktemp("onnx") / "perceptron.onnx", shape=(3, 8))

    @pytest.fixture(scope="class")
    @classmethod
    def feeds(cls):
        return {"x": np.random.default_rng(5).standard_normal((3, 8)).astype(np.float32)}
