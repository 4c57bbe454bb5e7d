"""A small sign-on service that conforms to OpenID Connect Core 1.0, and can be told to lie."""

import base64
import hashlib
import json
import secrets
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT, SECRET = "wangge", "a client's secret"


class SignOnService:
    """Signs in whoever comes as ``person``; ``lie`` changes the claims, ``sign`` the signature."""

    def __init__(self, server):
        self.issuer = f"http://127.0.0.1:{server.server_port}"
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.person = {"sub": "4711", "preferred_username": "wang", "roles": ["planners"],
                       "areas": ["530102001"]}  # fmt: skip
        self.lie, self.described, self.asked = {}, {}, []
        self.sign = lambda claims: jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        self._codes = {}

    def description(self):
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
            **self.described,
        }  # fmt: skip

    def keys(self):
        return KeySet([self.key]).as_dict(private=False)

    def authorize(self, query):
        """RFC 6749, 4.1.1 and RFC 7636, 4.3: a code bound to nonce, address and challenge."""
        assert (query["response_type"], query["client_id"]) == ("code", CLIENT)
        assert "openid" in query["scope"].split()
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form, authorization):
        """RFC 6749, 4.1.3 and RFC 7636, 4.6: a code counts once, for its client and verifier."""
        wanted = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        query = self._codes.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        told = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        if (
            authorization != f"Basic {wanted}" or query is None
            or told != query["code_challenge"] or form["redirect_uri"] != query["redirect_uri"]
        ):  # fmt: skip
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300,
                  "nonce": query["nonce"], **self.person, **self.lie}  # fmt: skip
        return 200, {
            "access_token": "unused",
            "token_type": "Bearer",
            "id_token": self.sign(claims),
        }


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        """Nothing on the terminal."""

    def do_GET(self):
        service, parts = self.server.service, urlsplit(self.path)
        service.asked.append(parts.path)
        if parts.path == "/authorize":
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.send_response(303)
            self.send_header("Location", service.authorize(query))
            self.end_headers()
            return
        pages = {"/keys": service.keys, "/.well-known/openid-configuration": service.description}
        self._tell(200, pages[parts.path]())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self._tell(*self.server.service.token(form, self.headers["authorization"]))

    def _tell(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@contextmanager
def running():
    """The service on a loopback port of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.service = SignOnService(server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def another_key():
    """A key that the service never published."""
    return RSAKey.generate_key(2048, {"kid": "one"}), ECKey.generate_key("P-256", {"kid": "one"})
