"""What the operator builds, against Kubernetes' own schemas and against what it is for."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from audiocast_operator.decide.rotation import Keyring
from audiocast_operator.errors import BadSpec
from audiocast_operator.manifests.monitoring import build_pod_monitor
from audiocast_operator.manifests.network import (
    build_http_route,
    build_ingress,
    build_network_policy,
    build_peers_service,
    build_service,
)
from audiocast_operator.manifests.owner import Owner
from audiocast_operator.manifests.pod import CONTAINER_SECURITY, build_service_account
from audiocast_operator.manifests.secrets import (
    build_ingest_secret,
    build_keys_secret,
    content_hash,
    read_entry,
    read_external_secrets,
    read_keyring,
)
from audiocast_operator.manifests.statefulset import build_pod_disruption_budget, build_statefulset
from audiocast_operator.manifests.urls import build_stream_urls
from audiocast_operator.models.audio_cast import AudioCastSpec, SecretSpec
from audiocast_operator.models.server_settings import OWNED_SETTINGS
from audiocast_operator.names import NAME_LABEL, RULES_FILE, RULES_FOLDER, SECRET_HASH, selector_labels
from tests.helm.chart import Chart
from tests.helm.kubernetes_schemas import complaints_of
from tests.operator.restricted import is_restricted
from tests.repo import tree

CAST = Owner("AudioCast", "radio", "live", "uid-of-live")
RING = Keyring(("new", "old"), 2, "Overlap", datetime(2030, 1, 1, tzinfo=UTC))
EVERYTHING: dict[str, Any] = {
    "image": "registry.example.org/audiocast:1",
    "autoscaling": {"minReplicas": 2, "maxReplicas": 9},
    "publicUrl": "https://radio.example.org",
    "settings": {"MAX_LISTENERS": "5000", "LOG_FORMAT": "console"},
    "service": {
        "type": "LoadBalancer",
        "port": 8080,
        "nodePort": 30080,
        "annotations": {"a": "b"},
        "labels": {"exposed": "yes"},
        "ipFamilyPolicy": "PreferDualStack",
        "ipFamilies": ["IPv6", "IPv4"],
        "loadBalancerSourceRanges": ["192.0.2.0/24"],
        "externalTrafficPolicy": "Local",
    },
    "ingress": {
        "host": "radio.example.org",
        "className": "nginx",
        "tlsSecretName": "cert",
        "annotations": {"c": "d"},
    },
    "monitoring": {"podMonitor": True, "namespace": "monitoring", "labels": {"release": "prometheus"}},
    "drain": {"timeoutSeconds": 120},
    "httpRoute": {
        "parentRefs": [{"name": "public", "sectionName": "https"}],
        "hostnames": ["radio.example.org"],
        "filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"remove": ["X-Internal"]}}],
    },
    "networkPolicy": {
        "httpFrom": [{"namespaceSelector": {}}],
        "internalFrom": [{"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.1/32"]}}],
        "extraEgress": [{"to": [{"podSelector": {}}], "ports": [{"port": "internal"}, {"port": 443}]}],
    },
    "serviceAccount": {"annotations": {"example.org/role": "reader"}, "token": False},
    "pod": {
        "securityContext": {"fsGroup": 2000},
        "containerSecurityContext": {"runAsUser": 1000},
        "env": [{"name": "PYTHONFAULTHANDLER", "value": "1"}],
        "envFrom": [{"configMapRef": {"name": "more"}}],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        "initContainers": [{"name": "wait", "image": "busybox:1.37", "securityContext": CONTAINER_SECURITY}],
        "containers": [{"name": "idle", "image": "busybox:1.37", "securityContext": CONTAINER_SECURITY}],
        "hostAliases": [{"ip": "192.0.2.1", "hostnames": ["old-encoder"]}],
        "dnsConfig": {"options": [{"name": "ndots", "value": "2"}]},
        "topologySpread": {"whenUnsatisfiable": "DoNotSchedule"},
        "labels": {"team": "radio", "app.kubernetes.io/name": "mine"},
        "annotations": {"e": "f"},
        "resources": {"requests": {"cpu": "1"}},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "audio", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "priorityClassName": "high",
        "imagePullSecrets": ["pull"],
    },
}
LEAST = {"image": "audiocast:1", "replicas": 2}
USERS = ("runAsUser", "runAsGroup", "fsGroup")


def route(section: str, host: str) -> dict[str, Any]:
    return {"httpRoute": {"parentRefs": [{"name": "gate", "sectionName": section}], "hostnames": [host]}}


def spec_of(given: dict[str, Any]) -> AudioCastSpec:
    return AudioCastSpec.model_validate(given)


def statefulset(given: dict[str, Any], replicas: int = 2) -> dict[str, Any]:
    return build_statefulset(
        CAST,
        spec_of(given),
        replicas=replicas,
        secret_name="live-keys",
        secret_hash="abc",
        cluster_domain="cluster.local",
    )


def objects(given: dict[str, Any]) -> list[dict[str, Any]]:
    spec = spec_of(given)
    built = [
        statefulset(given),
        build_service(CAST, spec),
        build_peers_service(CAST, spec),
        build_pod_disruption_budget(CAST, 2),
        build_ingress(CAST, spec),
        build_http_route(CAST, spec),
        build_service_account(CAST, spec),
        build_network_policy(CAST, spec, "operators"),
        build_pod_monitor(CAST, spec),
        build_keys_secret(CAST, RING, "token"),
        build_ingest_secret(
            Owner("Stream", "radio", "news", "u"), "live", build_stream_urls(CAST, spec, "news"), "key"
        ),
    ]
    return [each for each in built if each is not None]


@pytest.mark.parametrize("given", [LEAST, EVERYTHING], ids=["least", "everything"])
def test_every_version_of_kubernetes_takes_what_is_built(given: dict[str, Any]) -> None:
    assert complaints_of(objects(given)) == []


@pytest.mark.parametrize("given", [LEAST, EVERYTHING], ids=["least", "everything"])
def test_all_is_owned_named_and_labelled(given: dict[str, Any]) -> None:
    built = objects(given)
    assert all(each["metadata"]["ownerReferences"][0]["controller"] for each in built)
    assert all(each["metadata"]["namespace"] == "radio" for each in built)
    assert all(each["metadata"]["labels"]["app.kubernetes.io/instance"] == "live" for each in built)
    named = [(each["kind"], each["metadata"]["name"]) for each in built]
    assert len(named) == len(set(named))


@pytest.mark.parametrize("given", [LEAST, EVERYTHING], ids=["least", "everything"])
def test_pods_are_restricted_and_found_by_their_selectors(given: dict[str, Any]) -> None:
    built = statefulset(given)
    template = built["spec"]["template"]
    assert is_restricted(template["spec"])
    assert template["spec"]["automountServiceAccountToken"] is False
    selected = selector_labels("live").items()
    assert selected <= template["metadata"]["labels"].items()
    assert built["spec"]["selector"]["matchLabels"].items() == selected
    assert build_service(CAST, spec_of(given))["spec"]["selector"].items() == selected
    assert build_pod_disruption_budget(CAST, 2)["spec"]["selector"]["matchLabels"].items() == selected


@pytest.mark.parametrize(("replicas", "stay"), [(0, 0), (1, 0), (2, 1), (9, 8)])
def test_one_pod_at_a_time_may_go(replicas: int, stay: int) -> None:
    spec = build_pod_disruption_budget(CAST, replicas)["spec"]
    assert (spec["minAvailable"], spec["unhealthyPodEvictionPolicy"]) == (stay, "AlwaysAllow")
    assert "maxUnavailable" not in spec


def test_scaling_changes_nothing_in_the_pod_template() -> None:
    few, many = statefulset(LEAST, replicas=2), statefulset({**LEAST, "replicas": 9}, replicas=9)
    assert few["spec"]["template"] == many["spec"]["template"]
    assert (few["spec"]["replicas"], many["spec"]["replicas"]) == (2, 9)


def test_kubernetes_replaces_nobody_by_itself() -> None:
    assert statefulset(LEAST)["spec"]["updateStrategy"] == {"type": "OnDelete"}


def test_the_grace_period_holds_the_drain() -> None:
    pod = statefulset(EVERYTHING)["spec"]["template"]["spec"]
    [container, _] = pod["containers"]
    sleep_seconds = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    environment = {each["name"]: each.get("value") for each in container["env"]}
    assert environment["DRAIN_SECONDS"] == "120"
    assert pod["terminationGracePeriodSeconds"] >= sleep_seconds + 120 + 5


def test_settings_of_the_spec_come_before_defaults_and_not_before_the_operators_own() -> None:
    [container, _] = statefulset(EVERYTHING)["spec"]["template"]["spec"]["containers"]
    named = [each["name"] for each in container["env"]]
    assert len(named) == len(set(named))
    environment = {each["name"]: each.get("value") for each in container["env"]}
    assert (environment["LOG_FORMAT"], environment["MAX_LISTENERS"]) == ("console", "5000")
    assert environment["PEERS"] == "dns+live-peers.radio.svc.cluster.local.:8001"


def test_pods_with_a_certificate_speak_tls_at_the_services_port() -> None:
    tls = {"secretName": "cert", "port": 8443, "nodePort": 30443, "redirect": True}
    given = {**LEAST, "tls": tls, "service": {"type": "NodePort"}}
    pod = statefulset(given)["spec"]["template"]["spec"]
    [server] = pod["containers"]
    named = {each["name"]: each.get("value") for each in server["env"]}
    mount, volume = (
        next(each for each in found if each["name"] == "tls")
        for found in (server["volumeMounts"], pod["volumes"])
    )
    assert named["TLS_CERTIFICATE"] == f"{mount['mountPath']}/tls.crt"
    assert (named["HTTPS_REDIRECT_PORT"], volume["secret"]) == ("8443", {"secretName": "cert"})
    assert {"name": "https", "containerPort": 8443, "protocol": "TCP"} in server["ports"]
    [_, https] = build_service(CAST, spec_of(given))["spec"]["ports"]
    assert (https["port"], https["targetPort"], https["nodePort"]) == (8443, "https", 30443)


def test_probes_do_not_depend_on_peers() -> None:
    [container] = statefulset(LEAST)["spec"]["template"]["spec"]["containers"]
    paths = {name: container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")}
    assert paths == {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}


def test_only_members_operator_and_prometheus_reach_the_internal_port() -> None:
    given = {**EVERYTHING, "networkPolicy": {}}
    policy = build_network_policy(CAST, spec_of(given), "operators")
    assert policy is not None
    [public, internal] = policy["spec"]["ingress"]
    assert (public["ports"][0]["port"], "from" in public) == ("http", False)
    assert internal["ports"][0]["port"] == "internal"
    assert [set(each) for each in internal["from"]] == [
        {"podSelector"},
        {"namespaceSelector", "podSelector"},
        {"namespaceSelector"},
    ]
    operator = internal["from"][1]
    assert operator["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "operators"}}
    beside = build_network_policy(CAST, spec_of(given), "")
    assert beside is not None
    operator = beside["spec"]["ingress"][1]["from"][1]
    assert operator["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": CAST.namespace}}
    assert build_network_policy(CAST, spec_of({**LEAST, "networkPolicy": {"enabled": False}}), "") is None
    # As the CRD of before had it.
    assert build_network_policy(CAST, spec_of({**LEAST, "networkPolicy": False}), "") is None
    assert build_network_policy(CAST, spec_of({**LEAST, "networkPolicy": True}), "") is not None


def test_what_the_operator_needs_is_not_the_specs_to_change() -> None:
    pod = {
        "labels": {"audiocast.dev/cast": "other", "team": "radio"},
        "annotations": {SECRET_HASH: "other"},
        "envFrom": [{"secretRef": {"name": "other"}}],
        "containerSecurityContext": {"capabilities": {"add": ["NET_BIND_SERVICE"]}},
    }
    template = statefulset({**LEAST, "pod": pod})["spec"]["template"]
    assert template["metadata"]["labels"].items() >= {**selector_labels("live"), "team": "radio"}.items()
    assert template["metadata"]["annotations"][SECRET_HASH] == "abc"
    [server] = template["spec"]["containers"]
    # What a container names itself comes before its `envFrom`.
    named = {each["name"]: each.get("value") for each in server["env"]}
    assert {*OWNED_SETTINGS} <= named.keys()
    assert (named["PORT"], named["INTERNAL_PORT"], named["WORKERS"]) == ("8000", "8001", "1")
    assert server["securityContext"]["capabilities"] == {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}
    assert server["securityContext"]["readOnlyRootFilesystem"] is True


def test_all_ways_in_lead_to_the_service_by_its_name() -> None:
    given = {**EVERYTHING, "service": {"name": "of-before"}, "publicUrl": "", "ingress": {"host": "a"}}
    spec = spec_of(given)
    built = {each["kind"]: each for each in objects(given)}
    assert build_service(CAST, spec)["metadata"]["name"] == "of-before"
    [rule] = built["Ingress"]["spec"]["rules"]
    assert rule["http"]["paths"][0]["backend"]["service"]["name"] == "of-before"
    [rule] = built["HTTPRoute"]["spec"]["rules"]
    assert rule["backendRefs"][0]["name"] == "of-before"
    links = build_stream_urls(CAST, spec_of({**LEAST, "service": {"name": "of-before"}}), "news")
    assert links.stream == "http://of-before.radio.svc/stream/news"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"service": {"name": "live-peers"}}, r"service\.name: expected another name"),
        (
            {"peers": {"selector": {"app.kubernetes.io/instance": "other"}}},
            r"peers\.selector: expected labels",
        ),
    ],
)
def test_a_service_that_could_not_work_is_refused(more: dict[str, Any], why: str) -> None:
    spec = spec_of({**LEAST, **more})
    with pytest.raises(BadSpec, match=why):
        [build_service(CAST, spec), build_peers_service(CAST, spec)]


def test_what_is_not_wanted_is_not_built() -> None:
    assert build_ingress(CAST, spec_of(LEAST)) is None
    assert build_pod_monitor(CAST, spec_of(LEAST)) is None


def test_a_pod_monitor_scrapes_the_internal_port() -> None:
    built = build_pod_monitor(CAST, spec_of(EVERYTHING))
    assert built is not None
    [endpoint] = built["spec"]["podMetricsEndpoints"]
    assert endpoint == {"port": "internal", "path": "/metrics", "interval": "30s"}
    assert built["metadata"]["labels"]["release"] == "prometheus"


@pytest.mark.parametrize(
    ("more", "base"),
    [
        ({}, "http://live.radio.svc"),
        ({"service": {"port": 8080}}, "http://live.radio.svc:8080"),
        ({"ingress": {"host": "a.example.org"}}, "http://a.example.org"),
        ({"ingress": {"host": "a.example.org", "tlsSecretName": "c"}}, "https://a.example.org"),
        (
            {"ingress": {"host": "a.example.org"}, "publicUrl": "https://b.example.org"},
            "https://b.example.org",
        ),
        ({"ingress": {"host": "a.example.org", "moreHosts": ["b.example.org"]}}, "http://live.radio.svc"),
        (route("https", "a.example.org"), "https://a.example.org"),
        (route("web", "a.example.org"), "http://a.example.org"),
        (route("https", "*.example.org"), "http://live.radio.svc"),
    ],
)
def test_links_are_built_on_the_public_address(more: dict[str, Any], base: str) -> None:
    links = build_stream_urls(CAST, spec_of({**LEAST, **more}), "news")
    assert (links.ingest, links.listen, links.stream) == (
        f"{base}/ingest/news",
        f"{base}/listen/news",
        f"{base}/stream/news",
    )


def test_secrets_are_read_as_they_were_written() -> None:
    written = build_keys_secret(CAST, RING, "token")
    assert read_keyring(written) == RING
    assert read_entry(written, "API_TOKENS") == "token"
    assert read_keyring(None) is None
    other = build_keys_secret(CAST, Keyring(("new",), 2, "Steady", RING.since), "token")
    assert content_hash(written) != content_hash(other)
    assert "new" not in content_hash(written)


@pytest.mark.parametrize(
    ("entries", "missing"),
    [
        (None, "SECRET_KEYS"),
        ({}, "SECRET_KEYS"),
        ({"SECRET_KEYS": "", "API_TOKENS": "token"}, "SECRET_KEYS"),
        ({"SECRET_KEYS": "one"}, "API_TOKENS"),
        ({"SECRET_KEYS": "one", "API_TOKENS": " ,"}, "API_TOKENS"),
    ],
)
def test_ones_own_secret_must_be_there(entries: dict[str, str] | None, missing: str) -> None:
    with pytest.raises(BadSpec, match=rf"secret\.name: expected a Secret mine with the key {missing}"):
        read_external_secrets(secret(entries), SecretSpec(name="mine"))


def test_ones_own_secret_is_read() -> None:
    keys = {"SECRET_KEYS": "one, two"}
    assert read_external_secrets(secret({**keys, "API_TOKENS": "token"}), SecretSpec()) == ("one", "two")
    assert read_external_secrets(secret(keys), SecretSpec(anyone_may_start=True)) == ("one", "two")


@pytest.mark.parametrize("anyone", [True, False])
def test_without_tokens_no_pod_starts_unless_anyone_may_start_streams(anyone: bool) -> None:
    [server] = statefulset({**LEAST, "secret": {"anyoneMayStart": anyone}})["spec"]["template"]["spec"][
        "containers"
    ]
    [tokens] = [each["valueFrom"]["secretKeyRef"] for each in server["env"] if each["name"] == "API_TOKENS"]
    assert tokens.get("optional", False) is anyone
    # A Secret that has an empty entry, or loses it later, is refused by the server itself.
    [demand] = [each["value"] for each in server["env"] if each["name"] == "REQUIRE_API_TOKENS"]
    assert demand == ("false" if anyone else "true")


def secret(entries: dict[str, str] | None) -> dict[str, Any] | None:
    if entries is None:
        return None
    return {
        "metadata": {},
        "data": {name: base64.b64encode(each.encode()).decode() for name, each in entries.items()},
    }


def test_pods_are_those_of_the_plain_chart() -> None:
    chart = Chart(tree.ROOT / "helm" / "audiocast")
    plain = chart.manifest("StatefulSet", {"discovery": {"mode": "dns"}, "drain": {"timeoutSeconds": 300}})
    theirs, ours = plain["spec"], statefulset(LEAST)["spec"]
    for name in ("podManagementPolicy", "minReadySeconds"):
        assert ours[name] == theirs[name]
    their_pod, our_pod = theirs["template"]["spec"], ours["template"]["spec"]
    for name in ("automountServiceAccountToken", "enableServiceLinks", "terminationGracePeriodSeconds"):
        assert our_pod[name] == their_pod[name], name
    contexts = [
        {name: each for name, each in pod["securityContext"].items() if name not in USERS}
        for pod in (our_pod, their_pod)
    ]
    assert contexts[0] == contexts[1]
    assert our_pod["securityContext"] == contexts[0], "the image and the namespace choose the user"
    spread = [
        [(each["topologyKey"], each["whenUnsatisfiable"]) for each in pod["topologySpreadConstraints"]]
        for pod in (our_pod, their_pod)
    ]
    assert spread[0] == spread[1]
    [our_server], [their_server] = our_pod["containers"], their_pod["containers"]
    for name in ("name", "command", "lifecycle", "securityContext", "resources", "imagePullPolicy"):
        assert our_server[name] == their_server[name], name
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert our_server[name] == their_server[name], name
    ports = [
        {port["name"]: port["containerPort"] for port in each["ports"]} for each in (our_server, their_server)
    ]
    assert ports[0] == ports[1]
    # What the operator does not set, the chart sets to the server's own default.
    ours_set, theirs_set = (
        {each["name"]: each.get("value") for each in server["env"]} for server in (our_server, their_server)
    )
    # Rules of streams, and whom Streams tell, are the operator's alone.
    assert ours_set.pop("STREAM_RULES_FILE") == f"{RULES_FOLDER}/{RULES_FILE}"
    assert ours_set.pop("WEBHOOK_TARGETS_FILE") == "/etc/audiocast/webhooks/targets.json"
    assert ours_set.keys() <= theirs_set.keys()
    their_labels = {
        name: ours["template"]["metadata"]["labels"].get(name) for name in theirs["selector"]["matchLabels"]
    }
    assert their_labels[NAME_LABEL] == "audiocast"
    assert all(their_labels.values())
    secret = [each for each in our_server["env"] if each["name"] in ("SECRET_KEYS", "API_TOKENS")]
    keys = {each["name"]: each["valueFrom"]["secretKeyRef"]["key"] for each in secret}
    assert keys == {"SECRET_KEYS": "SECRET_KEYS", "API_TOKENS": "API_TOKENS"}
