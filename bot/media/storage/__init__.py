"""Durable storage of media, in a folder or in a bucket."""
