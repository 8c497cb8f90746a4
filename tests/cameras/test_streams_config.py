import pytest

from cameras.streams.config import SourceConfig, SourceKind, mask_url
from cameras.streams.errors import InvalidAddressError


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (SourceKind.RTSP, "rtsp://10.0.0.5/live"),
        (SourceKind.RTSP, "rtsps://camera.example:322/live?channel=1"),
        (SourceKind.HTTP, "https://[2001:db8::1]:8443/video.mp4"),
        (SourceKind.MJPEG, "http://10.0.0.5/mjpg/video.mjpg"),
        (SourceKind.FILE, "/media/clip with spaces.mp4"),
        (SourceKind.USB, "/dev/video0"),
        (SourceKind.USB, "/dev/v4l/by-id/usb-046d_HD_Webcam-video-index0"),
    ],
)
def test_source_config_good_address_is_taken(kind: SourceKind, url: str) -> None:
    assert SourceConfig(kind=kind, url=url).url == url


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        (SourceKind.RTSP, ""),
        (SourceKind.RTSP, "http://10.0.0.5/live"),
        (SourceKind.RTSP, "rtsp:///live"),
        (SourceKind.RTSP, "rtsp://10.0.0.5:99999/live"),
        (SourceKind.RTSP, "rtsp://10.0.0.5/li ve"),
        (SourceKind.HTTP, "file:///etc/passwd"),
        (SourceKind.HTTP, "concat:http://a|http://b"),
        (SourceKind.HTTP, "http://[::1/video"),
        (SourceKind.HTTP, "subfile,,start,0,end,0,,:/etc/passwd"),
        (SourceKind.MJPEG, "data:image/jpeg;base64,AAAA"),
        (SourceKind.FILE, "clip\0.mp4"),
        (SourceKind.USB, "/dev/sda"),
        (SourceKind.USB, "/dev/v4l/by-id/../../sda"),
    ],
)
def test_source_config_bad_address_is_refused(kind: SourceKind, url: str) -> None:
    with pytest.raises(InvalidAddressError):
        SourceConfig(kind=kind, url=url)


def test_source_config_password_in_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidAddressError) as raised:
        SourceConfig(kind=SourceKind.RTSP, url="rtsp://admin:s3cret@10.0.0.5/live")
    assert "s3cret" not in str(raised.value)


def test_source_config_too_long_password_for_rtsp_is_refused() -> None:
    with pytest.raises(InvalidAddressError, match="too long"):
        SourceConfig(
            kind=SourceKind.RTSP, url="rtsp://10.0.0.5/live", username="admin", password="x" * 130
        )


@pytest.mark.parametrize(("username", "password"), [("a\r\nCONFIG SET", ""), ("a", "b\nc")])
def test_source_config_credentials_add_no_lines_to_a_request(username: str, password: str) -> None:
    with pytest.raises(InvalidAddressError, match="control character"):
        SourceConfig(
            kind=SourceKind.RTSP, url="rtsp://10.0.0.5/", username=username, password=password
        )


def test_source_config_credentials_are_quoted_and_hidden() -> None:
    config = SourceConfig(
        kind=SourceKind.RTSP, url="rtsp://10.0.0.5/live", username="ad/min", password="p@s:s%/é"
    )
    expected = "rtsp://ad%2Fmin:p%40s%3As%25%2F%C3%A9@10.0.0.5/live"
    assert config.url_with_credentials() == expected
    assert "p@s" not in repr(config)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("rtsp://a:b@host/live", "rtsp://***@host/live"),
        ("rtsp://a:b@c@host/live", "rtsp://***@host/live"),
        ("http://host/snap?pwd=x&y=1", "http://host/snap?***"),
        ("http://host", "http://host"),
        ("/media/a@b?.mp4", "/media/a@b?.mp4"),
    ],
)
def test_mask_url_hides_every_secret(url: str, masked: str) -> None:
    assert mask_url(url) == masked
