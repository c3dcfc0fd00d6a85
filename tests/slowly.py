"""Parameters of the slow tests."""

import pytest


def slow(values):
    """These values of a parameter, for `make test-long` alone."""
    return [pytest.param(value, marks=pytest.mark.slow) for value in values]
