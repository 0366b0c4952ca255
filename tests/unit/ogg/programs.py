"""Programs that judge what we write: decoders and validators that others made."""

import array
import subprocess
from collections.abc import Sequence
from pathlib import Path

_TIMEOUT_SECONDS = 30


def run(*command: str | Path) -> bytes:
    """Run a program that must end well and complain of nothing; give what it printed."""
    done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_SECONDS)
    assert (done.returncode, done.stderr.decode()) == (0, ""), command[0]
    return done.stdout


def decode_with_ffmpeg(path: Path, decoder: str = "opus") -> Sequence[int]:
    """Give interleaved samples of 16 bits; `decoder` is ffmpeg's own "opus" or "libopus"."""
    options = ("-loglevel", "error", "-xerror", "-err_detect", "explode", "-c:a", decoder)
    return array.array("h", run("ffmpeg", *options, "-i", path, "-f", "s16le", "-"))


def decode_with_opusdec(path: Path) -> Sequence[int]:
    """Give the samples of all channels, interleaved, 16 bits."""
    raw_path = path.with_suffix(".raw")
    run("opusdec", "--quiet", "--no-dither", "--rate", "48000", path, raw_path)
    return array.array("h", raw_path.read_bytes())


def complaints_of_opusinfo(path: Path) -> list[str]:
    """Give the warnings of opusinfo."""
    done = subprocess.run(["opusinfo", path], capture_output=True, text=True, timeout=_TIMEOUT_SECONDS)
    lines = done.stdout.splitlines() + done.stderr.splitlines()
    assert any("Opus stream" in line for line in lines), done
    return [line for line in lines if "WARNING" in line or "ERROR" in line]


def complaints_of_oggz_validate(path: Path) -> str:
    """Give what oggz-validate prints about a file that it does not like; nothing for a good one."""
    done = subprocess.run(["oggz-validate", path], capture_output=True, text=True, timeout=_TIMEOUT_SECONDS)
    return done.stdout + done.stderr if done.returncode else ""
