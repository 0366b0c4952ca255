"""A namespace of the test's own on the cluster that KUBECONFIG names, and kubectl and helm in it.

Every command names this namespace. Nothing else is changed, and nothing is deleted but what was made here.
"""

import json
import os
import secrets
import subprocess
from types import TracebackType
from typing import Any, Self

COMMAND_SECONDS = 60.0
WAIT_SECONDS = 300
OWN_LABEL = "audiocast.test/made-by"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


class CommandFailed(AssertionError):
    """A command has ended with another code than 0."""


class Cluster:
    """Makes the namespace, and deletes it at the end of the `with` block.

    Args:
        environment: Of the commands; it must say which cluster is meant.

    Raises:
        ValueError: It does not. No cluster is taken by accident.
    """

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        self._environment = dict(os.environ if environment is None else environment)
        if not self._environment.get("KUBECONFIG"):
            raise ValueError("expected KUBECONFIG to name the cluster to try it on")
        self.namespace = f"audiocast-e2e-{secrets.token_hex(4)}"
        self._uid = ""

    def __enter__(self) -> Self:
        labels = {OWN_LABEL: self.namespace, **RESTRICTED}
        made = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": self.namespace, "labels": labels},
        }
        # `create`, not `apply`: one that is there already is somebody else's.
        answer = self._run(["kubectl", "create", "--filename=-", "--output=json"], given=json.dumps(made))
        self._uid = json.loads(answer)["metadata"]["uid"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The API server looks at the uid: only the namespace that was made above is deleted.
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": self._uid}}
        target = f"/api/v1/namespaces/{self.namespace}"
        self._run(["kubectl", "delete", f"--raw={target}", "--filename=-"], given=json.dumps(options))
        wait = f"kubectl wait --for=delete namespace/{self.namespace} --timeout={WAIT_SECONDS}s"
        self._run(wait.split(), seconds=WAIT_SECONDS + COMMAND_SECONDS)

    def kubectl(self, *arguments: str, seconds: float = COMMAND_SECONDS) -> str:
        """Run kubectl in the namespace; give what it prints."""
        return self._run(self.kubectl_command(*arguments), seconds=seconds)

    def kubectl_command(self, *arguments: str) -> list[str]:
        """Give the command line of kubectl in the namespace."""
        return ["kubectl", f"--namespace={self.namespace}", *arguments]

    def get(self, *arguments: str) -> Any:
        """Give what `kubectl get` finds, as JSON."""
        return json.loads(self.kubectl("get", *arguments, "--output=json"))

    def create(self, manifest: Any) -> None:
        """Create an object in the namespace."""
        self._run(self.kubectl_command("create", "--filename=-"), given=json.dumps(manifest))

    def helm(self, *arguments: str) -> str:
        """Run helm in the namespace; give what it prints."""
        timeout = f"--timeout={WAIT_SECONDS}s"
        command = ["helm", arguments[0], f"--namespace={self.namespace}", timeout, *arguments[1:]]
        return self._run(command, seconds=WAIT_SECONDS + COMMAND_SECONDS)

    @property
    def environment(self) -> dict[str, str]:
        """What commands are run with."""
        return self._environment

    def _run(self, command: list[str], *, given: str = "", seconds: float = COMMAND_SECONDS) -> str:
        done = subprocess.run(
            command, input=given, env=self._environment, capture_output=True, text=True, timeout=seconds
        )
        if done.returncode:
            said = (done.stderr or done.stdout)[-2000:]
            raise CommandFailed(f"{' '.join(command)} has ended with {done.returncode}: {said}")
        return done.stdout
