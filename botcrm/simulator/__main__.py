"""``python -m botcrm.simulator``."""

import sys

from botcrm.simulator.server import main

if __name__ == "__main__":
    sys.exit(main())
