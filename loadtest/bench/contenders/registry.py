"""All contenders by the names that trials and the command line have for them."""

from loadtest.bench.contenders.audiocast import Audiocast
from loadtest.bench.contenders.contender import Contender
from loadtest.bench.contenders.floor import Floor
from loadtest.bench.contenders.icecast import Icecast

CONTENDERS: dict[str, type[Contender]] = {each.name: each for each in (Audiocast, Icecast, Floor)}
