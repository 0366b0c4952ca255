"""`GET /api/streams/{id}/audience`: who listens and who did in the last day, for the stream's broadcaster."""

import time

from audiocast.cluster.audience.audience_messages import (
    MemberAudience,
    audience_request,
    parse_all,
    whole_audience,
)
from audiocast.web.http.errors import ApiError
from audiocast.web.http.handlers import MemberHandler, PublicHandler
from audiocast.web.http.services import Services


def own_audience(services: Services, stream_id: str) -> MemberAudience:
    """Return the audience of a stream at this member."""
    return MemberAudience(services.node.name, services.audience.audience.describe(stream_id))


class AudienceHandler(PublicHandler):
    """The audience of all members together."""

    metric_label = "Audience"

    async def get(self, stream_id: str) -> None:
        self.checked_id(stream_id)
        if not self.may_manage(stream_id):
            # It says what the key lacks, as elsewhere.
            self.claims_for(stream_id)
            raise ApiError(401, "key_missing", "expected the stream's present key or an API token")
        services = self.services
        others = [] if services.node.is_alone else await services.node.broadcast(audience_request(stream_id))
        members = [own_audience(services, stream_id), *parse_all(others)]
        self.write_json(whole_audience(members, time.time()))


class MemberAudienceHandler(MemberHandler):
    """`GET /internal/streams/{id}/audience`: the audience at this member."""

    metric_label = "MemberAudience"

    def get(self, stream_id: str) -> None:
        """Return it."""
        self.write(own_audience(self.services, stream_id).as_json())
