"""Clients of the real service, in the roles that tests ask for."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx2
import pytest
from serving import account_of, serving, token_of

Serve = Callable[..., AbstractContextManager[httpx2.Client]]


@pytest.fixture(scope="session")
def serve() -> Serve:
    """``with serve(store.urls, role=Role.VIEWER, areas=["530102001"]) as client:``.

    More settings by keyword; without a role given the client is the data steward's.
    """
    return serving


@pytest.fixture(scope="session")
def account() -> Callable[..., tuple[str, str]]:
    """``login, password = account(store.urls, Role.VIEWER)``."""
    return account_of


@pytest.fixture(scope="session")
def token_for() -> Callable[..., str]:
    """``token_for(store.urls, Role.VIEWER, ["530102001"])``: without a password round."""
    return token_of


@pytest.fixture(scope="session")
def client(demo_store) -> Iterator[httpx2.Client]:
    """The service over the small demo, as its data steward finds it: without internal layers."""
    with serving(demo_store.urls, serve_internal=False) as client:
        yield client
