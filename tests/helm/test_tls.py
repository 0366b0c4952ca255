"""TLS in the pods: the Secret where the server looks for it, a port of the Service; nothing without it."""

from typing import Any

from tests.helm.chart import Chart, containers_of, pod_of

VALUES: dict[str, Any] = {"tls": {"secretName": "radio-tls"}}


def server_of(chart: Chart, values: dict[str, Any]) -> dict[str, Any]:
    pod = pod_of(chart.manifest("StatefulSet", values))
    assert pod is not None
    (server,) = (each for each in containers_of(pod) if each["name"] == "audiocast")
    return server | {"volumes": pod["spec"].get("volumes", [])}


def test_the_secret_is_where_the_server_looks(chart: Chart) -> None:
    server = server_of(chart, VALUES)
    env = {each["name"]: each.get("value") for each in server["env"]}
    assert {"name": "tls", "secret": {"secretName": "radio-tls"}} in server["volumes"]
    (mount,) = (each for each in server["volumeMounts"] if each["name"] == "tls")
    # A whole folder: what is mounted by subPath is never renewed.
    assert mount == {"name": "tls", "mountPath": "/etc/audiocast/tls", "readOnly": True}
    # The names of kubernetes.io/tls.
    assert env["TLS_CERTIFICATE"] == f"{mount['mountPath']}/tls.crt"
    assert env["TLS_KEY"] == f"{mount['mountPath']}/tls.key"
    assert "HTTPS_REDIRECT_PORT" not in env


def test_the_service_has_443_and_leads_to_the_server_s_port(chart: Chart) -> None:
    ports = chart.manifest("Service", VALUES, "demo-audiocast")["spec"]["ports"]
    assert {"name": "https", "port": 443, "targetPort": "https"} in ports
    server = server_of(chart, VALUES)
    env = {each["name"]: each.get("value") for each in server["env"]}
    (port,) = (each["containerPort"] for each in server["ports"] if each["name"] == "https")
    assert str(port) == env["TLS_PORT"]


def test_the_network_policy_lets_https_in_where_http_comes_from(chart: Chart) -> None:
    values = {**VALUES, "networkPolicy": {"httpFrom": [{"podSelector": {"matchLabels": {"a": "b"}}}]}}
    public = chart.manifest("NetworkPolicy", values)["spec"]["ingress"][0]
    assert public["ports"] == [{"port": "http"}, {"port": "https"}]
    assert public["from"][0] == {"podSelector": {"matchLabels": {"a": "b"}}}


def test_http_leads_to_the_port_of_the_service(chart: Chart) -> None:
    server = server_of(chart, {"tls": {"secretName": "radio-tls", "port": 8443, "redirect": True}})
    assert {"name": "HTTPS_REDIRECT_PORT", "value": "8443"} in server["env"]


def test_probes_stay_on_the_internal_port(chart: Chart) -> None:
    server = server_of(chart, VALUES)
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert server[kind]["httpGet"]["port"] == "internal"


def test_without_a_secret_there_is_nothing_of_it(chart: Chart) -> None:
    text = str(chart.manifests({"tls": {"redirect": True}}))
    for word in ("TLS_", "https", "HTTPS_", "8443"):
        assert word not in text.replace("https://", "")


def test_the_notes_say_what_pods_wait_for(chart: Chart) -> None:
    assert "radio-tls has tls.crt and tls.key" in chart.text(VALUES, "NOTES.txt")
    assert "tls.crt" not in chart.text({}, "NOTES.txt")
