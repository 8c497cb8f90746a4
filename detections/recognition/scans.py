"""How often a JPEG goes over its picture, which decides how long decoding takes."""

MAX_SCANS = 100
"""Progressive encoders make some ten; every scan of 64 megapixels takes 50 ms and 95 bytes."""

_JPEG, _START_OF_SCAN = b"\xff\xd8", b"\xff\xda"


def has_too_many_scans(content: bytes) -> bool:
    r"""Whether bytes are a JPEG that takes a thousand times longer than its size lets expect.

    Source: "Two Issues with the JPEG Standard", libjpeg-turbo.org; the marker is that of ITU-T
    T.81, B.1.1.3, and cannot stand within a scan.

    >>> [has_too_many_scans(b"\xff\xd8" + b"\xff\xda" * scans) for scans in (10, 101)]
    [False, True]
    """
    return content.startswith(_JPEG) and content.count(_START_OF_SCAN) > MAX_SCANS
