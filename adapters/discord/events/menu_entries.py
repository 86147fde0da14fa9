"""The entries of a message's context menu; Discord shows five of one app."""

from enum import StrEnum


class Menu(StrEnum):
    ANIMATE = "Animate"
    REFRAME = "Reframe"
    VARIATION = "Variation"
    DETAILS = "Details"
    #: private buttons for all the rest
    MORE = "Reverie…"
