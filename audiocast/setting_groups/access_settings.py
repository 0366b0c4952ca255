"""The settings of who may use the public port: see `settings`, which they are a part of."""

from pathlib import Path

from pydantic import BaseModel, Field, field_validator

from audiocast.access_rules_file import parse_access_rules, read_access_rules


class AccessSettings(BaseModel):
    """The file with rules."""

    access_rules_file: Path | None = Field(
        default=None,
        description="File with rules that allow or deny addresses, networks, programs and pages "
        "(docs/station/access.md). It is read before anything is accepted, and when it changes. Empty: none.",
    )

    @field_validator("access_rules_file")
    @classmethod
    def _rules_readable(cls, value: Path | None) -> Path | None:
        """Refuse a file that cannot be used: nobody should be let in because of a missing file."""
        if value is not None:
            try:
                parse_access_rules(read_access_rules(value))
            except OSError as error:
                raise ValueError(f"cannot read {value}: {error.strerror}") from error
        return value
