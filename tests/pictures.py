"""Pictures that the tests draw themselves."""

import io

from PIL import Image, ImageDraw


def draw_picture(
    text: str = "1AB 1234", *, size: tuple[int, int] = (320, 180), codec: str = "JPEG"
) -> bytes:
    """A dark picture with a light plate in its middle, encoded."""
    width, height = size
    picture = Image.new("RGB", size, (40, 44, 52))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((width * 0.3, height * 0.4, width * 0.7, height * 0.6), fill=(235, 235, 225))
    draw.text((width * 0.38, height * 0.45), text, fill=(10, 10, 10))
    content = io.BytesIO()
    picture.save(content, codec)
    return content.getvalue()


def draw_endless_jpeg(scans: int = 200) -> bytes:
    """A small progressive JPEG that goes over its picture again and again."""
    content = io.BytesIO()
    Image.new("L", (64, 64), 128).save(content, "JPEG", progressive=True)
    once = content.getvalue()
    last = once[once.rindex(b"\xff\xda") : -2]
    return once[:-2] + last * scans + once[-2:]
