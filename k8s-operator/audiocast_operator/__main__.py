"""The command, `python -m audiocast_operator`. It runs until SIGTERM or SIGINT; settings are variables."""

import asyncio
import signal

from audiocast_operator.app import serve
from audiocast_operator.logs import set_up_logs
from audiocast_operator.settings import OperatorSettings


async def main() -> None:
    """Run the operator until a signal comes."""
    settings = OperatorSettings()
    set_up_logs(settings.log_level)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(settings, stop)


if __name__ == "__main__":
    asyncio.run(main())
