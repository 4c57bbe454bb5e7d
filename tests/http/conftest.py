"""The real service: uvicorn on a loopback port of its own over a real store."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import httpx2
import pytest
import uvicorn

from api.app import create_app
from gis.settings import Settings

Serve = Callable[..., AbstractContextManager[httpx2.Client]]


@contextmanager
def _serve(urls, **settings) -> Iterator[httpx2.Client]:
    """A client of the service over the store at ``urls``."""
    app = create_app(
        Settings(_env_file=None, database_url=urls.app, owner_url=urls.owner, **settings)
    )
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            end_s = time.monotonic() + 20
            while not server.started and thread.is_alive() and time.monotonic() < end_s:
                time.sleep(0.01)
            assert server.started, "the service did not start"
            port = listening.getsockname()[1]
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def serve() -> Serve:
    """``with serve(store.urls) as client:``; more settings by keyword."""
    return _serve


@pytest.fixture(scope="session")
def client(demo_store) -> Iterator[httpx2.Client]:
    """The service over the small demo, as anybody on this machine finds it."""
    with _serve(demo_store.urls) as client:
        yield client
