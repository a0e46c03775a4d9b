"""Statistical tests take the fixture `seed`: they must pass for every seed from 0 to 99.

One seed is run by default, all of them with --all-seeds. Tolerances are five standard errors, from theory.
"""


def pytest_addoption(parser):
    parser.addoption("--all-seeds", action="store_true", help="run statistical tests with seeds 0 to 99, not 0 alone")


def pytest_generate_tests(metafunc):
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(100) if metafunc.config.getoption("--all-seeds") else [0])
