"""The process that reads a file for another one: `python -m botcrm.imports.worker`, asked on stdin, answering on stdout, by pickles."""

import gc
import os
import pickle
import sys

from botcrm.imports.feed import Failed, read_here
from botcrm.imports.table import UnreadableFile


def main() -> None:
    """Read the file asked for to its end, or until nobody listens any more."""
    spec, number, end = pickle.load(sys.stdin.buffer)  # noqa: S301  from the process that started this one
    answers = sys.stdout.buffer
    gc.disable()  # rows hold no cycles
    try:
        try:
            feed = read_here(spec, number, end)
            while (chunk := feed.take()) is not None:
                pickle.dump(chunk, answers, protocol=5)
                answers.flush()
            pickle.dump(None, answers)
        except (UnreadableFile, OSError) as exc:
            facts = exc.facts if isinstance(exc, UnreadableFile) else {}
            pickle.dump(Failed(str(exc), facts), answers)
        answers.flush()
    except BrokenPipeError:
        # Whoever asked has gone, or has enough; what is left in the buffer is nobody's.
        os._exit(0)


if __name__ == "__main__":
    main()
