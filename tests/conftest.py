"""For all tests: the emulated clouds as fixtures, and garbage collected seldom."""

import gc

import pytest

from rearm_workbench.pytest_plugin import _surroundings, alibaba_cloud, aws_cloud, clock

__all__ = ["_surroundings", "alibaba_cloud", "aws_cloud", "clock"]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """All is imported that the tests import at their top.

    A sixth of the tests' time went into collecting garbage, most of it in the SDKs' models, which never are any.
    """
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
