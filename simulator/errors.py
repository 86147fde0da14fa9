"""What goes wrong with files: the two ways that the simulator's callers and its own work may fail.

Whatever else `fetch` or `render` raise is read as `Unavailable`.
"""


class Unavailable(Exception):
    """The file cannot be had or made right now; asking again may help."""


class Unreadable(Exception):
    """The file is not what it must be; asking again does not help."""
