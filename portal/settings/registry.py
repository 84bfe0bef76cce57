"""What do the registry and its tokens need, and what is remembered of them?"""

from datetime import timedelta
from pathlib import Path

from portal.environment import (
    checked,
    env,
    host_and_port,
    not_empty,
    patterns,
    private_folder,
    read,
    secret_prefix,
    switch,
    web_address,
)
from portal.settings.place import IS_HTTPS, PORTAL_URL, VAR_DIR

REGISTRY_HOST = checked(
    "REGISTRY_HOST",
    read("REGISTRY_HOST", default=f"127.0.0.1:{read('REGISTRY_PORT', env.int, default=5000)}"),
    host_and_port,
)
REGISTRY_URL = checked(
    "REGISTRY_URL", read("REGISTRY_URL", default=f"http://{REGISTRY_HOST}"), web_address
)
REGISTRY_SERVICE = checked(
    "REGISTRY_SERVICE", read("REGISTRY_SERVICE", default="container-registry"), not_empty
)
REGISTRY_ISSUER = checked(
    "REGISTRY_ISSUER", read("REGISTRY_ISSUER", default="container-token-portal"), not_empty
)
# Where clients ask for grants. In production that is the registry's own host name: some clients
# refuse a realm elsewhere, and some lower-case its address.
REGISTRY_REALM = f"{f'https://{REGISTRY_HOST}' if IS_HTTPS else PORTAL_URL}/auth/token".lower()
# How long a grant to pull lasts; clients raise smaller values than 60.
REGISTRY_TOKEN_SECONDS = checked(
    "REGISTRY_TOKEN_SECONDS",
    read("REGISTRY_TOKEN_SECONDS", default="60"),
    lambda text: min(max(int(text), 60), 900),
)
REGISTRY_PUSH_TOKEN_SECONDS = max(REGISTRY_TOKEN_SECONDS, 300)
REGISTRY_CA_CERT_FILE = Path(read("REGISTRY_CA_CERT_FILE", default=str(VAR_DIR / "ca.crt")))
REGISTRY_CA_KEY_FILE = Path(read("REGISTRY_CA_KEY_FILE", default=str(VAR_DIR / "ca.key")))
REGISTRY_CA_DAYS = read("REGISTRY_CA_DAYS", env.int, default=3650)
# With what the registry proves, when it tells of pulls, that it is the registry.
REGISTRY_EVENTS_SECRET = read("REGISTRY_EVENTS_SECRET", default="")
REGISTRY_DEFAULT_REPOSITORIES = checked(
    "REGISTRY_DEFAULT_REPOSITORIES",
    read("REGISTRY_DEFAULT_REPOSITORIES", env.list, default=["public/*"]),
    patterns,
)
# Whether the registry's proxy asks /auth/check about each request: revocations hold at once.
REVOCATION_CHECK = checked("REVOCATION_CHECK", read("REVOCATION_CHECK", default="off"), switch)
# What took access away is also written here, so that a restored database cannot give it back.
REVOCATION_JOURNAL = checked(
    "REVOCATION_JOURNAL",
    read("REVOCATION_JOURNAL", default=str(VAR_DIR / "revocations")),
    private_folder,
)
# How long the gauges of a token are kept.
USES_KEPT = timedelta(days=read("USES_KEPT_DAYS", env.int, default=400))
PULLS_KEPT = timedelta(days=read("PULLS_KEPT_DAYS", env.int, default=400))
REFUSALS_KEPT = timedelta(days=read("REFUSALS_KEPT_DAYS", env.int, default=90))
# What signs how the chains of events end, and where that is written: "-" is standard output.
AUDIT_KEY_FILE = read("AUDIT_KEY_FILE", default="")
AUDIT_CHECKPOINTS = read("AUDIT_CHECKPOINTS", default=str(VAR_DIR / "checkpoints.jsonl"))
# Never changed once tokens exist: scanners know secrets by it.
SECRET_PREFIX = checked("SECRET_PREFIX", read("SECRET_PREFIX", default="twc_"), secret_prefix)
