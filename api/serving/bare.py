"""Answers to HEAD: those of GET, without the body (RFC 9110, 9.3.2)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Bare:
    """Middleware: routes know GET, and whoever asks for the head alone gets what GET would begin.

    An answer that would go on (events of a job) ends with its head, as the server then says that
    its reader is gone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, HEAD as GET."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        inside = {**scope, "method": "GET"}
        try:
            await self._app(inside, receive, head)
        finally:
            if "route" in inside:  # what the log and the measurements call the request
                scope["route"] = inside["route"]
