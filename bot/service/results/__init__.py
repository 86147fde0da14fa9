"""What is done with a finished job by a button or a reaction: follow-ups, stars, the gallery, reports."""
