"""Pictures as people's programs make them, and what is seen in them: by ffmpeg, which knows them all."""

import subprocess

CODECS = {"image/jpeg": "mjpeg", "image/png": "png", "image/webp": "libwebp"}


def make_picture(
    media_type: str, size: tuple[int, int] = (300, 200), *, is_clear: bool = False, number: int = 0
) -> bytes:
    """Return a picture.

    Args:
        media_type: A key of `CODECS`.
        size: Pixels.
        is_clear: It has transparent pixels; not with JPEG.
        number: Another one is another picture.
    """
    source = f"testsrc=size={size[0]}x{size[1]}:rate=1:duration={number + 1}"
    looks = ["-vf", "format=yuva420p,colorchannelmixer=aa=0.5"] if is_clear else []
    options = ["-ss", str(number), *looks, "-frames:v", "1", "-c:v", CODECS[media_type], "-f", "image2pipe"]
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, *options, "-"]
    return subprocess.run(command, capture_output=True, check=True, timeout=180).stdout


def pixels_of(picture: bytes) -> bytes:
    """Return what a decoder makes of a picture."""
    command = ["ffmpeg", "-v", "error", "-i", "-", "-f", "rawvideo", "-pix_fmt", "rgba", "-"]
    return subprocess.run(command, input=picture, capture_output=True, check=True, timeout=180).stdout
