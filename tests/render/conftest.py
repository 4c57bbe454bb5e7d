"""Invented frames for the pages."""

from types import ModuleType

import map_samples
import pytest


@pytest.fixture(scope="session")
def samples() -> ModuleType:
    return map_samples


@pytest.fixture(scope="session")
def frames(samples):
    return samples.frames()


@pytest.fixture(scope="session")
def inside(samples):
    """The context of a page for the duty rooms: all layers may be drawn."""
    return samples.inside()
