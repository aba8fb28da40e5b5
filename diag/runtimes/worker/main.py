"""Serves the requests of Ascend Diag in whatever Python owns the runtime: ``python main.py JOB_DIR``."""
import importlib

import wire

# Modules of this folder; none is named like the package that it drives, or it would be imported instead of it.
BACKENDS = {"mindspore-lite": "lite_backend", "mindspore": "mindspore_backend"}


def main():
    """Every request names its backend, which is imported when first asked for."""
    backends = {}

    def dispatch(request, channel):
        name = request["backend"]
        if name not in backends:
            backends[name] = importlib.import_module(BACKENDS[name]).Backend()
        return backends[name].OPERATIONS[request["op"]](backends[name], request, channel)

    wire.serve(dispatch)


if __name__ == "__main__":
    main()
