"""A condition in a status, in the form that Kubernetes' own objects have."""

from typing import Any, Literal

from pydantic import Field

from audiocast_operator.models.base import StatusModel, Time

# Marks a list of conditions, of which there is one of each type.
BY_TYPE: dict[str, Any] = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}


class Condition(StatusModel):
    """A condition, in the form that Kubernetes' own objects have."""

    type: str = Field(description="Name of the condition.")
    status: Literal["True", "False", "Unknown"] = Field(description="Whether the condition holds.")
    reason: str = Field(description="Why, in one word.")
    message: str = Field(default="", description="Why, in a sentence.")
    last_transition_time: Time = Field(description="When the status changed last.")
    observed_generation: int = Field(
        default=0, description="Generation of the spec that the condition is about."
    )
