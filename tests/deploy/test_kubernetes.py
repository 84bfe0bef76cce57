"""Do the manifests say what Kubernetes understands, and allow no more than they must?"""

import re
import shutil
import subprocess
from functools import cache
from typing import Any

import kubernetes_validate
import pytest
import yaml

from portal import gunicorn
from tests.deploy.files import ROOT, settings_that_are_read

FOLDER = ROOT / "deploy" / "kubernetes"
WITHIN = 60  # seconds
OURS = {"portal", "jobs", "migrate"}
# From the oldest that is still maintained to the newest.
VERSIONS = ("1.34", "1.37")
SECONDS_TO_SPARE = 5

Manifest = dict[str, Any]


@cache
def built(folder: str) -> list[Manifest]:
    """What would be applied."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl: it is not installed")
    command = ["kubectl", "kustomize", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return list(yaml.safe_load_all(done.stdout))


def example() -> list[Manifest]:
    return built(str(FOLDER / "example"))


def of_kind(*kinds: str) -> dict[str, Manifest]:
    return {one["metadata"]["name"]: one for one in example() if one["kind"] in kinds}


def pods() -> dict[str, Manifest]:
    """The specification of each workload's pods."""
    return {name: one["spec"]["template"] for name, one in of_kind("Deployment", "Job").items()}


def container(name: str) -> Manifest:
    (only,) = pods()[name]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_one_by_the_published_schemas(version: str) -> None:
    for manifest in example():
        kubernetes_validate.validate(manifest, version, strict=True)


def test_a_mistake_would_be_found() -> None:
    manifest = of_kind("Deployment")["portal"]
    wrong = manifest | {"spec": manifest["spec"] | {"minReadySecond": 5}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_everything_lies_in_the_namespace_that_allows_least() -> None:
    (namespace,) = of_kind("Namespace").values()
    labels = namespace["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    others = [one for one in example() if one["kind"] != "Namespace"]
    assert {one["metadata"]["namespace"] for one in others} == {namespace["metadata"]["name"]}


def test_no_pod_has_rights_that_it_does_not_need() -> None:
    assert pods().keys() == OURS | {"registry"}
    for name, pod in pods().items():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 1000
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container(name)["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {next(key for key in v if key != "name") for v in spec["volumes"]} <= {
            "secret",
            "emptyDir",
            "persistentVolumeClaim",
        }


def test_pods_are_who_the_image_is() -> None:
    user = int((ROOT / "Dockerfile").read_text().split("USER ")[1].split(":")[0])
    assert {pods()[name]["spec"]["securityContext"]["runAsUser"] for name in OURS} == {user}


def test_accounts_hold_no_token() -> None:
    accounts = of_kind("ServiceAccount")
    assert {pod["spec"]["serviceAccountName"] for pod in pods().values()} == accounts.keys()
    assert not any(account["automountServiceAccountToken"] for account in accounts.values())


def test_secrets_are_referred_to_and_never_made() -> None:
    assert not of_kind("Secret")
    given = container("portal")["env"]
    made = re.findall(r"^write (\w+)", (ROOT / "deploy" / "new-secrets").read_text(), re.MULTILINE)
    for setting in given:
        assert setting["name"].endswith("_FILE")
        _, _, folder, file = setting["value"].rsplit("/", 3)
        assert file in {"portal": made, "authority": ["ca.crt", "ca.key"]}[folder]


def test_all_that_run_the_image_are_told_the_same() -> None:
    for part in ("image", "env", "envFrom", "volumeMounts"):
        assert container("portal")[part] == container("jobs")[part] == container("migrate")[part]


def test_the_journal_lies_on_one_volume_of_all_that_outlives_them() -> None:
    (claim,) = of_kind("PersistentVolumeClaim").values()
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    (settings,) = (one["data"] for name, one in of_kind("ConfigMap").items() if "portal" in name)
    for name in OURS:
        (volume,) = (v for v in pods()[name]["spec"]["volumes"] if "persistentVolumeClaim" in v)
        assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
        paths = {m["name"]: m["mountPath"] for m in container(name)["volumeMounts"]}
        assert paths[volume["name"]] == settings["REVOCATION_JOURNAL"]


def test_every_setting_that_is_given_is_one_that_the_portal_reads() -> None:
    (settings,) = of_kind("ConfigMap").values()
    given = settings["data"].keys() | {setting["name"] for setting in container("portal")["env"]}
    read = settings_that_are_read()
    assert {name for name in given if not {name, name.removesuffix("_FILE")} & read} == set()


def selected(selector: Manifest) -> set[str]:
    """The workloads whose pods a selector means."""
    wanted = {key: {value} for key, value in selector.get("matchLabels", {}).items()}
    for rule in selector.get("matchExpressions", []):
        assert rule["operator"] == "In"
        wanted[rule["key"]] = set(rule["values"])
    labels = {name: pod["metadata"]["labels"] for name, pod in pods().items()}
    return {name for name in labels if all(labels[name].get(key) in wanted[key] for key in wanted)}


def test_each_selector_means_the_pods_of_its_name() -> None:
    for name, service in of_kind("Service").items():
        assert selected({"matchLabels": service["spec"]["selector"]}) == {name}
    for name, workload in of_kind("Deployment", "PodDisruptionBudget").items():
        assert selected(workload["spec"]["selector"]) == {name}
    (scaler,) = of_kind("HorizontalPodAutoscaler").values()
    target = scaler["spec"]["scaleTargetRef"]
    assert "replicas" not in of_kind(target["kind"])[target["name"]]["spec"]


def test_only_whom_a_rule_names_may_speak() -> None:
    policies = {name: one["spec"] for name, one in of_kind("NetworkPolicy").items()}
    nobody = policies.pop("nobody")
    assert nobody == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    reached = {
        name
        for policy in policies.values()
        if policy.get("ingress")
        for name in selected(policy["podSelector"])
    }
    assert reached == {"portal", "registry"}
    for policy in policies.values():
        assert selected(policy["podSelector"])
        assert all(rule.get("from") for rule in policy.get("ingress", []))
        assert all(rule.get("ports") for rule in policy.get("egress", []))


@pytest.mark.parametrize("name", ["portal", "registry"])
def test_a_pod_that_ends_serves_until_all_proxies_know_and_finishes_what_it_began(
    name: str,
) -> None:
    waits = int(container(name)["lifecycle"]["preStop"]["exec"]["command"][1])
    drain = [e["value"] for e in container(name)["env"] if e["name"].endswith("DRAINTIMEOUT")]
    finishes = int(drain[0].removesuffix("s")) if drain else gunicorn.graceful_timeout
    has = pods()[name]["spec"]["terminationGracePeriodSeconds"]
    assert has >= waits + finishes + SECONDS_TO_SPARE
    strategy = of_kind("Deployment")[name]["spec"]["strategy"]
    assert strategy["rollingUpdate"]["maxUnavailable"] == 0


def test_jobs_never_run_twice() -> None:
    spec = of_kind("Deployment")["jobs"]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_the_health_of_the_portal_is_asked_where_it_tells_it() -> None:
    probes = {name: container("portal")[f"{name}Probe"] for name in PROBED}
    assert {name: probe["httpGet"]["path"] for name, probe in probes.items()} == PROBED


PROBED = {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}


def test_an_ingress_and_a_gateway_lead_to_the_same() -> None:
    ingress = {
        (rule["host"], path["path"].rstrip("/"), path["pathType"].removeprefix("Path")): path[
            "backend"
        ]["service"]["name"]
        for one in of_kind("Ingress").values()
        for rule in one["spec"]["rules"]
        for path in rule["http"]["paths"]
    }
    assert ingress == LEADS_TO
    routes = list(yaml.safe_load_all((FOLDER / "gateway" / "routes.yaml").read_text()))
    whole = {"path": {"type": "PathPrefix", "value": "/"}}
    gateway = {
        (
            host,
            match["path"]["value"].rstrip("/"),
            match["path"]["type"].removeprefix("Path"),
        ): rule["backendRefs"][0]["name"]
        for route in routes
        for host in route["spec"]["hostnames"]
        for rule in route["spec"]["rules"]
        for match in rule.get("matches", [whole])
    }
    assert gateway == LEADS_TO


LEADS_TO = {
    ("portal.example.com", "", "Prefix"): "portal",
    ("registry.example.com", "/auth/token", "Exact"): "portal",
    ("registry.example.com", "/v2", "Prefix"): "registry",
}
