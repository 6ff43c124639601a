"""``python -m botcrm``."""

import sys

from botcrm.cli import main

if __name__ == "__main__":
    sys.exit(main())
