"""Is every instruction that the portal prints one that is run here?"""

import pytest

from tests.real.printed import Printed
from tests.stack import ROOT, Session

pytestmark = pytest.mark.engine

# Which module runs it or, where its client cannot be had, reads it as the client would.
RUN_IN = {
    "real/test_docker.py": [
        "docker-login",
        "docker-pull",
        "docker-merge",
        "watchtower-login",
        "nomad-login",
    ],
    "real/test_swarm.py": ["swarm-login", "swarm-create", "swarm-update"],
    "real/test_kubernetes.py": [
        "kubernetes-command",
        "kubernetes-manifest",
        "kubernetes-pod",
        "kubernetes-replace",
        "kubernetes-account-add",
        "kubernetes-account-first",
    ],
    "real/test_compose.py": [
        "compose-login",
        "compose-file",
        "compose-up",
        "compose-env",
        "compose-script",
    ],
    "real/test_podman.py": ["podman-login", "podman-pull", "ecr-copy", "acr-copy"],
    "real/test_containerd.py": [
        "containerd-pull",
        "containerd-config-one",
        "containerd-config-two",
        "containerd-check",
        "k3s-registries",
        "k3s-check",
    ],
    "rules/test_formats.py": [
        "kubernetes-helm",
        "containerd-restart",
        "k3s-restart",
        "watchtower-service",
        "nomad-client",
        "nomad-job",
        "github-secret",
        "github-step",
        "github-job",
        "gitlab-variable",
        "gitlab-job",
        "azure-address",
        "azure-step",
        "azure-container",
        "renovate-rule",
        "artifactory-address",
        "artifactory-pull",
        "nexus-address",
        "nexus-pull",
        "harbor-address",
        "harbor-pull",
        "ecr-login",
        "acr-login",
    ],
}


def test_every_printed_block_is_tried_with_its_client(printed: Printed) -> None:
    assert printed.blocks.keys() == {block for blocks in RUN_IN.values() for block in blocks}
    for module, blocks in RUN_IN.items():
        text = (ROOT / "tests" / module).read_text()
        assert [block for block in blocks if f'"{block}"' not in text] == []


def test_the_page_of_a_secret_fills_in_what_the_instructions_leave_open(
    printed: Printed, person: Session
) -> None:
    general = Printed(person.get("/instructions/").text).blocks
    own = printed.blocks
    # In base64 no words can stand for the secret.
    assert own.keys() - general.keys() == {"kubernetes-manifest", "gitlab-variable"}
    assert general.keys() - own.keys() == {"gitlab-make"}
    username, secret = printed.credential.username, printed.credential.secret
    for name in general.keys() & own.keys():
        text = general[name].replace("<token-username>", username)
        assert text.replace("<token-secret>", secret) == own[name]
