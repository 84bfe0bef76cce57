"""What does the environment say? Each value is read once, and a wrong one stops the start.

A setting ``NAME`` may also stand in a file that ``NAME_FILE`` names, and in a ``.env`` beside
``manage.py``; the environment wins.
"""

import os
import re
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import django
import environ
from django.core.exceptions import ImproperlyConfigured

from tokens.origin import Network
from tokens.registry.scopes import is_repository_name

Value = TypeVar("Value")

env = environ.FileAwareEnv()


def read(name: str, kind: Callable[..., Any] = env.str, **options: Any) -> Any:
    """The value of a setting.

    Args:
        kind: a method of ``env``, such as ``env.int``; text as a rule.
        options: such as ``default``; without one the setting must be given.

    Raises:
        SystemExit: it is missing or wrong, with one line that names it.
    """
    try:
        value = kind(name, **options)
    except (ImproperlyConfigured, ValueError, OSError) as error:
        raise SystemExit(f"portal: the setting {name} is missing or wrong: {error}") from None
    # As an editor leaves a file, its last line ends; the value does not.
    return value.rstrip("\r\n") if isinstance(value, str) else value


def checked(name: str, value: Any, convert: Callable[[Any], Value]) -> Value:
    """The value converted; where the conversion fails the start ends as with a missing setting."""
    try:
        return convert(value)
    except (ValueError, OSError) as error:
        raise SystemExit(f"portal: the setting {name} is wrong: {error}") from None


def web_address(text: str) -> str:
    """An http(s) address of a host, without a path and without a slash at its end."""
    parts = urlsplit(text)
    is_complete = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    if not is_complete or parts.path.strip("/"):
        raise ValueError(f"{text!r} is no address such as https://portal.example.com")
    return text.rstrip("/")


def host_and_port(text: str) -> str:
    """A registry's host as people type it, with its port if it has one, without a scheme."""
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.port == 0 or parts.path or "@" in text:
        raise ValueError(f"{text!r} is no host such as registry.example.com or 127.0.0.1:5000")
    return text


def picture(text: str) -> Path | None:
    """An SVG, PNG or WebP of at most 64 kB that can be read; None for none."""
    if not text:
        return None
    path = Path(text).resolve()
    if path.suffix not in {".svg", ".png", ".webp"}:
        raise ValueError(f"{text!r} is neither .svg nor .png nor .webp")
    if len(path.read_bytes()) > 65_536:
        raise ValueError(f"{text!r} has more than 64 kB")
    return path


def networks(texts: list[str]) -> list[Network]:
    return [ip_network(text) for text in texts]


def not_empty(text: str) -> str:
    if not text:
        raise ValueError("it is empty")
    return text


def folder(text: str) -> Path:
    """The folder, made where it is missing."""
    path = Path(text).resolve()
    path.mkdir(parents=True, exist_ok=True)
    return path


def private_folder(text: str) -> Path:
    """A folder that this process can read and write, and where it is made, nobody else."""
    path = Path(text).resolve()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise ValueError(f"{path} cannot be read and written")
    return path


def database(text: str) -> dict[str, Any]:
    """Django's settings of a database that the portal is made for; a SQLite's folder is made."""
    parts = urlsplit(text)
    if parts.scheme not in {"sqlite", "postgres", "postgresql"} or not parts.path.strip("/"):
        raise ValueError("it is no address such as postgres://portal:password@localhost/portal")
    config: dict[str, Any] = env.db_url_config(text)
    if parts.scheme == "sqlite":
        folder(str(Path(config["NAME"]).parent))
    return config


def patterns(texts: list[str]) -> list[str]:
    """Patterns of repositories: names, or prefixes with ``/*``."""
    for text in texts:
        if not is_repository_name(text.removesuffix("/*")):
            raise ValueError(f"{text!r} is no pattern such as public/*")
    return texts


def secret_prefix(text: str) -> str:
    """What a secret begins with: nothing that a shell, YAML or a URL would read."""
    if not re.fullmatch(r"[A-Za-z0-9_]{1,16}", text):
        raise ValueError(f"{text!r} is not 1 to 16 letters, digits and underscores")
    return text


def sender(text: str) -> str:
    if "@" not in parseaddr(text)[1]:
        raise ValueError(f"{text!r} is no sender such as Portal <no-reply@portal.example.com>")
    return text


def switch(text: str) -> bool:
    if text not in {"on", "off"}:
        raise ValueError(f"{text!r} is neither on nor off")
    return text == "on"


def mail(config: Mapping[str, Any], *, seconds: int) -> dict[str, Any]:
    """The settings of mail, by Django's version: 6.1 has MAILERS where 5.2 has EMAIL_*.

    Args:
        config: what ``env.email_url`` reads from an address.
        seconds: after how long a mail server that does not answer is given up.
    """
    if django.VERSION < (6, 1):
        return {k: v for k, v in config.items() if v is not None} | {"EMAIL_TIMEOUT": seconds}
    smtp = {
        "host": config["EMAIL_HOST"] or "localhost",
        "port": config["EMAIL_PORT"] or 25,
        "username": config["EMAIL_HOST_USER"] or "",
        "password": config["EMAIL_HOST_PASSWORD"] or "",
        "use_tls": config.get("EMAIL_USE_TLS", False),
        "use_ssl": config.get("EMAIL_USE_SSL", False),
        "timeout": seconds,
    }
    backend = config["EMAIL_BACKEND"]
    options = {"smtp": smtp, "filebased": {"file_path": config["EMAIL_FILE_PATH"]}}
    return {
        "MAILERS": {
            "default": {"BACKEND": backend, "OPTIONS": options.get(backend.split(".")[-2], {})}
        }
    }


def time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{text!r} is no time zone such as Europe/Amsterdam") from None
    return text


def load_dotenv(file: Path) -> None:
    if file.is_file():
        # Read by the plain Env: the other one would open what NAME_FILE names, and not say why.
        environ.Env.read_env(file)
