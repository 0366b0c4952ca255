"""`audiocast-stream`: the broadcaster without a window, for scripts and small computers.

It wires a `Station` to a command line, a terminal and signals. It writes the listen link to standard output,
in one line and nothing else; the rest goes to standard error.
"""

import io
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict

from tk_streamer.audio.devices import list_inputs
from tk_streamer.command import options as command_line
from tk_streamer.command.report import JsonReport, LineReport, Report, TerminalReport
from tk_streamer.command.terminal_qr import terminal_qr
from tk_streamer.engine.broadcast_state import Phase
from tk_streamer.engine.station import BroadcastStatus, Station
from tk_streamer.errors import ClientError
from tk_streamer.trouble import Trouble, TroubleArea

POLL_SECONDS = 0.1

UNEXPECTED = 1
_EXIT_CODES = {
    TroubleArea.SOUND: 3,
    TroubleArea.SERVER: 4,
    TroubleArea.NETWORK: 5,
    TroubleArea.PROGRAM: UNEXPECTED,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Broadcast until a signal comes or the sound ends; return the exit code."""
    options = command_line.parse(arguments)
    # Names of devices, and titles, may hold letters that the terminal's encoding does not have.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if options.list_devices:
        return _list_devices(is_json=options.log_format == "json")
    if options.token:
        _print_error(
            f"--token can be seen by other users of this computer; better set {command_line.TOKEN_VARIABLE}."
        )
    if options.access_code not in ("", "auto"):
        _print_error(
            "--access-code can be seen by other users of this computer; "
            f"better set {command_line.CODE_VARIABLE}."
        )
    settings = command_line.station_settings(
        options,
        os.environ.get(command_line.TOKEN_VARIABLE, ""),
        os.environ.get(command_line.CODE_VARIABLE, ""),
    )
    station = Station(settings, command_line.audio_source(options))
    for number in _signals():
        signal.signal(number, lambda number, _: _on_signal(number, station))
    station.start()
    report = _report(options.log_format)
    status = _watch(station, report, has_qr=options.qr)
    report.end(status)
    return _exit_code(status)


def _watch(station: Station, report: Report, *, has_qr: bool) -> BroadcastStatus:
    """Show the status until the broadcast is over; return the last status."""
    is_link_shown = False
    while not station.wait(POLL_SECONDS):
        status = station.status()
        if status.credentials is not None and not is_link_shown:
            is_link_shown = True
            _show_link(status.credentials.shared_url, has_qr=has_qr)
            if has_qr and status.credentials.is_for_this_computer:
                _print_error("This link is for this computer alone: the server has no address in a network.")
            if code := status.credentials.access_code:
                report.show_code(code)
        report.show(status)
    return station.status()


def _show_link(link: str, *, has_qr: bool) -> None:
    print(link, flush=True)
    # The code is drawn with half blocks, which only Unicode has.
    if has_qr and sys.stderr.encoding.lower().startswith("utf"):
        is_coloured = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        _print_error(f"\n{terminal_qr(link, colour=is_coloured)}\n")


def _list_devices(*, is_json: bool) -> int:
    try:
        inputs = list_inputs()
    except ClientError as error:
        trouble = Trouble.of_error(error)
        _print_error(str(trouble))
        return _EXIT_CODES[trouble.area]
    if is_json:
        print(json.dumps([asdict(device) for device in inputs], ensure_ascii=False))
        return 0
    for device in inputs:
        mark = "*" if device.is_default else " "
        channels = f"{device.max_channels} channel{'s' if device.max_channels > 1 else ''}"
        print(f"{mark}{device.index:3}  {device.name}  ({device.host_api}, {channels})")
    if not inputs:
        _print_error(str(Trouble.of_code("no_device")))
        return _EXIT_CODES[TroubleArea.SOUND]
    return 0


def _report(log_format: str) -> Report:
    if log_format == "json":
        return JsonReport(sys.stderr)
    is_terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    return TerminalReport(sys.stderr) if is_terminal else LineReport(sys.stderr)


def _exit_code(status: BroadcastStatus) -> int:
    if status.phase is Phase.STOPPED:
        return 0
    return _EXIT_CODES[status.trouble.area] if status.trouble else UNEXPECTED


def _signals() -> list[signal.Signals]:
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def _on_signal(number: int, station: Station) -> None:
    """Stop properly at the first signal; the second one ends the process in the system's way."""
    signal.signal(number, signal.SIG_DFL)
    station.request_stop()


def _print_error(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
