"""The client of the pods' internal port. A pod that does not answer is no error but a result, and logged."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence

import httpx2
import structlog
from pydantic import ValidationError

from audiocast_operator.protocol.internal_api import DRAIN, STATUS, STREAMS_AND_ENDS, rules_path
from audiocast_operator.protocol.member_status import MemberStatus, StreamRules, StreamsReport, parse_streams
from audiocast_operator.protocol.request_signature import PodEndpoint, is_proven, sign

log = structlog.get_logger()

TIMEOUT_SECONDS = 3.0


class MembersClient:
    """The client for the pods of all AudioCasts. It must be closed."""

    def __init__(self) -> None:
        # No proxy of the environment leads to a pod.
        self._client = httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def fetch_statuses(self, addresses: Mapping[str, str]) -> dict[str, MemberStatus]:
        """Ask all pods at once for their status; pods that do not answer are left out.

        Args:
            addresses: "host:port" of the internal port by name of the pod; empty addresses are not asked.
        """
        known = {pod: address for pod, address in addresses.items() if address}
        answers = await asyncio.gather(*map(self._status, known.values()))
        return {pod: answer for pod, answer in zip(known, answers, strict=True) if answer is not None}

    async def fetch_streams(self, pods: Sequence[PodEndpoint], secret: str) -> list[StreamsReport]:
        """Ask all pods at once for their streams; pods that do not answer are left out."""
        requests = (self._request("GET", each, STREAMS_AND_ENDS, secret) for each in pods)
        answers = await asyncio.gather(*requests)
        found = []
        for answer in answers:
            try:
                found.append(parse_streams(answer.json() if answer is not None else None))
            except (ValueError, ValidationError):
                continue
        return found

    async def start_drain(self, pod: PodEndpoint, secret: str) -> bool:
        """Ask a pod to drain; return whether it agreed."""
        return await self._request("POST", pod, DRAIN, secret) is not None

    async def undo_drain(self, pod: PodEndpoint, secret: str) -> bool:
        """Ask a pod to stop its drain; return whether it agreed."""
        return await self._request("DELETE", pod, DRAIN, secret) is not None

    async def tell_rules(self, pod: PodEndpoint, secret: str, stream_id: str, rules: StreamRules) -> bool:
        """Tell a pod the rules of a stream, in place of those before; return whether it agreed."""
        return await self._request("POST", pod, rules_path(stream_id), secret, rules.as_json()) is not None

    async def _status(self, address: str) -> MemberStatus | None:
        answer = await self._send("GET", address, STATUS)
        try:
            return MemberStatus.model_validate(answer.json()) if answer is not None else None
        except (ValueError, ValidationError) as error:
            log.warning("status_not_understood", address=address, reason=str(error)[:300])
            return None

    async def _request(
        self, method: str, pod: PodEndpoint, target: str, secret: str, body: object = None
    ) -> httpx2.Response | None:
        """Send a signed request; return the answer if it is a success that the pod itself has signed."""
        content = json.dumps(body).encode() if body is not None else b""
        signed = sign(secret, method, target, content, pod=pod, unix_seconds=time.time())
        answer = await self._send(method, pod.address, target, content, signed.values)
        if answer is None:
            return None
        if not is_proven(secret, signed, pod, answer.status_code, answer.headers, answer.content):
            log.warning("answer_not_proven", address=pod.address, pod=pod.name, method=method, target=target)
            return None
        return answer

    async def _send(
        self,
        method: str,
        address: str,
        target: str,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response | None:
        try:
            answer = await self._client.request(
                method, f"http://{address}{target}", headers=headers, content=content
            )
            answer.raise_for_status()
        except httpx2.HTTPError as error:
            log.info(
                "pod_did_not_answer", address=address, method=method, target=target, reason=str(error)[:200]
            )
            return None
        return answer
