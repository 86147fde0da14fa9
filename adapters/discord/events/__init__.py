"""Handles Discord events: slash commands, components, modals, context menus and reactions."""
