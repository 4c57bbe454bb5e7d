"""Posts come from our own pages: what a browser says about a request's origin is checked."""

from typing import Any
from urllib.parse import urlsplit

from fastapi import Depends, Request

from api.serving.at_once import at_once
from gis.errors import Forbidden

_SAFE = {"GET", "HEAD", "OPTIONS"}


class ForeignPost(Forbidden):
    """A form was sent from another site or by a program that hides where it comes from."""

    code = "foreign_post"

    def __init__(self) -> None:
        super().__init__("表单来自其他网站 / the form was sent from another site")


def own_origin(request: Request) -> None:
    """Let reads pass; a change must come from a page of this very host.

    ``Sec-Fetch-Site`` says so in every current browser on a secure or loopback address, ``Origin``
    in all the others (OWASP, CSRF prevention: Fetch Metadata with Origin as fallback).
    Raises ForeignPost.
    """
    if request.method in _SAFE:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise ForeignPost
        return
    if urlsplit(request.headers.get("origin", "")).netloc != request.headers.get("host"):
        raise ForeignPost


def not_foreign(request: Request) -> None:
    """The same for doors that programs use too: no browser's word on the origin is no objection."""
    if {"origin", "sec-fetch-site"} & set(request.headers):
        own_origin(request)


OwnOrigin: Any = Depends(at_once(own_origin))
