"""What values say and what is refused: one closed schema, the same keys everywhere, the server's settings."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml

from audiocast.settings import Settings
from tests.helm.chart import Chart, ci_files, containers_of, pod_of, read_values
from tests.repo import tree
from tests.support.network.certificates import make_pair

CHARTS = [path.parent.name for path in tree.files("values.schema.json", under="helm")]
# A pod has them for itself, so the defaults are good.
PORTS = {"HOST", "PORT", "INTERNAL_HOST", "INTERNAL_PORT"}

# They come with a certificate.
TLS = {"TLS_CERTIFICATE", "TLS_KEY", "TLS_PORT", "HTTPS_REDIRECT_PORT"}

# What Kubernetes sets in each pod.
KUBERNETES = {"KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "KUBERNETES_ACCOUNT"}

# Pods are members of a cluster, with PEERS; a member is one process. Rules of streams are the operator's, and
# files with aliases and with rules of access come by extraEnv and extraVolumes.
NO_VALUES = {"WORKERS", "STREAM_RULES_FILE", "ALIASES_FILE", "ACCESS_RULES_FILE", "WEBHOOK_TARGETS_FILE"}

# In a cluster no source stands by, and no loop file is played.
ALONE = {"FALLBACK_FOLDER", "FALLBACK_RETURN_SECONDS"}

# They come from a Secret, if there is one.
WEBHOOKS = {"WEBHOOK_URLS", "WEBHOOK_SECRETS"}
# From a Secret that `extraEnvFrom` names.
NAMED_SECRETS = {"AUTH_HOOK_TOKEN"}


def schema_of(chart: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((tree.ROOT / "helm" / chart / "values.schema.json").read_text())
    return schema


def leaves(schema: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Give the paths of all values that a schema knows."""
    for name, each in schema["properties"].items():
        path = f"{prefix}{name}"
        yield from leaves(each, f"{path}.") if "properties" in each else (path,)


def set_leaves(values: dict[str, Any], schema: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Give the paths of all values that are set."""
    for name, value in values.items():
        each = schema["properties"].get(name, {})
        path = f"{prefix}{name}"
        yield from set_leaves(value, each, f"{path}.") if "properties" in each else (path,)


def groups(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for each in schema["properties"].values():
        if "properties" in each:
            yield from groups(each)


@pytest.mark.parametrize("name", CHARTS)
def test_schema_and_values_have_the_same_keys(name: str) -> None:
    schema = schema_of(name)
    values = yaml.safe_load((tree.ROOT / "helm" / name / "values.yaml").read_text())
    assert set(set_leaves(values, schema)) == set(leaves(schema))


@pytest.mark.parametrize("name", CHARTS)
def test_one_example_sets_everything(name: str) -> None:
    schema = schema_of(name)
    (path,) = (path for path in ci_files(name) if path.name == "everything-values.yaml")
    assert set(set_leaves(read_values(path), schema)) == set(leaves(schema))


@pytest.mark.parametrize("name", CHARTS)
def test_the_schema_is_closed_and_explains_each_value(name: str) -> None:
    for group in groups(schema_of(name)):
        assert group["additionalProperties"] is False
        assert [key for key, each in group["properties"].items() if not each["description"]] == []


@pytest.fixture(params=CHARTS)
def explained(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """A chart's name, and a copy of the chart after cmd/values_table.py has explained its values."""
    name: str = request.param
    copy = tmp_path / name
    shutil.copytree(tree.ROOT / "helm" / name, copy)
    script = tree.ROOT / "cmd" / "values_table.py"
    done = subprocess.run([sys.executable, script, copy], capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    return name, copy


def test_the_readme_has_the_table_of_values(explained: tuple[str, Path]) -> None:
    name, copy = explained
    made, held = (copy / "README.md").read_text(), (tree.ROOT / "helm" / name / "README.md").read_text()
    assert made == held, f"make it again: python cmd/values_table.py helm/{name}"


def test_each_value_is_explained_where_it_stands(explained: tuple[str, Path]) -> None:
    name, copy = explained
    made, held = (copy / "values.yaml").read_text(), (tree.ROOT / "helm" / name / "values.yaml").read_text()
    assert made == held, f"make it again: python cmd/values_table.py helm/{name}"
    comments = [line.strip() for line in held.splitlines() if line.lstrip().startswith("# ")]
    text = " ".join(line.removeprefix("# ") for line in comments)
    meanings = [
        each["description"] for group in groups(schema_of(name)) for each in group["properties"].values()
    ]
    assert [meaning for meaning in meanings if meaning not in text] == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"replcas": 3}, "replcas"),
        ({"settings": {"maxListener": 5}}, "maxListener"),
        ({"replicas": 0}, "replicas"),
        ({"replicas": "three"}, "replicas"),
        ({"image": {"tag": "latest"}}, "tag"),
        ({"image": {"digest": "9f86d081"}}, "digest"),
        ({"secret": {"keys": ["too-short"]}}, "keys"),
        ({"secret": {"keys": ["one-secret-of-two,another-secret"]}}, "keys"),
        ({"secret": {"anyoneMayStart": True, "apiTokens": ["a-token-of-the-studio"]}}, "apiTokens"),
        ({"settings": {"streamScheme": "ftp"}}, "streamScheme"),
        ({"settings": {"trustedProxies": ["everyone"]}}, "trustedProxies"),
        ({"discovery": {"mode": "gossip"}}, "mode"),
        ({"drain": {"timeoutSeconds": -1}}, "timeoutSeconds"),
        ({"autoscaling": {"mode": "keda"}}, "prometheusAddress"),
        ({"autoscaling": {"mode": "both"}}, "mode"),
        ({"autoscaling": {"prometheusMatchers": "north"}}, "prometheusMatchers"),
        ({"autoscaling": {"mode": "hpa", "minReplicas": 5, "maxReplicas": 4}}, "autoscaling.maxReplicas"),
        ({"httpRoute": {"enabled": True}}, "parentRefs"),
        ({"ingress": {"enabled": True}}, "hosts"),
        (
            {"metrics": {"podMonitor": {"enabled": True}, "serviceMonitor": {"enabled": True}}},
            "serviceMonitor",
        ),
        ({"service": {"ipFamilies": ["IPv5"]}}, "ipFamilies"),
        ({"service": {"loadBalancerSourceRanges": ["192.0.2.1"]}}, "loadBalancerSourceRanges"),
        ({"service": {"loadBalancerSourceRanges": ["192.0.2.0/24"]}}, "service.type"),
        ({"metrics": {"prometheusRule": {"aggregationLabels": ["pod"]}}}, "aggregationLabels"),
        ({"metrics": {"prometheusRule": {"serviceLevels": {"joinPercent": 100}}}}, "joinPercent"),
        ({"probes": {"liveness": {"path": "/"}}}, "path"),
        ({"extraEnv": [{"name": "PEERS", "value": "x"}]}, "PEERS"),
    ],
    ids=str,
)
def test_a_bad_value_is_refused_by_its_name(chart: Chart, values: dict[str, Any], words: str) -> None:
    with pytest.raises(helm_python.HelmError, match=words):
        chart.manifests(values)


def test_values_have_the_servers_own_defaults(chart: Chart) -> None:
    defaults = {name.upper(): field.default for name, field in Settings.model_fields.items()}
    # What a cluster wants otherwise: networks of its gateways, logs for machines.
    different = {
        name for name, value in env_of(chart).items() if name in defaults and value != text(defaults[name])
    }
    assert different == {
        "NODE_NAME",
        "PEERS",
        "SECRET_KEYS",
        "API_TOKENS",
        "REQUIRE_API_TOKENS",
        "DRAIN_SECONDS",
        "TRUSTED_PROXIES",
        "TRUST_FORWARDED_HOST",
        "LOG_FORMAT",
    }


def test_every_name_in_the_environment_is_a_setting_and_every_setting_is_there(chart: Chart) -> None:
    settings = {name.upper() for name in Settings.model_fields}
    without = PORTS | TLS | KUBERNETES | NO_VALUES | ALONE | WEBHOOKS | NAMED_SECRETS
    assert env_of(chart).keys() == settings - without


@pytest.mark.parametrize("path", ci_files("audiocast"), ids=lambda path: path.name)
def test_the_server_takes_what_it_is_given(
    chart: Chart, path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    given = env_of(chart, read_values(path)) | {
        "SECRET_KEYS": "x" * 16,
        "API_TOKENS": "y" * 16,
        "WEBHOOK_URLS": "https://hooks.example.org",
        "WEBHOOK_SECRETS": "whsec_" + "MDEy" * 8,
        "NODE_NAME": "demo-0",
        "KUBERNETES_SERVICE_HOST": "10.0.0.1",
    }
    if "TLS_PORT" in given:
        # The files are the Secret's.
        given |= make_pair(tmp_path).settings
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings.from_arguments([])
    assert settings.node_name == "demo-0"
    assert settings.max_listeners == int(given["MAX_LISTENERS"])


def test_numbers_are_written_plainly(chart: Chart) -> None:
    # Go would say 1.048576e+06.
    assert env_of(chart, {"settings": {"prerollMaxBytes": 1_048_576}})["PREROLL_MAX_BYTES"] == "1048576"


def env_of(chart: Chart, values: dict[str, Any] | None = None) -> dict[str, str]:
    """Give the server's environment, but for what is added to it; what comes from elsewhere as nothing."""
    pod = pod_of(chart.manifest("StatefulSet", {**(values or {}), "extraEnv": []}))
    assert pod is not None
    (server,) = (each for each in containers_of(pod) if each["name"] == "audiocast")
    return {each["name"]: each.get("value", "(from elsewhere)") for each in server["env"]}


def text(default: Any) -> str:
    """Give a setting's default as the chart writes it."""
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return f"{default:g}" if isinstance(default, float) else str(default)
