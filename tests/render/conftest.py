"""Invented frames for the pages; the browser tests load them from here too."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


def load_samples() -> ModuleType:
    """The module ``map_samples`` beside this file (tests are no package)."""
    spec = importlib.util.spec_from_file_location(
        "map_samples", Path(__file__).with_name("map_samples.py")
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def samples() -> ModuleType:
    return load_samples()


@pytest.fixture(scope="session")
def frames(samples):
    return samples.frames()


@pytest.fixture(scope="session")
def inside(samples):
    """The context of a page for the duty rooms: all layers may be drawn."""
    return samples.inside()
