"""Decodes and encodes pictures and videos. Everything here runs inside a sandboxed process."""
