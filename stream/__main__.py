"""`python -m affectstream.stream` is the command `affectstream`."""

from .cli import main

if __name__ == "__main__":
    main()
