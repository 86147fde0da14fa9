"""The seam to the simulator: the only place that starts it and hands it what it needs of the bot."""
