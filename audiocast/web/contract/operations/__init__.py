"""Every method of every path of the public port.

- `access`: private streams
- `audio`: audio in and audio out
- `icecast`: what Icecast's programs ask for
- `pages`: pages for people, and their pictures
- `recordings`: shows that are recorded
- `streams`: what is known of a stream, and what its broadcaster does with it
"""

from audiocast.web.contract.operation import Operation
from audiocast.web.contract.operations.access import ACCESS
from audiocast.web.contract.operations.audio import AUDIO
from audiocast.web.contract.operations.icecast import ICECAST
from audiocast.web.contract.operations.pages import PAGES
from audiocast.web.contract.operations.recordings import RECORDINGS
from audiocast.web.contract.operations.streams import STREAMS

# By the tag that they have in the document, which says what they are for.
OPERATIONS: dict[str, tuple[Operation, ...]] = {
    "streams": STREAMS,
    "audio": AUDIO,
    "access": ACCESS,
    "recordings": RECORDINGS,
    "pages": PAGES,
    "icecast": ICECAST,
}
