"""What members decide about themselves: their defaults, their linked accounts and their stored data."""
