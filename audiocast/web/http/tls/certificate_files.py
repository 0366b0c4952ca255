"""The certificate in use, and the files that it comes from, which are looked at every few seconds.

Who renews a certificate replaces a file, or what a symbolic link points to: certbot's `live` folder and
Kubernetes' volumes are such. Connections that are open keep what they have; new ones get the new
certificate. Files that cannot be used, half-written ones for example, are tried again until they can; the
certificate that was read last is in use meanwhile.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import structlog

from audiocast.telemetry.watched_file import WatchedFile
from audiocast.web.http.tls.certificate import BadCertificate, Certificate, read_certificate

log = structlog.get_logger()

FileVersion = tuple[int, int, int, int]


class CertificateFiles(WatchedFile[Certificate]):
    """A certificate and its key as two files.

    Args:
        certificate: PEM, with those that it is signed by.
        key: PEM.
        last_good: Another file with both, which is used until they can be.

    Attributes:
        current: The certificate in use.

    Raises:
        BadCertificate: They cannot be used, and there is no other.
    """

    def __init__(self, certificate: Path, key: Path, *, last_good: Path | None = None) -> None:
        super().__init__()
        self._paths = certificate, key
        self._versions = self._look_at_files()
        try:
            self.current = read_certificate(certificate, key)
        except BadCertificate as error:
            if last_good is None:
                raise
            self.current = read_certificate(last_good, last_good)
            self._note_refusal(str(error))
        if self.current.is_over:
            log.error("certificate_expired", expired=_day(self.current), hint="clients refuse it; renew it")

    def _read_new(self) -> Certificate | None:
        versions = self._look_at_files()
        if versions == self._versions and not self.is_refused:
            return None
        self._versions = versions
        certificate = read_certificate(*self._paths)
        if certificate.is_over:
            raise BadCertificate(f"{self._paths[0]} has expired on {_day(certificate)}")
        return certificate

    def _use(self, content: Certificate) -> None:
        self.current = content
        log.info("certificate_replaced", expires=_day(content))

    def _log_refusal(self, error: str) -> None:
        log.error(
            "certificate_refused",
            error=error,
            in_use_until=_day(self.current),
            hint="the certificate that was read last stays in use; put the files right, without a restart",
        )

    def _look_at_files(self) -> list[FileVersion | None]:
        return [_version(path) for path in self._paths]


def _version(path: Path) -> FileVersion | None:
    """Return what changes with a file's content, or with what a link points to; None: there is no file."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _day(certificate: Certificate) -> str:
    return datetime.fromtimestamp(certificate.expires_at, UTC).isoformat()
