"""The district's sign-on service by OpenID Connect: code flow with PKCE, state and nonce.

Nothing is asked of any other host than the configured issuer's, and of that by https alone unless
it is this machine: addresses that its documents name are held to the same.
"""

import hmac
import json
import secrets
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from gis.errors import BadInput, SignOnFailed, SignOnUnavailable
from gis.settings import Settings

BACK = "/sign-in/sso/back"
_ALGORITHMS = ["RS256", "PS256", "ES256"]  # signatures by a published key; never none, never HMAC
_WAIT_S = 10  # for an answer of the sign-on service
_LEEWAY_S = 60  # between its clock and ours
_FLOW_S = 600  # for a person to sign in over there
_MOST = 1_000  # people on their way at once
_LARGEST = 1_000_000  # bytes of a document


@dataclass(frozen=True)
class Flow:
    """One person on the way to the sign-on service and back."""

    next: str
    begun_s: float
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)


class Flows:
    """Who is on the way, by the secret in that person's browser; each may come back once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flows: OrderedDict[str, Flow] = OrderedDict()

    def begin(self, next: str) -> tuple[str, Flow]:
        """A new flow and the secret that the browser keeps."""
        secret, flow = secrets.token_urlsafe(32), Flow(next, time.monotonic())
        with self._lock:
            self._flows[secret] = flow
            while len(self._flows) > _MOST:
                self._flows.popitem(last=False)
        return secret, flow

    def end(self, secret: str, state: str) -> Flow:
        """The flow of that browser; raises SignOnFailed for none, an old one or another state."""
        with self._lock:
            flow = self._flows.pop(secret, None)
        if flow is None or time.monotonic() - flow.begun_s > _FLOW_S:
            raise SignOnFailed(
                "登录不是在此浏览器开始的，或已过期 / not begun in this browser, or too long ago"
            )
        if not hmac.compare_digest(flow.state.encode(), state.encode()):
            raise SignOnFailed("登录状态不一致 / the state is another one")
        return flow


class SignOn:
    """The sign-on service that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._issuer = (settings.oidc_issuer or "").rstrip("/")
        self._client_id, self._client_secret = settings.oidc_client_id, settings.oidc_client_secret
        self._ca_file = settings.oidc_ca_file
        self._redirect_uri = f"{settings.public_url or _local(settings)}{BACK}"

    def address(self, flow: Flow) -> str:
        """Where the browser goes to sign in."""
        with self._session() as session:
            known = self._discovered(session)
            url, _ = session.create_authorization_url(
                self._ours(known["authorization_endpoint"]),
                state=flow.state,
                nonce=flow.nonce,
                code_verifier=flow.verifier,
            )
        return str(url)

    def claims(self, flow: Flow, code: str) -> Mapping[str, Any]:
        """Who came back with ``code``; raises SignOnFailed for an identity that is not proven."""
        with self._session() as session:
            known = self._discovered(session)
            try:
                answer = session.fetch_token(
                    self._ours(known["token_endpoint"]),
                    code=code,
                    code_verifier=flow.verifier,
                    timeout=_WAIT_S,
                    allow_redirects=False,
                )
            except AuthlibBaseError as exc:
                raise SignOnFailed("授权码未被接受 / the code was not accepted") from exc
            except requests.RequestException as exc:
                raise SignOnUnavailable from exc
            keys = self._document(session, known["jwks_uri"])
        return self._proven(answer.get("id_token", ""), keys, flow)

    def _proven(self, id_token: str, keys: Any, flow: Flow) -> Mapping[str, Any]:
        """OpenID Connect Core 1.0, 3.1.3.7: signature, issuer, audience, times, nonce."""
        registry = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_S, iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._client_id}, exp={"essential": True},
            iat={"essential": True}, sub={"essential": True},
            nonce={"essential": True, "value": flow.nonce},
        )  # fmt: skip
        try:
            token = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)
            registry.validate(token.claims)
        except (JoseError, ValueError, KeyError, TypeError) as exc:
            raise SignOnFailed("身份未能证实 / the identity is not proven") from exc
        audience = token.claims["aud"]
        alone = isinstance(audience, str) or len(audience) == 1  # of several one must be named
        if token.claims.get("azp", self._client_id if alone else None) != self._client_id:
            raise SignOnFailed("该身份用于其他服务 / the identity is meant for another service")
        return token.claims

    def _session(self) -> OAuth2Session:
        session = OAuth2Session(
            self._client_id, self._client_secret, scope="openid profile",
            redirect_uri=self._redirect_uri, code_challenge_method="S256",
        )  # fmt: skip
        session.trust_env = False  # no proxy of the environment comes between
        if self._ca_file is not None:
            session.verify = str(self._ca_file)
        return session

    def _discovered(self, session: OAuth2Session) -> Mapping[str, Any]:
        known = self._document(session, f"{self._issuer}/.well-known/openid-configuration")
        wanted = {"authorization_endpoint", "token_endpoint", "jwks_uri"}
        if known.get("issuer") != self._issuer or not wanted <= set(known):
            raise SignOnFailed(
                "统一登录的签发方不符 / the sign-on service describes another issuer"
            )
        return known

    def _document(self, session: OAuth2Session, url: str) -> Mapping[str, Any]:
        """A JSON object of the issuer's host, of reasonable size; redirects are not followed."""
        try:
            with session.get(
                self._ours(url),
                timeout=_WAIT_S,
                allow_redirects=False,
                withhold_token=True,
                stream=True,
            ) as answer:
                answer.raise_for_status()
                text = answer.raw.read(_LARGEST + 1, decode_content=True)
            found = json.loads(text) if len(text) <= _LARGEST else None
        except (requests.RequestException, ValueError) as exc:
            raise SignOnUnavailable from exc
        if not isinstance(found, dict):
            raise SignOnFailed(
                "统一登录的说明文件不可用 / the sign-on service's document cannot be used"
            )
        return found

    def _ours(self, url: str) -> str:
        """``url`` if it lies at the issuer's own scheme, host and port; raises SignOnFailed."""
        here, there = urlsplit(self._issuer), urlsplit(str(url))
        local = here.hostname in {"127.0.0.1", "::1", "localhost"}
        if (there.scheme, there.netloc) != (here.scheme, here.netloc) or not (
            here.scheme == "https" or (here.scheme == "http" and local)
        ):
            raise SignOnFailed(
                "统一登录的地址不在同一主机 / an address of the sign-on service lies elsewhere"
            )
        return str(url)


def check_authorities(settings: Settings) -> None:
    """Raises BadInput where the sign-on service's authorities are set and cannot be read."""
    if settings.oidc_ca_file is None:
        return
    try:
        ssl.create_default_context(cafile=settings.oidc_ca_file)
    except OSError as exc:  # not there, not for us, or without a certificate
        raise BadInput.at(
            f"WANGGE_OIDC_CA_FILE={settings.oidc_ca_file}",
            f"不能作为 PEM 证书文件读取（{exc.strerror or exc}）",
            f"cannot be read as a PEM file of certificates ({exc.strerror or exc})",
        ) from exc


def _local(settings: Settings) -> str:
    return f"http://{settings.host}:{settings.port}"
