"""Small videos and pictures whose content is known, made by the encoder itself."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
# B, G, R of the four quarters: top left, top right, bottom left, bottom right.
QUARTERS = ((40, 40, 220), (40, 200, 40), (220, 60, 40), (235, 235, 235))


def quarters(width: int = 320, height: int = 240) -> Picture:
    """Four coloured quarters, so that turning, mirroring and wrong colours show."""
    picture = np.empty((height, width, 3), np.uint8)
    for number, color in enumerate(QUARTERS):
        row, column = divmod(number, 2)
        rows = slice(row * height // 2, (row + 1) * height // 2)
        columns = slice(column * width // 2, (column + 1) * width // 2)
        picture[rows, columns] = color
    return picture


def numbered(count: int, width: int = 320, height: int = 240) -> list[Picture]:
    """Gray pictures, each `10 + 5 * number` bright, so that a frame tells which one it is."""
    return [np.full((height, width, 3), 10 + 5 * number, np.uint8) for number in range(count)]


def write_clip(
    path: Path,
    pictures: Sequence[Picture],
    *,
    fps: int = 25,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    colorspace: str = "ITU601",
    full_range: bool = False,
    tag: bool = True,
) -> Path:
    """Write pictures as a video whose colours are coded, and tagged, as asked."""
    color_range = "JPEG" if full_range else "MPEG"
    with av.open(path, "w") as container:
        stream = container.add_stream(codec, rate=fps, options={"crf": "12", "preset": "fast"})
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pixel_format
        # 1 is BT.709, 6 is SMPTE 170M; 2 is the full range of JPEG.
        if tag:
            stream.codec_context.colorspace = 1 if colorspace == "ITU709" else 6
            stream.codec_context.color_range = 2 if full_range else 1
        if codec == "mjpeg":
            stream.codec_context.qmin = stream.codec_context.qmax = 2
        for number, picture in enumerate(pictures):
            image = av.VideoFrame.from_ndarray(picture, "bgr24").reformat(
                format=pixel_format, dst_colorspace=colorspace, dst_color_range=color_range
            )
            image.pts = number
            container.mux(stream.encode(image))
        container.mux(stream.encode(None))
    return path


def jpeg(picture: Picture) -> bytes:
    """A JPEG of a picture, as long as on other machines: each thread writes marks of its own."""
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.thread_count = 1
    encoder.height, encoder.width = picture.shape[:2]
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    image = av.VideoFrame.from_ndarray(picture, "bgr24").reformat(
        format="yuvj420p", dst_colorspace="ITU601", dst_color_range="JPEG"
    )
    return b"".join(bytes(packet) for packet in [*encoder.encode(image), *encoder.encode(None)])
