"""What the admins of a workspace decide about new jobs: access, words, prices, age gate, reactions.

Every rule is checked while a command is accepted, on plain values; nothing here reads the store.
"""
