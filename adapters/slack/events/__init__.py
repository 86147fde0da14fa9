"""Handles what people do on Slack: commands, buttons, modals, shortcuts, reactions and the Home tab."""
