"""What a chapter reads from a file because it takes minutes is what the code beside the file still finds."""
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from helpers.data import read_rows

DATA = Path(__file__).parents[2] / "book" / "data"


def maker(name):
    spec = importlib.util.spec_from_file_location(name, DATA / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ANT_TOURS, DETOUR = maker("ant_tours"), maker("detour")


@pytest.mark.parametrize("key", ANT_TOURS.RUNS, ids=" on ".join)
def test_ants_still_find_tours_as_long(key):
    kept = [float(row["length"]) for row in read_rows(ANT_TOURS.TABLE) if (row["method"], row["problem"]) == key]
    np.testing.assert_allclose(ANT_TOURS.lengths(*key), kept, rtol=1e-12)


@pytest.mark.parametrize("number", range(0, 240, 12))
def test_colonies_still_bring_home_as_much(number):
    row = read_rows(DETOUR.TABLE)[number]
    assert DETOUR.colony(row["event"], float(row["evaporation"]), int(row["seed"])).tolist() == [int(n) for n in row["loads"].split()]


@pytest.mark.parametrize("number", range(240, 244))
def test_couriers_still_bring_home_as_much(number):
    row = read_rows(DETOUR.TABLE)[number]
    assert DETOUR.couriers(row["event"], DETOUR.MAPS[row["who"]]).tolist() == [int(n) for n in row["loads"].split()]
