"""Runs functions on untrusted files in sandboxed processes and reads only plain data from them.

The rest of the bot uses `SandboxPool` (pool.py). Each of its fork servers (server.py) is a new interpreter
with an empty environment that never opens a file of a call; it forks one child (child.py) per call. The
child confines itself (confinement.py: seccomp.py, landlock.py), runs the function and answers in JSON, which
process.py checks against the function's return annotation.
"""
