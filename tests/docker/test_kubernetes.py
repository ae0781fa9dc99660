"""The objects for Kubernetes refer to each other, and to what the programs really answer."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

import kubernetes_validate
import pytest
import yaml

from retriever.access.rules import RULES
from tests.docker.files import DOCKER, ROOT, compose, manifests, stages

FOLDER = DOCKER / "kubernetes"
OBJECTS = manifests("base")
PODS = [each for each in OBJECTS if each["kind"] in {"StatefulSet", "Deployment", "CronJob"}]
SERVICES = compose()["services"]


def _of(kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in OBJECTS if each["kind"] == kind}


def _pod(of: dict[str, Any]) -> dict[str, Any]:
    spec = of["spec"]["jobTemplate"]["spec"] if of["kind"] == "CronJob" else of["spec"]
    found: dict[str, Any] = spec["template"]
    return found


def _containers(of: dict[str, Any]) -> list[dict[str, Any]]:
    spec = _pod(of)["spec"]
    return [*spec.get("initContainers", []), *spec["containers"]]


def _every(name: str) -> Any:
    return pytest.mark.parametrize("each", PODS, ids=lambda each: each["metadata"]["name"] + name)


def test_the_base_names_every_file_of_it():
    listed = yaml.safe_load((FOLDER / "base/kustomization.yaml").read_text())
    files = {file.name for file in (FOLDER / "base").glob("*.yaml")} - {"kustomization.yaml"}
    assert set(listed["resources"]) == files
    used = {container["image"] for pod in PODS for container in _containers(pod)}
    assert {image["name"] for image in listed["images"]} == used
    assert used <= {service["image"] for service in SERVICES.values()}


@_every("")
def test_a_pod_may_run_where_pods_are_restricted(each: dict[str, Any]):
    spec = _pod(each)["spec"]
    user = stages()["engine"].user
    assert f"{spec['securityContext']['runAsUser']}:{spec['securityContext']['runAsGroup']}" == user
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False  # its token would lie where our secrets do
    for container in _containers(each):
        locked = container["securityContext"]
        assert locked["readOnlyRootFilesystem"] is True
        assert locked["allowPrivilegeEscalation"] is False
        assert locked["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]


@_every("")
def test_what_a_container_mounts_is_a_volume_of_its_pod(each: dict[str, Any]):
    _mounts_only_its_own(each)
    spec = _pod(each)["spec"]
    manual = (ROOT / "docs/deploy.md").read_text()
    secrets = [volume["secret"]["secretName"] for volume in spec["volumes"] if "secret" in volume]
    assert [name for name in secrets if not re.search(rf"(generic |`){name}(`| )", manual)] == []
    for source in spec["containers"][0]["envFrom"]:
        assert source["configMapRef"]["name"] in _of("ConfigMap")


def _mounts_only_its_own(each: dict[str, Any]) -> None:
    claimed = {claim["metadata"]["name"] for claim in each["spec"].get("volumeClaimTemplates", [])}
    there = claimed | {volume["name"] for volume in _pod(each)["spec"]["volumes"]}
    for container in _containers(each):
        assert {mount["name"] for mount in container["volumeMounts"]} <= there


def test_the_weekly_training_works_on_the_servers_disk():
    (claim,) = _of("StatefulSet")["retriever"]["spec"]["volumeClaimTemplates"]
    (volume,) = [each for each in _pod(_of("CronJob")["retrain"])["spec"]["volumes"] if each["name"] == "home"]
    assert volume["persistentVolumeClaim"]["claimName"] == f"{claim['metadata']['name']}-retriever-0"
    (near,) = _pod(_of("CronJob")["retrain"])["spec"]["affinity"]["podAffinity"].popitem()[1]
    assert (
        near["labelSelector"]["matchLabels"].items()
        <= _pod(_of("StatefulSet")["retriever"])["metadata"]["labels"].items()
    )


@pytest.mark.parametrize("name", _of("Service"))
def test_a_service_reaches_the_port_that_its_program_listens_on(name: str):
    service = _of("Service")[name]
    (pod,) = [_pod(each) for each in PODS if each["metadata"]["name"] == name]
    assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    (port,) = pod["spec"]["containers"][0]["ports"]
    assert service["spec"]["ports"][0]["targetPort"] == port["name"]
    assert f"127.0.0.1:{port['containerPort']}/" in stages()[name].health[-1]


def test_probes_ask_what_is_answered_without_a_key():
    open_to_all = {rule.template for rule in RULES if rule.role is None}
    (retriever,) = _pod(_of("StatefulSet")["retriever"])["spec"]["containers"]
    (dashboard,) = _pod(_of("Deployment")["dashboard"])["spec"]["containers"]
    kinds = ("startupProbe", "livenessProbe", "readinessProbe")

    assert [retriever[kind]["httpGet"]["path"] for kind in kinds] == ["/healthz", "/healthz", "/readyz"]
    assert {"/healthz", "/readyz"} <= open_to_all
    assert {dashboard[kind]["httpGet"]["path"] for kind in kinds} == {"/_stcore/health"}
    assert "/_stcore/health" in stages()["dashboard"].health[-1]


def test_the_embedded_engine_has_one_server_and_pages_scale():
    assert _of("StatefulSet")["retriever"]["spec"]["replicas"] == 1
    (scaled,) = _of("HorizontalPodAutoscaler").values()
    assert scaled["spec"]["scaleTargetRef"]["name"] in _of(scaled["spec"]["scaleTargetRef"]["kind"])
    assert "replicas" not in _of("Deployment")["dashboard"]["spec"]  # or each apply would undo what was scaled
    for name, budget in _of("PodDisruptionBudget").items():
        (pod,) = [_pod(each) for each in PODS if each["metadata"]["name"] == name]
        assert budget["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert _of("PodDisruptionBudget")["dashboard"]["spec"]["minAvailable"] < scaled["spec"]["minReplicas"]


@pytest.mark.parametrize("name", ["base", "demo", "qdrant"])
def test_kustomize_builds_what_a_cluster_takes(name: str):
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl here")
    command = ["kubectl", "kustomize", str(FOLDER / name)]
    built = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert built.returncode == 0, built.stderr
    objects = list(yaml.safe_load_all(built.stdout))
    (retriever,) = [each for each in objects if each["kind"] == "StatefulSet"]
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in objects if each["kind"].startswith("Horizontal")}
    assert ("replicas" in retriever["spec"]) is ("retriever" not in scaled)
    for each in objects:
        kubernetes_validate.validate(each, "1.30.0", strict=True)
        assert each["metadata"]["labels"]["app.kubernetes.io/part-of"] == "soundalike"
        if each["kind"] in {"StatefulSet", "Deployment", "CronJob"}:
            assert all(container["image"].startswith("registry.example/") for container in _containers(each))
            _mounts_only_its_own(each)
