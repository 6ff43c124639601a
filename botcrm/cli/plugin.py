"""`botcrm plugin`: what authors of plugins need at the terminal."""

import asyncio
from argparse import Namespace
from pathlib import Path

from botcrm.cli.failures import Failure


def plugin(options: Namespace) -> int:
    """Run one of the author's commands; returns 1 where a check found something grave."""
    match options.action:
        case "new":
            return new(options)
        case "check":
            return check(options)
        case _:
            return migrations(options)


def new(options: Namespace) -> int:
    """Write a package for a new plugin."""
    from botcrm.testing.scaffold import KINDS, NotWritten, write_plugin

    kinds = KINDS if options.kind == "all" else (options.kind,)
    try:
        root = write_plugin(options.name, kinds, Path(options.dir or "."))
    except (NotWritten, OSError) as exc:
        raise Failure(f"{exc}.") from None
    print(f"{root} is ready. Now:\n")
    print(f"  cd {root}")
    print("  pip install -e '.[dev]'     # into the environment of your bot")
    print("  pytest                      # the tests that came with it")
    print("  botcrm plugin check .       # what else a plugin has to do right")
    print("  botcrm demo                 # see it at work")
    return 0


def check(options: Namespace) -> int:
    """Check a plugin and print what was found, with the fix for each."""
    from botcrm.testing.checking import check as steps
    from botcrm.testing.projects import NoPlugin, find_project

    try:
        project = find_project(options.place)
    except NoPlugin as exc:
        raise Failure(f"{exc}") from None
    print(f"{project.name}: {project.place}", flush=True)
    sound = True
    for step in steps(project, run=not options.static):
        sound = sound and step.sound
        state = "in order" if step.sound else "not in order"
        print(f"{'✓' if step.sound else '✗'} {step.title}: {state} ({step.passed} passed)", flush=True)
        for finding in step.findings:
            print(f"  {'' if finding.grave else 'advice: '}{finding}", flush=True)
    print("The plugin is sound." if sound else "Mend this and check again.")
    return 0 if sound else 1


def migrations(options: Namespace) -> int:
    """Write migrations for what changed in a plugin's tables."""
    from botcrm.testing.migrations import NoTables, write_migrations
    from botcrm.testing.projects import NoPlugin, find_project

    try:
        written = asyncio.run(write_migrations(find_project(options.place)))
    except (NoPlugin, NoTables) as exc:
        raise Failure(f"{exc}") from None
    for path in written:
        print(f"written: {path}")
    if not written:
        print("The migrations are up to date with the tables.")
    return 0
