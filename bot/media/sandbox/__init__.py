"""Runs functions on files of strangers in confined processes, and reads nothing from them but plain data.

`SandboxPool` (pool.py) is all that the rest of the bot uses. Each of its fork servers (server.py) is a
fresh interpreter with an empty environment that never touches a file of a call; it forks one child
(child.py) for each call. The child confines itself (confinement.py: seccomp.py, landlock.py), runs the
function and answers JSON, which answers.py checks against what the function says it returns.
"""
