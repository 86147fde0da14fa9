"""`python -m bot` is `reverie`."""

from bot.cli import main

main()
