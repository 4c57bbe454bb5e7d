"""What stands between a phone and the service: a line that is cut, silent or forgetful."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

THROUGH, REFUSED, SILENT, AWAY, LOST = "through", "refused", "silent", "away", "lost"
GONE, TOO_LARGE = "gone", "too large"
_REFUSALS = {GONE: 404, TOO_LARGE: 413}  # of what is sent, in words of its own
_BY_HOP = {"connection", "content-length", "transfer-encoding", "date", "server"}


class Gateway:
    """A port of its own before the service's; ``way`` says how it treats what comes."""

    def __init__(self, port: int) -> None:
        self.service_port, self.way = port, THROUGH
        self.reached, self._ended = threading.Event(), threading.Event()
        self._open(0)
        self.port = self._server.server_port
        self.base = f"http://127.0.0.1:{self.port}"

    def _open(self, port: int) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _Relay)
        self._server.gateway = self
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def turn(self, way: str) -> None:
        """From now on ``way``; nobody listens at the port where connections are refused."""
        if way == REFUSED:
            self._server.shutdown()
            self._server.server_close()
        elif self.way == REFUSED:
            self._open(self.port)
        self.way = way
        self.reached.clear()

    def close(self) -> None:
        """Let go of whoever still waits."""
        self._ended.set()
        if self.way != REFUSED:
            self._server.shutdown()
            self._server.server_close()

    def wait(self) -> None:
        self.reached.set()
        self._ended.wait(60)


class _Relay(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        gateway = self.server.gateway
        sent = self.rfile.read(int(self.headers.get("content-length", 0)))
        if gateway.way == SILENT:
            return gateway.wait()
        if gateway.way == AWAY:
            return self.send_error(503)
        if gateway.way in _REFUSALS and self.command == "POST":
            return self.send_error(_REFUSALS[gateway.way])
        service = http.client.HTTPConnection("127.0.0.1", gateway.service_port)
        service.request(self.command, self.path, sent, dict(self.headers))
        answer = service.getresponse()
        body = answer.read()
        service.close()
        if gateway.way == LOST and self.command == "POST":
            return None  # it was done, and the line breaks
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None:
        """The service has its own log."""
