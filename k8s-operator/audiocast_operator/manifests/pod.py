"""The pod template. The pods are those of the plain chart, with what the spec adds to them.

What the operator needs is not the spec's to change: its labels, the server's name, ports and settings, the
paths of the probes. Nothing here depends on the number of pods, so that scaling restarts no pod.
"""

from typing import Any

from audiocast_operator.manifests.owner import Json, Owner
from audiocast_operator.manifests.parts import given, plain, put_over
from audiocast_operator.manifests.urls import public_base_url
from audiocast_operator.models.audio_cast import AudioCastSpec
from audiocast_operator.models.base import ResourceModel
from audiocast_operator.names import (
    API_TOKENS,
    HTTP_PORT,
    HTTP_PORT_NAME,
    HTTPS_PORT,
    HTTPS_PORT_NAME,
    INTERNAL_PORT,
    INTERNAL_PORT_NAME,
    RULES_FILE,
    RULES_FOLDER,
    SECRET_HASH,
    SECRET_KEYS,
    SERVER_CONTAINER,
    WEBHOOK_ENTRIES,
    WEBHOOKS_FILE,
    WEBHOOKS_FOLDER,
    labels,
    peers_service,
    rules_config,
    selector_labels,
    webhooks_secret,
)

# The time that a drained process has to stop.
SHUTDOWN_SECONDS = 10

# As in the plain chart: loopback, for sidecars (Istio's hands requests over from 127.0.0.6), private networks
# (RFC 1918, RFC 4193) and the shared one (RFC 6598). Gateways are believed in who asks and by which scheme,
# not in the host: those in use leave Host as it is, and some pass on X-Forwarded-Host from a visitor.
FORWARDING = {
    "TRUSTED_PROXIES": "127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fd00::/8",
    "TRUST_FORWARDED_HOST": "false",
}

# A process uses one core at most. The core has no limit, since throttled audio is late audio.
DEFAULT_RESOURCES: Json = {"requests": {"cpu": "500m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}}

# They meet the Pod Security Standard `restricted`. Which user it is, the image says, or the namespace, as on
# OpenShift. No volume is written to.
POD_SECURITY: Json = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
CONTAINER_SECURITY: Json = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}

# Where the certificate is, if pods speak TLS.
CERTIFICATES = "/etc/audiocast/tls"
RULES_VOLUME = "stream-rules"
WEBHOOKS_VOLUME = "stream-webhooks"

# Settings that only `envFrom` could reach: what is named in a container's `env` comes before it.
FIXED = {
    "HOST": "",
    "PORT": str(HTTP_PORT),
    "INTERNAL_HOST": "",
    "INTERNAL_PORT": str(INTERNAL_PORT),
    "TLS_CERTIFICATE": "",
    "TLS_KEY": "",
    "TLS_PORT": str(HTTPS_PORT),
    "HTTPS_REDIRECT_PORT": "0",
    "WORKERS": "1",
    **dict.fromkeys(WEBHOOK_ENTRIES, ""),
}


def build_pod_template(
    owner: Owner, spec: AudioCastSpec, *, secret_name: str, secret_hash: str, cluster_domain: str
) -> Json:
    """Return the pod template; see `build_statefulset`."""
    return {
        "metadata": {
            "labels": {**spec.pod.labels, **labels(owner.name)},
            "annotations": {**spec.pod.annotations, SECRET_HASH: secret_hash},
        },
        "spec": _pod(owner, spec, secret_name, cluster_domain),
    }


def service_account_name(owner: Owner, spec: AudioCastSpec) -> str:
    """Return the name of the pods' account; empty: the namespace's own."""
    account = spec.service_account
    return "" if account is None else account.name or owner.name


def build_service_account(owner: Owner, spec: AudioCastSpec) -> Json | None:
    """Return the pods' ServiceAccount; None when the spec wants none, or names one that is there."""
    account = spec.service_account
    if account is None or account.name:
        return None
    return owner.build_child(
        "v1",
        "ServiceAccount",
        owner.name,
        labels(owner.name),
        annotations=account.annotations,
        # The pods ask for it, if they are to have it.
        automountServiceAccountToken=False,
    )


def _pod(owner: Owner, spec: AudioCastSpec, secret_name: str, cluster_domain: str) -> Json:
    more = spec.pod
    pod: Json = {
        "automountServiceAccountToken": spec.service_account is not None and spec.service_account.token,
        # They would put every Service of the namespace into the environment, among the settings.
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": spec.drain.pre_stop_seconds
        + spec.drain.timeout_seconds
        + SHUTDOWN_SECONDS,
        "securityContext": put_over(POD_SECURITY, more.security_context),
        # The server first: where several have a port of one name, the first one's is meant.
        "containers": [
            _container(spec, _environment(owner, spec, secret_name, cluster_domain)),
            *plain(more.containers),
        ],
    }
    return pod | given(
        serviceAccountName=service_account_name(owner, spec),
        initContainers=plain(more.init_containers),
        # Not by subPath: what is renewed would not come in.
        volumes=[
            _rules_volume(owner),
            _webhooks_volume(owner),
            *(
                [{"name": "tls", "secret": {"secretName": spec.tls.secret_name}}]
                if spec.tls.secret_name
                else []
            ),
            *plain(more.volumes),
        ],
        topologySpreadConstraints=_spread(owner, spec),
        hostAliases=plain(more.host_aliases),
        dnsConfig=more.dns_config,
        imagePullSecrets=[{"name": name} for name in more.image_pull_secrets],
        nodeSelector=more.node_selector,
        tolerations=more.tolerations,
        affinity=more.affinity,
        priorityClassName=more.priority_class_name,
    )


def _rules_volume(owner: Owner) -> Json:
    """Return the volume with the rules of streams. Without the ConfigMap pods start all the same."""
    return {"name": RULES_VOLUME, "configMap": {"name": rules_config(owner.name), "optional": True}}


def _webhooks_volume(owner: Owner) -> Json:
    """Return the volume with the targets of Streams' webhooks; most AudioCasts have none."""
    return {"name": WEBHOOKS_VOLUME, "secret": {"secretName": webhooks_secret(owner.name), "optional": True}}


def _spread(owner: Owner, spec: AudioCastSpec) -> list[Json]:
    wanted = spec.pod.topology_spread
    return [
        {
            "topologyKey": key,
            "maxSkew": 1,
            "whenUnsatisfiable": wanted.when_unsatisfiable,
            "labelSelector": {"matchLabels": selector_labels(owner.name)},
            "matchLabelKeys": ["controller-revision-hash"],
        }
        for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
        if wanted.enabled
    ]


def _container(spec: AudioCastSpec, environment: list[Json]) -> Json:
    probes = spec.pod.probes
    # No second is no hook: Kubernetes takes a sleep of 0 from 1.33 on only.
    sleep = given(seconds=spec.drain.pre_stop_seconds)
    ports = {HTTP_PORT_NAME: HTTP_PORT, INTERNAL_PORT_NAME: INTERNAL_PORT}
    rules = {"name": RULES_VOLUME, "mountPath": RULES_FOLDER, "readOnly": True}
    webhooks = {"name": WEBHOOKS_VOLUME, "mountPath": WEBHOOKS_FOLDER, "readOnly": True}
    mounts = [rules, webhooks, *plain(spec.pod.volume_mounts)]
    if spec.tls.secret_name:
        ports = {HTTP_PORT_NAME: HTTP_PORT, HTTPS_PORT_NAME: HTTPS_PORT, INTERNAL_PORT_NAME: INTERNAL_PORT}
        mounts = [{"name": "tls", "mountPath": CERTIFICATES, "readOnly": True}, *mounts]
    container = {
        "name": SERVER_CONTAINER,
        "image": spec.image,
        "imagePullPolicy": spec.image_pull_policy,
        "command": ["audiocast", "serve"],
        # The one line that says why a start failed, where `kubectl describe` shows it.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "ports": [
            {"name": name, "containerPort": number, "protocol": "TCP"} for name, number in ports.items()
        ],
        "env": environment,
        "startupProbe": _probe("/livez", probes.startup),
        "readinessProbe": _probe("/readyz", probes.readiness),
        # The answer does not depend on other members, so that no pod is restarted because of its peers.
        "livenessProbe": _probe("/livez", probes.liveness),
        "securityContext": put_over(CONTAINER_SECURITY, spec.pod.container_security_context),
        "resources": spec.pod.resources or DEFAULT_RESOURCES,
    }
    return container | given(
        lifecycle={"preStop": {"sleep": sleep}} if sleep else None,
        envFrom=spec.pod.env_from,
        volumeMounts=mounts,
    )


def _environment(owner: Owner, spec: AudioCastSpec, secret_name: str, cluster_domain: str) -> list[Json]:
    peers = f"{peers_service(owner.name)}.{owner.namespace}.svc.{cluster_domain}."
    scheme, _, domain = public_base_url(spec).partition("://")
    own = {
        "PEERS": f"dns+{peers}:{INTERNAL_PORT}",
        "DRAIN_SECONDS": str(spec.drain.timeout_seconds),
        "REQUIRE_API_TOKENS": str(not spec.secret.anyone_may_start).lower(),
        "STREAM_DOMAIN": domain,
        "STREAM_SCHEME": scheme,
        "STREAM_RULES_FILE": f"{RULES_FOLDER}/{RULES_FILE}",
        "WEBHOOK_TARGETS_FILE": f"{WEBHOOKS_FOLDER}/{WEBHOOKS_FILE}",
    }
    if spec.tls.secret_name:
        own |= {
            "TLS_CERTIFICATE": f"{CERTIFICATES}/tls.crt",
            "TLS_KEY": f"{CERTIFICATES}/tls.key",
            "TLS_PORT": str(HTTPS_PORT),
        }
        own |= given(HTTPS_REDIRECT_PORT=str(spec.tls.port) if spec.tls.redirect else "")
    settings = given(**{**FORWARDING, "LOG_FORMAT": "json", **spec.settings, **own})
    if spec.pod.env_from:
        settings |= FIXED | own
    is_optional = given(optional=spec.secret.anyone_may_start)
    webhooks = WEBHOOK_ENTRIES if spec.webhooks.secret_name else ()
    return [
        {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": SECRET_KEYS, "valueFrom": _from_secret(secret_name, SECRET_KEYS)},
        {"name": API_TOKENS, "valueFrom": _from_secret(secret_name, API_TOKENS, **is_optional)},
        *({"name": name, "valueFrom": _from_secret(spec.webhooks.secret_name, name)} for name in webhooks),
        *({"name": name, "value": value} for name, value in sorted(settings.items()) if name not in webhooks),
        *plain(spec.pod.env),
    ]


def _from_secret(name: str, key: str, **more: Any) -> Json:
    return {"secretKeyRef": {"name": name, "key": key, **more}}


def _probe(path: str, times: ResourceModel) -> Json:
    return {"httpGet": {"path": path, "port": INTERNAL_PORT_NAME}, **times.model_dump(by_alias=True)}
