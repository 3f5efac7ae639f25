"""For all tests: a sixth of their time went into collecting garbage, most of it in the SDKs' models, which never are any."""

import gc

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """All is imported that the tests import at their top."""
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
