"""How cards and notes look on Slack: blocks that Slack takes, with people's words as mere text. Pure."""
