"""Which clients are explained? One entry here and one template each in templates/instructions/."""

import base64
import json
from collections.abc import Iterable
from typing import NamedTuple

from django.conf import settings

KUBERNETES_SECRET = "thinkwise-registry"  # nosec B105


class Client(NamedTuple):
    """A client: its name in addresses, its own name, and the reference its section links to."""

    slug: str
    name: str
    reference: str

    @property
    def template(self) -> str:
        return f"instructions/{self.slug}.html"


CLIENTS = (
    Client("docker", "Docker", "https://docs.docker.com/reference/cli/docker/login/"),
    Client(
        "swarm",
        "Docker Swarm",
        "https://docs.docker.com/reference/cli/docker/service/create/#with-registry-auth",
    ),
    Client(
        "kubernetes",
        "Kubernetes",
        "https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/",
    ),
)


class Values(NamedTuple):
    """What is filled in: a person's own values, or words in angle brackets."""

    registry: str
    repository: str
    username: str
    secret: str
    kubernetes_secret: str = KUBERNETES_SECRET

    @property
    def docker_config(self) -> str:
        """The ``config.json`` of Docker for this log-in, in base64, as Kubernetes stores it.

        Its shape is that of ``kubectl create secret docker-registry``.
        """
        pair = base64.b64encode(f"{self.username}:{self.secret}".encode()).decode()
        login = {"username": self.username, "password": self.secret, "auth": pair}
        config = json.dumps({"auths": {self.registry: login}}, separators=(",", ":"))
        return base64.b64encode(config.encode()).decode()


def values(
    patterns: Iterable[str], *, username: str = "<token-username>", secret: str = ""
) -> Values:
    """The values of a token, or placeholders, for somebody who may pull these patterns."""
    return Values(settings.REGISTRY_HOST, _example(patterns), username, secret)


def _example(patterns: Iterable[str]) -> str:
    """A repository that the patterns allow: ``public/<image>`` for ``public/*``."""
    first = next(iter(patterns), "<repository>")
    return f"{first[:-1]}<image>" if first.endswith("/*") else first
