"""Notices that no job's card carries: spending caps, outages, direct messages."""
