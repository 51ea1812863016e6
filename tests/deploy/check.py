#!/usr/bin/env python3
"""Checks the manifests of deploy/kubernetes: each against the published schemas, and all against each other.

    check.py [PROGRAM]

With a program that was built with goplug's feature `remote`, also that it knows every option of the Deployment.
"""

import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import yaml

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
# `lifecycle.preStop.sleep` began with the first of them; the other is the newest that the tool has.
OLDEST, NEWEST = "1.30.0", kubernetes_validate.latest_version()
KINDS = {
    "Deployment",
    "Service",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "NetworkPolicy",
}


def check(condition: bool, text: str) -> None:
    if not condition:
        sys.exit(f"deploy/kubernetes: {text}")


def manifests() -> dict[str, dict]:
    """The objects that `kubectl apply -k` makes, by their kinds."""
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    present = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    check(set(listed) == present, f"kustomization.yaml lists {listed}, and there are {present}")
    objects = [yaml.safe_load((FOLDER / name).read_text()) for name in listed]
    by_kind = {it["kind"]: it for it in objects}
    check(len(objects) == len(by_kind) and set(by_kind) == KINDS, f"its kinds are {list(by_kind)}")
    return by_kind


def fault(manifest: dict, version: str) -> str | None:
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return error.message
    return None


def check_schemas(by_kind: dict[str, dict]) -> None:
    for version in (OLDEST, NEWEST):
        for kind, manifest in by_kind.items():
            wrong = fault(manifest, version)
            check(wrong is None, f"{kind} does not fit the schema of {version}: {wrong}")
            # A schema that lets everything pass would show nothing.
            misspelled = {**manifest, "spec": {**manifest["spec"], "replcias": 2}}
            wrong = fault(misspelled, version)
            check("replcias" in str(wrong), f"the schema of {kind} finds no misspelled key: {wrong}")


def check_references(by_kind: dict[str, dict]) -> None:
    """What names something in another object names what is there."""
    deployment = by_kind["Deployment"]
    pod = deployment["spec"]["template"]
    labels, [container] = pod["metadata"]["labels"], pod["spec"]["containers"]
    selectors = {
        "Deployment": deployment["spec"]["selector"]["matchLabels"],
        "Service": by_kind["Service"]["spec"]["selector"],
        "PodDisruptionBudget": by_kind["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        "NetworkPolicy": by_kind["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        "topologySpreadConstraints": pod["spec"]["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
    }
    for of, selector in selectors.items():
        check(bool(selector) and selector.items() <= labels.items(), f"{of} selects other pods")
    autoscaler = by_kind["HorizontalPodAutoscaler"]["spec"]
    target = autoscaler["scaleTargetRef"]
    check(
        target == {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment["metadata"]["name"]},
        "the HorizontalPodAutoscaler scales something else",
    )
    check("replicas" not in deployment["spec"], "the Deployment and its autoscaler both set replicas")
    check("cpu" in container["resources"]["requests"], "there is nothing that the use of cpu is a part of")
    allowed = by_kind["PodDisruptionBudget"]["spec"]["maxUnavailable"]
    check(allowed < autoscaler["minReplicas"], "all pods may be unavailable at once")

    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    [service_port] = by_kind["Service"]["spec"]["ports"]
    [ingress] = by_kind["NetworkPolicy"]["spec"]["ingress"]
    probes = {name: container[name]["httpGet"] for name in ("startupProbe", "readinessProbe", "livenessProbe")}
    for named in [service_port["targetPort"], ingress["ports"][0]["port"], *(it["port"] for it in probes.values())]:
        check(named in ports, f"no port is called {named}")
    paths = {name: it["path"] for name, it in probes.items()}
    expected = {"startupProbe": "/readyz", "readinessProbe": "/readyz", "livenessProbe": "/livez"}
    check(paths == expected, f"its probes ask {paths}")

    options = dict(argument.removeprefix("--").split("=", 1) for argument in container["args"][1:])
    check(int(options["listen"].rsplit(":", 1)[1]) == ports["https"], "it listens on another port")
    check(all(it["scheme"] == "HTTPS" for it in probes.values()), "its probes do not use TLS")
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    check(set(mounts) == {volume["name"] for volume in pod["spec"]["volumes"]}, "a volume is not mounted")
    for option in ("tls-cert", "tls-key", "client-ca", "token-file"):
        where = str(Path(options[option]).parent) if option in options else None
        check(where is None or where in mounts.values(), f"nothing is mounted for --{option}")
    check("client-ca" in options or "token-file" in options, "it serves any caller")
    pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    grace = pod["spec"]["terminationGracePeriodSeconds"]
    check(grace > pause + int(options["drain"]), "it is killed before it has drained")


def check_program(by_kind: dict[str, dict], program: str) -> None:
    help_text = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
    [container] = by_kind["Deployment"]["spec"]["template"]["spec"]["containers"]
    verb, *options = (argument.split("=", 1)[0] for argument in container["args"])
    check(f" {verb} " in help_text, f"{program} has no verb {verb}")
    for option in options:
        check(f" {option} " in help_text, f"{program} has no option {option}")


def main() -> None:
    by_kind = manifests()
    check_schemas(by_kind)
    check_references(by_kind)
    if sys.argv[1:]:
        check_program(by_kind, sys.argv[1])
    print(f"{len(by_kind)} manifests fit Kubernetes {OLDEST} and {NEWEST}, and each other")


main()
