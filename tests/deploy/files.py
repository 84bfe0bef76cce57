"""What do the files say that the portal is put on a host with?"""

import ast
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = (ROOT / ".env.example").read_text()
# Those that run the portal's image.
OURS = ("prepare", "portal", "jobs")
# What docker-compose.yml reads for itself, or Compose does.
ONLY_COMPOSE = {
    "TLS",
    "COMPOSE_PROJECT_NAME",
    "PORTAL_REPLICAS",
    "PORTAL_IMAGE",
    "POSTGRES_IMAGE",
    "REGISTRY_IMAGE",
    "CADDY_IMAGE",
    "HTTP_PORT",
    "HTTPS_PORT",
    "EDGE_SUBNET",
}


def settings_that_are_read() -> set[str]:
    """The names in every ``read("NAME", …)`` of portal/."""
    calls = [
        node
        for file in (ROOT / "portal").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "read"
    ]
    return {ast.literal_eval(call.args[0]) for call in calls}


def settings_of_the_example() -> set[str]:
    """Those that are set, and those that are shown as comments."""
    return set(re.findall(r"^(?:# )?([A-Z_]+)=", EXAMPLE, re.MULTILINE))


def instructions(name: str) -> list[str]:
    """What follows an instruction of the Dockerfile, for each time that it stands there."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return [line.removeprefix(name).strip() for line in text.splitlines() if line.startswith(name)]
