"""What lists and entries refuse."""

from lpr_project.common.errors import LprError


class EntryRefusedError(LprError):
    """An entry cannot stand in its list; `detail["field"]` names what is wrong."""

    code = "entry_refused"


class WatchlistRefusedError(LprError):
    """A list cannot be as it was asked for; `detail["field"]` names what is wrong."""

    code = "watchlist_refused"
