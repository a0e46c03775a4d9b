"""What takes hours is tried by make test-long alone: these files are not even read without --every-notebook."""


def pytest_ignore_collect(collection_path, config):
    return None if config.getoption("--every-notebook") else True
