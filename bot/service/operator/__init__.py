"""What the operator of the bot does and is told: the command line's use cases, conditions and alerts."""
