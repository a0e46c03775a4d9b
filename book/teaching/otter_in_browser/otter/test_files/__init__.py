"""Otter's own: how the tests in a notebook's metadata are run."""
from .exception_test import test_case  # noqa: F401
