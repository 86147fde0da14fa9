"""Handles Discord events: slash commands, components, modals, message commands and reactions."""
