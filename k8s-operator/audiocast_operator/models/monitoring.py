"""How Prometheus scrapes the pods."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from audiocast_operator.models.base import ResourceModel, validation_rules
from audiocast_operator.models.bounds import Labels, Text, Word

LabelName = Annotated[str, StringConstraints(max_length=128)]


class Relabeling(ResourceModel):
    """A relabeling, as in a PodMonitor."""

    source_labels: list[LabelName] = Field(
        default_factory=list, max_length=32, description="Labels whose values are joined."
    )
    separator: str | None = Field(default=None, max_length=16, description="Between these values.")
    target_label: LabelName = Field(default="", description="Label that is written.")
    regex: Text = Field(default="", description="What the values are held against.")
    modulus: int | None = Field(default=None, ge=0, description="Of the hash of the values.")
    replacement: str | None = Field(default=None, max_length=1024, description="What is written.")
    action: Literal[
        "replace",
        "keep",
        "drop",
        "hashmod",
        "labelmap",
        "labeldrop",
        "labelkeep",
        "lowercase",
        "uppercase",
        "keepequal",
        "dropequal",
    ] = Field(default="replace", description="What is done.")


class MonitoringSpec(ResourceModel):
    """How Prometheus scrapes the pods."""

    model_config = ConfigDict(
        json_schema_extra=validation_rules(
            (
                "!has(self.scrapeTimeoutSeconds) || self.scrapeTimeoutSeconds <= self.intervalSeconds",
                "scrapeTimeoutSeconds must not be above intervalSeconds",
            )
        )
    )

    pod_monitor: bool = Field(
        default=False,
        description="Create a PodMonitor for the Prometheus Operator, whose CRD must be installed.",
    )
    interval_seconds: int = Field(default=30, ge=5, le=600, description="Time between two scrapes. Seconds.")
    scrape_timeout_seconds: int | None = Field(
        default=None, ge=1, le=600, description="Longest time of a scrape. Empty: Prometheus' own. Seconds."
    )
    labels: Labels = Field(
        default_factory=dict, description="Labels of the PodMonitor, as your Prometheus selects them."
    )
    job_label: Word = Field(default="", description="Label of the pods whose value becomes the label job.")
    sample_limit: int = Field(default=0, ge=0, description="Most samples of a scrape. 0: no bound.")
    relabelings: list[Relabeling] = Field(
        default_factory=list, max_length=32, description="Before a scrape, to add a label such as cluster."
    )
    metric_relabelings: list[Relabeling] = Field(
        default_factory=list, max_length=32, description="Of what was scraped, to drop some."
    )
    namespace: Word = Field(
        default="",
        description="Namespace of your Prometheus, which may reach the internal port. Empty: the pods' own.",
    )
