"""`python -m shapecraft` is the `shapecraft` command."""

from shapecraft.cli import main

if __name__ == "__main__":
    main()
