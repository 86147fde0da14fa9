"""Reads and writes picture and video files. Runs inside a sandboxed process."""
