"""Checked downloads of URLs that people and providers give."""
