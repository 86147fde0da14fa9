"""The core of Reverie: it names no chat platform."""
