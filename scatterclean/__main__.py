"""`python -m scatterclean`: the same as the command `scatterclean`; it does nothing itself."""

from __future__ import annotations

import sys

from scatterclean.cli import main

if __name__ == "__main__":
    sys.exit(main())
