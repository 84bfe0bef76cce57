"""Which clients are explained? One entry here and one template each in templates/instructions/."""

import base64
import json
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import NamedTuple

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KUBERNETES_SECRET = "thinkwise-registry"  # nosec B105


class Group(NamedTuple):
    """Clients that are closed at first and stand together under one heading."""

    slug: str
    name: Promise


SERVERS = Group("servers", _("Other servers"))
CLUSTERS = Group("clusters", _("Other clusters"))
PIPELINES = Group("pipelines", _("Pipelines"))
MIRRORS = Group("mirrors", _("Mirrors"))


class Client(NamedTuple):
    """A client: its name in addresses, its own name, and the reference its section links to.

    Those of no group come first and are open.
    """

    slug: str
    name: str
    reference: str
    group: Group | None = None

    @property
    def template(self) -> str:
        return f"instructions/{self.slug}.html"


# Those of a group stand beside each other.
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
    Client(
        "compose",
        "Docker Compose",
        "https://docs.docker.com/reference/cli/docker/compose/pull/",
        SERVERS,
    ),
    Client(
        "podman",
        "Podman",
        "https://docs.podman.io/en/latest/markdown/podman-login.1.html",
        SERVERS,
    ),
    Client(
        "containerd",
        "containerd",
        "https://github.com/containerd/containerd/blob/main/docs/cri/registry.md",
        SERVERS,
    ),
    Client(
        "watchtower",
        "Watchtower",
        "https://containrrr.dev/watchtower/private-registries/",
        SERVERS,
    ),
    Client("k3s", "k3s, RKE2", "https://docs.k3s.io/installation/private-registry", CLUSTERS),
    Client("nomad", "Nomad", "https://developer.hashicorp.com/nomad/docs/drivers/docker", CLUSTERS),
    Client("github", "GitHub Actions", "https://github.com/docker/login-action", PIPELINES),
    Client(
        "gitlab", "GitLab CI", "https://docs.gitlab.com/ci/docker/using_docker_images/", PIPELINES
    ),
    Client(
        "azure",
        "Azure Pipelines",
        "https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/docker-v2",
        PIPELINES,
    ),
    Client("renovate", "Renovate", "https://docs.renovatebot.com/docker/", PIPELINES),
    Client(
        "artifactory",
        "JFrog Artifactory",
        "https://jfrog.com/help/r/jfrog-artifactory-documentation/remote-credentials",
        MIRRORS,
    ),
    Client(
        "nexus",
        "Sonatype Nexus",
        "https://help.sonatype.com/en/proxy-repository-for-docker.html",
        MIRRORS,
    ),
    Client(
        "harbor",
        "Harbor",
        "https://goharbor.io/docs/latest/administration/configure-proxy-cache/",
        MIRRORS,
    ),
    Client(
        "ecr",
        "Amazon ECR",
        "https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html",
        MIRRORS,
    ),
    Client(
        "acr",
        "Azure Container Registry",
        "https://learn.microsoft.com/azure/container-registry/artifact-cache-overview",
        MIRRORS,
    ),
)


class Values(NamedTuple):
    """What is filled in, a person's own values or words in angle brackets, and files of them.

    The files are for a token at hand: none can be made of words.
    """

    registry: str
    repository: str
    username: str
    secret: str
    kubernetes_secret: str = KUBERNETES_SECRET

    @property
    def shown_secret(self) -> str:
        """The secret, or words in its place."""
        return self.secret or "<token-secret>"

    @property
    def auth_config(self) -> str:
        """What ``config.json`` of Docker needs for this log-in, to be merged into it.

        One line without a space, as GitLab wants of a variable that it masks.
        """
        return self._docker_config({"auth": self._pair})

    @property
    def kubernetes_manifest(self) -> str:
        """A ``Secret``, the same as ``kubectl create secret docker-registry`` makes."""
        login = {"username": self.username, "password": self.secret, "auth": self._pair}
        return (
            "apiVersion: v1\n"
            "kind: Secret\n"
            "metadata:\n"
            f"  name: {self.kubernetes_secret}\n"
            "type: kubernetes.io/dockerconfigjson\n"
            "data:\n"
            f"  .dockerconfigjson: {_base64(self._docker_config(login))}\n"
        )

    @property
    def environment_file(self) -> str:
        """A ``.env``, which Compose and a shell read alike: no value needs quotes."""
        return (
            f"REGISTRY={self.registry}\n"
            f"REGISTRY_USERNAME={self.username}\n"
            f"REGISTRY_PASSWORD={self.shown_secret}\n"
        )

    @property
    def _pair(self) -> str:
        return _base64(f"{self.username}:{self.secret}")

    def _docker_config(self, login: dict[str, str]) -> str:
        return json.dumps({"auths": {self.registry: login}}, separators=(",", ":"))


class File(NamedTuple):
    """A file that holds a new secret: what it is called on its button, its media type, its text."""

    label: Promise | str
    kind: str
    of: Callable[[Values], str]


FILES = {
    "registry-secret.yaml": File(
        _("Kubernetes manifest"),
        "application/yaml",
        attrgetter("kubernetes_manifest"),
    ),
    "config.json": File(_("Docker config.json"), "application/json", attrgetter("auth_config")),
    "registry.env": File(_(".env"), "text/plain", attrgetter("environment_file")),
}


def values(
    patterns: Iterable[str], *, username: str = "<token-username>", secret: str = ""
) -> Values:
    """The values of a token, or placeholders, for somebody who may pull these patterns."""
    return Values(settings.REGISTRY_HOST, _example(patterns), username, secret)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _example(patterns: Iterable[str]) -> str:
    """A repository that the patterns allow: ``public/<image>`` for ``public/*``."""
    first = next(iter(patterns), "<repository>")
    return f"{first[:-1]}<image>" if first.endswith("/*") else first
