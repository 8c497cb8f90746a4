"""Where the name of a network source leads, and whether a source may be read from there."""

from urllib.parse import urlsplit

from cameras.streams.config import SourceConfig
from cameras.streams.errors import HostNotFoundError, InsideAddressError, NoAnswerError
from lpr_project.common.addresses import is_inside, look_up


def find_address(config: SourceConfig) -> str:
    """The IP address of a network source's host, IPv4 where there is one.

    Looked up here because libav's own look-up has no limit and no error of its own.

    Raises:
        HostNotFoundError: The name is not known.
        InsideAddressError: It leads to this machine, and the source must lie outside.
        NoAnswerError: The name server did not answer within `open_timeout_s`.
    """
    host = urlsplit(config.url).hostname or ""
    found = _look_up(host, config.open_timeout_s)
    if config.outside_only and any(is_inside(address) for address in found):
        raise InsideAddressError(
            "This address is the server itself or a link-local one. Give the camera's own address; "
            "LPR_ALLOW_LOOPBACK_SOURCES=true opens these too."
        )
    return next((address for address in found if ":" not in address), found[0])


def _look_up(host: str, limit_s: float) -> list[str]:
    try:
        return look_up(host, limit_s)
    except TimeoutError:
        raise NoAnswerError(
            f"The name server did not answer for {host} within {limit_s:g} s."
        ) from None
    except OSError:
        raise HostNotFoundError(
            f"The host {host} is not known: check the name, or use the camera's IP address."
        ) from None
