"""Everything about the surroundings that a person may set, with its type, bounds and unit.

Values come from the environment, then `.env`, then `.local/services.env`, which `make run` writes.
A wrong value stops the start with the list of all that is wrong.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, IPvAnyNetwork, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

BASE_DIR = Path(__file__).resolve().parent.parent
SECRETS_DIR = Path("/run/secrets")


class Env(BaseSettings):
    """The environment, prefix `LPR_`. Lists are JSON. Secrets may be files in /run/secrets."""

    model_config = SettingsConfigDict(
        env_prefix="LPR_",
        env_file=(BASE_DIR / ".local" / "services.env", BASE_DIR / ".env"),
        env_ignore_empty=True,
        secrets_dir=SECRETS_DIR if SECRETS_DIR.is_dir() else None,
        extra="ignore",
    )

    secret_key: SecretStr = Field(
        min_length=32, description="Signs sessions and links; any long random text."
    )
    encryption_keys: list[SecretStr] = Field(
        min_length=1,
        description="Fernet keys that encrypt stream passwords; the first encrypts, all decrypt.",
    )
    database_url: SecretStr = Field(
        description="postgresql://user:password@host:port/name, with PostGIS."
    )
    database_pool_size: int = Field(
        8, ge=1, le=100, description="Connections that one process keeps open at most."
    )
    redis_url: SecretStr = Field(
        description="redis://:password@host:port; databases 0 to 3 are used."
    )
    debug: bool = Field(
        default=False, description="Error pages with code. Never on a server that others reach."
    )
    log_format: Literal["console", "json"] = Field("json", description="How log lines look.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged."
    )
    allowed_hosts: list[str] = Field(
        default=["localhost", "127.0.0.1", "[::1]"],
        description="Names under which the server answers.",
    )
    trusted_origins: list[str] = Field(
        default=[],
        description="Origins (https://name) from which forms may be sent, behind a proxy.",
    )
    behind_https_proxy: bool = Field(
        default=False,
        description="A proxy ends TLS and sets X-Forwarded-Proto: secure cookies, HSTS, redirects.",
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=5,
        description="How many proxies stand before the server, for the client's address.",
    )
    data_dir: Path = Field(
        BASE_DIR / ".local" / "data", description="Pictures and uploads lie here."
    )
    models_dir: Path = Field(
        BASE_DIR / ".local" / "models", description="Pulled recognition models lie here."
    )
    sources_dir: Path = Field(
        BASE_DIR / ".local" / "sources",
        description=(
            "In `cameras/<short name of an organization>/` the video files and picture folders "
            "that its cameras may play; in `feeds/<short name>/` the files of its feeds."
        ),
    )
    allow_loopback_sources: bool = Field(
        default=False,
        description="Cameras may be on this machine itself or on link-local addresses.",
    )
    outgoing_allowed_networks: list[IPvAnyNetwork] = Field(
        default=[],
        description="Private networks (CIDR) that webhooks, feeds and look-ups may call into.",
    )
    map_tile_url: str = Field(
        "",
        description="Map tiles, https://…/{z}/{x}/{y}.png; empty draws coastlines and a grid.",
    )
    map_tile_attribution: str = Field(
        "", description="What the owner of the tiles wants to read on the map."
    )
    picture_quality: int = Field(80, ge=30, le=100, description="Quality of kept frames (JPEG).")
    upload_max_mib: int = Field(
        512, ge=1, le=10_240, description="Largest file that a person may upload, MiB."
    )
    storage_reserve_mib: int = Field(
        1024, ge=0, le=1_048_576, description="Room that files from outside must leave free, MiB."
    )
    export_direct_rows: int = Field(
        10_000, ge=0, le=100_000, description="Rows that are sent at once; more become a file."
    )
    export_max_rows: int = Field(
        5_000_000, ge=1, le=100_000_000, description="Most rows in one exported file."
    )
    export_max_mib: int = Field(
        2048, ge=1, le=4000, description="Largest exported file or evidence pack, MiB."
    )
    export_kept_hours: int = Field(
        72, ge=1, le=8784, description="How long exported files and packs are kept, hours."
    )
    exports_at_once: int = Field(
        3, ge=1, le=100, description="Exports that one account may have in the making."
    )
    evidence_max_detections: int = Field(
        100, ge=1, le=1000, description="Most detections in one evidence pack."
    )
    signing_key_dir: Path = Field(
        BASE_DIR / ".local" / "keys",
        description="The private key that signs evidence lies here, and nowhere else.",
    )
    recognition_device: Literal["cpu", "cuda"] = Field(
        "cpu", description="Where the detector runs."
    )
    recognition_threads: int = Field(
        1, ge=1, le=64, description="Threads of one recognition worker's engine."
    )
    recognition_batch: int = Field(8, ge=1, le=64, description="Most frames in one micro-batch.")
    recognition_gather_ms: int = Field(
        5, ge=0, le=100, description="How long a batch waits for more frames, ms."
    )
    language: Literal["en", "th"] = Field(
        "en", description="Language where a person has chosen none."
    )
    time_zone: str = Field(
        "Asia/Bangkok", description="Zone in which times are shown where an organization has none."
    )
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/]+)?/?$",
        description="Where people open the server, https://name; empty: messages carry no links.",
    )
    email_url: str = Field(
        "", description="smtp://user:password@host:587; empty writes mails to the log."
    )
    email_from: str = Field("lpr-server@localhost", description="From whom mails come.")
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Bearer token for /metrics; empty closes it."
    )
