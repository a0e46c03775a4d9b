"""One race, by its name, in the peers' environment: its rows as JSON, each as soon as it is measured. `bench/peers.py` runs them all."""
import importlib
import json
import sys

for row in importlib.import_module(sys.argv[1]).rows():
    print(json.dumps(row), flush=True)
