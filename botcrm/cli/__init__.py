"""The command line. What a command needs is imported when it is called: help has to come at once."""

import sys
from argparse import Namespace
from collections.abc import Sequence

from botcrm.cli.parser import build_parser, known_words


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 it could not be done, 2 wrong settings or usage."""
    parser = build_parser()
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if words[:1] == ["simulator"]:  # it has a parser of its own, which imports nothing of botcrm
            from botcrm.simulator.server import main as simulator

            return simulator(words[1:])
        if words and words[0].isidentifier() and words[0] not in known_words(parser):
            code = _of_a_plugin(words)
            if code is not None:
                return code
        options = parser.parse_args(words)
    except SystemExit as stop:  # argparse has said what there is to say
        return stop.code if isinstance(stop.code, int) else 2
    if options.command is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        return _call(options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _drop_output()
        return 1
    except Exception as error:  # noqa: BLE001 - the last resort: a line, not a traceback
        from botcrm.cli.failures import explain

        return explain(error)


def _of_a_plugin(words: Sequence[str]) -> int | None:
    """Run a command that a plugin brings; None where none does, or where none can be loaded."""
    from botcrm.cli.failures import explain
    from botcrm.cli.plugins import run_command

    try:
        return run_command(words)
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - as for our own commands
        return explain(error)


def _call(options: Namespace) -> int:
    match options.command:
        case "run":
            from botcrm.cli.serve import run

            return run(options)
        case "demo":
            from botcrm.cli.serve import demo

            return demo(options)
        case "settings":
            from botcrm.cli.show import show_settings

            return show_settings()
        case "plugins":
            from botcrm.cli.plugins import plugins

            return plugins(options)
        case "plugin":
            from botcrm.cli.plugin import plugin

            return plugin(options)
        case "doctor":
            from botcrm.cli.doctor import doctor

            return doctor(fix=options.fix)
        case "export":
            from botcrm.cli.data import export

            return export(options)
        case "duplicates":
            from botcrm.cli.duplicates import duplicates

            return duplicates(options)
        case "merge":
            from botcrm.cli.merging import merge

            return merge(options)
        case "journal":
            from botcrm.cli.merging import journal

            return journal(options)
        case "import":
            from botcrm.cli.importing import import_file

            return import_file(options)
        case "report":
            from botcrm.cli.report import report

            return report(options)
        case "migrate":
            from botcrm.cli.data import migrate

            return migrate()
        case "backup":
            from botcrm.cli.data import backup

            return backup(options)
        case "retry":
            from botcrm.cli.data import retry

            return retry()
        case "personal":
            from botcrm.cli.personal import personal

            return personal(options)
        case "user":
            from botcrm.cli.staff import user

            return user(options)
        case _:
            from botcrm.cli.staff import invite

            return invite(options)


def _drop_output() -> None:
    """Close what the reader of our output has closed, or Python complains about it at the very end."""
    import contextlib

    with contextlib.suppress(OSError):
        sys.stdout.close()
