"""Handles Slack events: commands, modals, buttons, shortcuts, mentions and reactions."""
