"""The card: the one message that shows one or more jobs, and the decisions under it."""
