"""Shared fixtures."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real clips and training data; tests that need it skip where it is absent."""
    folder = os.environ.get("AFFECTSTREAM_TEST_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("AFFECTSTREAM_TEST_DATA names no folder with the test clips")
    return Path(folder).resolve()


@pytest.fixture(autouse=True, scope="session")
def no_models_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests see the networks that come with the package, and no others."""
    os.environ["AFFECTSTREAM_MODELS"] = str(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def clips(test_data: Path) -> Path:
    """The folder of real clips."""
    return test_data / "data" / "clips"
