"""An archive in a folder of its own, and Spark where there is Java."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

NONE_FOUND = "no Java (on the path, or by JAVA_HOME)"
if os.environ.get("REQUIRE_JAVA") == "1" and find_spec("pyspark") is None:
    raise RuntimeError("REQUIRE_JAVA=1 asks for Spark's tests: uv sync --group spark")


@pytest.fixture
def archive(tmp_path: Path, settings: Settings) -> Path:
    """Events past their time go here."""
    settings.USAGE_ARCHIVE = str(tmp_path / "archive")
    (tmp_path / "archive").mkdir()
    return tmp_path / "archive"


@pytest.fixture
def java() -> None:
    """For tests on Spark."""
    if shutil.which("java") or os.environ.get("JAVA_HOME"):
        return
    if os.environ.get("REQUIRE_JAVA") == "1":
        pytest.fail(NONE_FOUND)
    pytest.skip(NONE_FOUND)
