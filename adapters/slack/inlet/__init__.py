"""Takes in what people do on Slack: commands, forms, buttons, shortcuts, mentions and reactions."""
