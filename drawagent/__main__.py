"""`python -m drawagent` is the command line."""

from drawagent.cli import main

main()
