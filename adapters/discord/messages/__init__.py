"""Discord message payloads for cards, private replies and modals. Pure functions."""
