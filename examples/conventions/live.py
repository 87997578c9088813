"""Serve a system with the data that its API is fuzzed with, on a database that is gone when the input ends.

python -m conventions.live shop

What it prints is one line of JSON: the `url`, and the `headers` of a request that may do everything.
"""

import importlib
import json
import sys

from conventions.fuzzing import live_server
from conventions.throwaway import throwaway


def main(system: str) -> None:
    """Serve `system` on 127.0.0.1 until standard input ends."""
    fuzz_api = importlib.import_module(f"{system}.fuzz_api")
    with throwaway(system):
        target = fuzz_api.new_target()
        with live_server(target.restore) as url:
            print(json.dumps({"url": url, "headers": target.headers}), flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
