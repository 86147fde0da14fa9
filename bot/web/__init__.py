"""The web server: callbacks, media, health, and what adapters add."""
