"""The app's shortcuts: what people find in a message's menu, and everywhere under the plus sign."""

from enum import StrEnum

#: the global shortcut: choose a command, fill its form
CREATE_SHORTCUT = "reverie_create"


class MessageShortcut(StrEnum):
    """What a message's menu offers; the value is the shortcut's `callback_id`. Slack shows five of an app."""

    ANIMATE = "reverie_animate"
    REFRAME = "reverie_reframe"
    EXTEND = "reverie_extend"
    VARIATION = "reverie_variation"
    DETAILS = "reverie_details"
