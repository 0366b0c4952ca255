"""All contenders by the names that trials and the command line have for them."""

from loadtest.bench.contenders.audiocast import Audiocast, AudiocastHAProxy, AudiocastNginx, AudiocastTls
from loadtest.bench.contenders.contender import Contender
from loadtest.bench.contenders.floor import Floor, FloorTls
from loadtest.bench.contenders.icecast import Icecast, IcecastTls

CONTENDERS: dict[str, type[Contender]] = {
    each.name: each
    for each in (
        Audiocast,
        AudiocastTls,
        AudiocastNginx,
        AudiocastHAProxy,
        Icecast,
        IcecastTls,
        Floor,
        FloorTls,
    )
}
