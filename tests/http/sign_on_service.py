"""A small sign-on service that conforms to OpenID Connect Core 1.0, and can be told to lie."""

import base64
import hashlib
import json
import secrets
import ssl
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT, SECRET = "wangge", "a client's secret"


class SignOnService:
    """Signs in whoever comes as ``person``; ``lie`` changes the claims, ``sign`` the signature."""

    def __init__(self, server, scheme):
        self.issuer = f"{scheme}://127.0.0.1:{server.server_port}"
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
def running(tls: ssl.SSLContext | None = None):
    """The service on a loopback port of its own, by https with ``tls``."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.service = SignOnService(server, "https" if tls else "http")
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


def private_authority(folder):
    """The PEM file of an authority made just now, and what a server at 127.0.0.1 shows by it."""
    root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _signed(root, root, "a district's authority", x509.BasicConstraints(True, 0))
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    shown = _signed(own, root, "sign-on", address)
    trusted, chain = folder / "root.crt", folder / "server.pem"
    trusted.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    chain.write_bytes(shown.public_bytes(serialization.Encoding.PEM) + own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))  # fmt: skip
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(chain)
    return trusted, tls


def _signed(key, root, name, extension):
    """A certificate of ``key`` for a day, signed by the authority with the key ``root``."""
    named = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, one)])
             for one in (name, "a district's authority")]  # fmt: skip
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(*reversed(named), key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(extension, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), critical=False
        )
        .sign(root, hashes.SHA256())
    )
