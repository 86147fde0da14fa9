"""What Slack shows: messages, modals and the Home view as blocks. Pure functions."""
