"""Hash trees over audit events: a root for many, and the path that proves one of them.

Source: RFC 6962, section 2.1 (trees), and RFC 9162, section 2.1.3 (paths).
"""

import hashlib
from collections.abc import Sequence

from reports.documents.verifier import node_hash


def root_of(leaves: Sequence[str]) -> str:
    """The root over leaf hashes in their order.

    >>> root_of(["aa" * 32]) == "aa" * 32
    True
    """
    level = list(leaves) or [hashlib.sha256().hexdigest()]
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path_to(position: int, leaves: Sequence[str]) -> list[str]:
    """What, together with the leaf at `position`, gives the root: lowest first."""
    path, level = [], list(leaves)
    while len(level) > 1:
        other = position ^ 1
        if other < len(level):
            path.append(level[other])
        level, position = _above(level), position // 2
    return path


def _above(level: list[str]) -> list[str]:
    pairs = zip(level[::2], level[1::2], strict=False)
    odd = level[-1:] if len(level) % 2 else []
    return [node_hash(left, right) for left, right in pairs] + odd
