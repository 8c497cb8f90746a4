"""What lies in the cache: JSON and bytes, so that reading it never runs anything."""

from typing import Any

import orjson

_BYTES = b"b"  # begins no JSON


class JsonSerializer:
    """Writes values for Django's cache in Redis; whoever reaches Redis can forge no code.

    Django's own way is pickle, which runs what it reads. Tuples come back as lists.
    """

    def dumps(self, value: Any) -> bytes | int:
        """A value as Redis keeps it; a whole number stays one, so that Redis can count it up."""
        if type(value) is int:
            return value
        return _BYTES + value if isinstance(value, bytes) else orjson.dumps(value)

    def loads(self, kept: bytes) -> Any:
        """The value that was kept.

        Raises:
            orjson.JSONDecodeError: It is not of this server.
        """
        return kept[1:] if kept.startswith(_BYTES) else orjson.loads(kept)
