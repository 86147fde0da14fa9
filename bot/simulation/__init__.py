"""Starts the simulator, inside the bot or alone; nothing else in the bot imports it."""
