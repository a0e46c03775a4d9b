"""Statistical tests take the fixture `seed`: they must pass for every seed from 0 to 99.

One seed is run by default, all of them with --all-seeds. Tolerances are five standard errors, from theory.
Notebooks are run again with --every-notebook alone, to draw their explorers anew. So it is with tests that take the fixture
`at_length`, and with most of what tests in a browser try of figures and questions: see browser/conftest.py.
"""
import re

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

hypothesis.settings.register_profile("untimed", deadline=None)  # tests never time
hypothesis.settings.load_profile("untimed")


def pytest_addoption(parser):
    parser.addoption("--all-seeds", action="store_true", help="run statistical tests with seeds 0 to 99, not 0 alone")
    parser.addoption("--every-notebook", action="store_true", help="run every notebook again, and draw its explorers anew; try every figure and question, not some of each kind")


@pytest.fixture(scope="session")
def at_length(request):
    """For a test whose kind another one tries by default."""
    if not request.config.getoption("--every-notebook"):
        pytest.skip("at length: with --every-notebook, as in make test-long")


def pytest_generate_tests(metafunc):
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(100) if metafunc.config.getoption("--all-seeds") else [0])


class ByFile(LoadScopeScheduling):
    """One process for the tests of a file (make test); in test_explore.py, for those of a page, whose notebook
    it then runs once; in test_lab.py, for a chapter; in test_fuzz_models.py, for a module."""

    def _split_scope(self, nodeid):
        file, _, test = nodeid.partition("::")
        page = re.search(r"\[(\w+)[]-]", test) if file.endswith(("test_explore.py", "test_lab.py", "test_fuzz_models.py")) else None
        return f"{file} {page[1]}" if page else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return ByFile(config, log)
