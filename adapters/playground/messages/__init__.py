"""Cards, replies and the command catalogue as JSON for the page."""
