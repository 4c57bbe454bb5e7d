"""What an installation may set: one frozen class, read late by the top floor and handed down."""

import os
from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gis.access.rights import Role
from gis.access.rules import AccountRules


class SecretFiles(PydanticBaseSettingsSource):
    """``WANGGE_<NAME>_FILE`` names a file that holds the value of ``WANGGE_<NAME>``."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The file's text without surrounding white space; None without such a variable."""
        path = os.environ.get(f"{self.config['env_prefix']}{field_name}_FILE".upper())
        return path and Path(path).read_text("utf-8").strip(), field_name, False

    def __call__(self) -> dict[str, Any]:
        """The values of all fields that a file gives; raises OSError for one that is not there."""
        fields = self.settings_cls.model_fields.items()
        found = {name: (self.get_field_value(field, name)[0], field) for name, field in fields}
        return {
            name: self.prepare_field_value(name, field, value, self.field_is_complex(field))
            for name, (value, field) in found.items()
            if value is not None
        }


class Settings(BaseSettings):
    """Environment variables ``WANGGE_*``, files that ``WANGGE_*_FILE`` name, or a file ``.env``.

    A value itself comes before a file with it, and both before ``.env`` in the working directory.
    """

    model_config = SettingsConfigDict(
        env_prefix="WANGGE_",
        env_file=".env",
        env_file_encoding="utf-8",
        frozen=True,
        extra="ignore",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Where values come from, the first that has one decides."""
        return init_settings, env_settings, SecretFiles(settings_cls), dotenv_settings

    home: Path = Field(
        default=Path(".wangge"),
        description="private cluster, reports and working files of this store",
    )
    database_url: str | None = Field(
        default=None, description="PostgreSQL URL of the role wangge_app; none: the private cluster"
    )
    owner_url: str | None = Field(
        default=None, description="PostgreSQL URL of the owning role, for migrations only"
    )
    district_file: Path | None = Field(
        default=None, description="district.toml of another district; none: Wuhua, Kunming"
    )
    policy_file: Path | None = Field(
        default=None, description="policy.toml whose values replace the built-in rules"
    )
    pool_max_size: int = Field(
        default=10,
        ge=1,
        le=100,
        description="requests of a process that are at the store at once; as many connections, "
        "and for moments up to twice as many",
    )
    statement_timeout_ms: int = Field(
        default=60_000,
        ge=1,
        description="longest statement of a web request; commands set their own",
    )
    audit_kept_months: int = Field(
        default=12, ge=6, le=240, description="months that lines of the audit trail are kept"
    )
    host: str = Field(
        default="127.0.0.1", description="address to listen on; beyond loopback behind a TLS proxy"
    )
    port: int = Field(default=8000, ge=1, le=65_535, description="port to listen on")
    allowed_hosts: tuple[str, ...] = Field(
        default=("127.0.0.1", "localhost", "[::1]"), description="accepted Host headers"
    )
    inner_hosts: tuple[str, ...] = Field(
        default=(), description="Host headers accepted for /livez, /readyz and /metrics alone"
    )
    serve_internal: bool = Field(
        default=True,
        description="whether internal layers (camera positions) are served to those with the right",
    )
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/?#]+(/[^?#]*[^/?#])?$",
        description="https address at which people reach the service; needed to listen beyond "
        "loopback, and for QR codes of plaques to lead to a page that confirms them",
    )
    body_limit_kb: int = Field(
        default=16_384, ge=64, description="largest body of a request but uploads of an import, KiB"
    )
    body_patience_s: float = Field(
        default=20, gt=0, description="longest wait for the next piece of a request's body"
    )
    pool_wait_s: float = Field(
        default=15, gt=0, description="longest wait for one's turn at the store, then 503"
    )
    oidc_issuer: str | None = Field(
        default=None, description="issuer of the district's sign-on service (OpenID Connect); https"
    )
    oidc_client_id: str = Field(default="wangge", description="this service's name over there")
    oidc_client_secret: str | None = Field(default=None, description="and its secret")
    oidc_ca_file: Path | None = Field(
        default=None,
        description="PEM file of the authorities that the sign-on service's certificate is held to;"
        " none: the public ones",
    )
    oidc_roles: dict[str, Role] = Field(
        default={}, description="which value of the role claim is which role, as JSON"
    )
    oidc_role_claim: str = Field(
        default="roles", description="claim with roles; a dot leads inside"
    )
    oidc_area_claim: str = Field(default="areas", description="claim with area codes")
    sign_in_limit: str = Field(
        default="10/minute", description="tries to sign in per address, and per login name"
    )
    export_limit: str = Field(default="30/minute", description="exports that one user may ask for")
    filter_limit: str = Field(
        default="120/minute",
        description="filters that one user may send: CQL2, of layers and of tables, each",
    )
    replay_limit: str = Field(
        default="6/minute", description="stored ratings that one user may have computed again"
    )
    basemap_pmtiles: Path | None = Field(default=None, description="local PMTiles base map file")
    basemap_url: str | None = Field(
        default=None, description="base map tile URL on the local network"
    )
    basemap_attribution: str = Field(
        default="", description="whose base map it is, printed on the pages that show it"
    )
    upload_max_bytes: int = Field(
        default=4 << 30, ge=1, description="largest file that is taken over the web"
    )
    streams_max: int = Field(
        default=200, ge=1, description="pages that one process lets follow a job at once, then 503"
    )
    streams_per_user: int = Field(
        default=6, ge=1, description="pages of one user that follow a job at once, then 429"
    )
    preview_job_bytes: int = Field(
        default=8 << 20, ge=0, description="the preview of a larger upload is a job"
    )
    upload_kept_days: int = Field(
        default=30, ge=1, le=3_650, description="days after which an uploaded file is removed"
    )
    worker_jobs: int = Field(default=2, ge=1, le=16, description="jobs that a worker does at once")
    worker_silence_s: float = Field(
        default=30, gt=0, description="after so long without a sign of life a worker is dead"
    )
    accounts: AccountRules = Field(
        default=AccountRules(), description="rules of passwords, locks and sessions, as JSON"
    )
