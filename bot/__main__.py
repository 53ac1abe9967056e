"""`python -m bot` is the command `wijkbalie`."""

from bot.cli import main

main()
