"""The words of the command line."""

import argparse
from datetime import date
from typing import Any

from botcrm import __version__

# Kept here so that help needs no database layer; tests compare them with the originals.
EXPORTS = ("deals", "activities", "contacts", "companies", "leads", "events")
IMPORTS = ("contacts", "companies", "leads", "deals")
IMPORT_RULES = ("skip", "update", "create")
DUPLICATES = ("contacts", "companies", "leads")
PLUGIN_KINDS = ("command", "channel", "rule", "report", "all")

_EPILOG = """\
first steps:
  botcrm demo                             look at it: a sample company in a local Telegram
  BOTCRM_TOKEN=… botcrm run               start your bot; it prints the first administrator's link
  botcrm settings                         all BOTCRM_* variables with their values
  botcrm COMMAND --help                   more about one command
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; the chosen one is `command` in what it parses."""
    parser = argparse.ArgumentParser(
        prog="botcrm",
        description="A CRM that a sales team runs from its messenger.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-V", "--version", action="version", version=f"botcrm {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    _add_serving(commands)
    _add_staff(commands)
    _add_data(commands)
    _add_care(commands)
    _add_authors(commands)
    return parser


def known_words(parser: argparse.ArgumentParser) -> frozenset[str]:
    """Return the names of all commands."""
    return frozenset(
        name for action in parser._actions if isinstance(action, argparse._SubParsersAction) for name in action.choices
    )


def _command(commands: Any, name: str, meaning: str, more: str = "") -> argparse.ArgumentParser:
    description = f"{meaning[0].upper()}{meaning[1:]}. {more}".rstrip()
    parser: argparse.ArgumentParser = commands.add_parser(name, help=meaning, description=description)
    return parser


def _add_serving(commands: Any) -> None:
    run = _command(commands, "run", "start the bot", "It stops at Ctrl+C. Settings come from BOTCRM_* variables.")
    run.add_argument("--no-plugins", action="store_true", help="leave installed plugins out")
    demo = _command(
        commands, "demo", "try it in a local Telegram with a sample company", "Nothing goes over the network."
    )
    demo.add_argument("--once", action="store_true", help="play the story, print it and end")
    demo.add_argument("--port", type=port, metavar="N", help="port of the chat page")
    demo.add_argument("--no-browser", action="store_true", help="do not open the page")
    _command(commands, "simulator", "start the local Telegram alone")


def _add_staff(commands: Any) -> None:
    user = _command(commands, "user", "add, list or deactivate people of the staff")
    actions = user.add_subparsers(dest="action", metavar="ACTION", required=True)
    add = _command(actions, "add", "add somebody, or change who has this Telegram account")
    add.add_argument("--name", required=True, type=name, help="as colleagues see it")
    add.add_argument("--role", required=True, metavar="ROLE", help="rep, manager, admin, or one of your own by name")
    add.add_argument("--telegram-id", required=True, type=telegram_id, metavar="ID", help="number of the account")
    add.add_argument(
        "--manager", metavar="NAME", help="who hears of what is overdue: a name or a number from user list"
    )
    add.add_argument(
        "--department", metavar="NAME", help="where the person works, a branch after a slash: Sales/South (made if new)"
    )
    _command(actions, "list", "list the staff")
    deactivate = _command(actions, "deactivate", "shut somebody out", "Their records stay with them.")
    deactivate.add_argument("name", metavar="NAME", help="a name or a number from user list")
    invite = _command(commands, "invite", "print a one-time link that lets one person in", "It lasts seven days.")
    invite.add_argument("--role", required=True, metavar="ROLE", help="as for user add")
    invite.add_argument("--name", type=name, help="their name; else the one in Telegram")
    invite.add_argument("--manager", metavar="NAME", help="a name or a number from user list")


def _add_data(commands: Any) -> None:
    export = _command(
        commands,
        "export",
        "write records out as JSON, CSV or XLSX",
        "Deleted records are left out. It may run beside the bot.",
    )
    export.add_argument("kind", choices=EXPORTS, metavar="KIND", help=", ".join(EXPORTS))
    export.add_argument("--format", choices=("json", "csv", "xlsx"), default="json", help="default: %(default)s")
    export.add_argument("--output", metavar="FILE", help="write here; without it, to the screen")
    export.add_argument(
        "--filter", metavar="QUERY", help="only these: a query like 'amount>10k tag:roof', or a saved filter"
    )
    export.add_argument("--actor", metavar="NAME", help="only what this person may export")
    _add_import(commands)
    duplicates = _command(
        commands,
        "duplicates",
        "search for records that are the same",
        "Nothing is changed by it. It may run beside the bot; how far it is goes to the error output.",
    )
    duplicates.add_argument("kind", choices=DUPLICATES, metavar="KIND", help=", ".join(DUPLICATES))
    duplicates.add_argument("--format", choices=("table", "csv"), default="table", help="default: %(default)s")
    duplicates.add_argument("--limit", type=count, metavar="N", help="the N most certain groups only")
    duplicates.add_argument("--output", metavar="FILE", help="write here; without it, to the screen")
    duplicates.add_argument("--actor", metavar="NAME", help="only what this person may see")
    _add_merging(commands)
    report = _command(
        commands,
        "report",
        "list the reports, or run one",
        "Words are the same as in the chat: report funnel last month @anna. It may run beside the bot.",
    )
    report.add_argument(
        "words", nargs="*", metavar="WORD", help="its name, then a period, @people, pipeline NAME, filters"
    )
    report.add_argument("--since", type=day, metavar="DATE", help="first day, e.g. 2026-10-01")
    report.add_argument("--until", type=day, metavar="DATE", help="last day")
    report.add_argument("--actor", metavar="NAME", help="with what this person may see")
    report.add_argument(
        "--format", choices=("table", "csv", "xlsx", "png"), default="table", help="default: %(default)s"
    )
    report.add_argument("--output", metavar="FILE", help="write here; without it, to the screen")
    _add_personal(commands)
    backup = _command(commands, "backup", "copy the SQLite database", "It may run beside the bot.")
    backup.add_argument("file", metavar="FILE", help="the copy; there must be none of this name")
    _command(commands, "migrate", "bring the database up to date", "The other commands do so by themselves.")


def _add_personal(commands: Any) -> None:
    personal = _command(commands, "personal", "take out all that is kept of a person, or erase it")
    actions = personal.add_subparsers(dest="action", metavar="ACTION", required=True)
    export = _command(actions, "export", "write all that is kept of a person out, with their files")
    export.add_argument("reference", metavar="REF", help="a contact or a lead: c12, l7")
    export.add_argument("target", metavar="PATH", help="a folder that is made, or a file called .zip")
    export.add_argument("--no-files", action="store_true", help="name the files, do not fetch them")
    export.add_argument("--actor", metavar="NAME", help="only what this person may export")
    erase = _command(actions, "erase", "erase a person", "It cannot be taken back. It may run beside the bot.")
    erase.add_argument("reference", metavar="REF", help="a contact or a lead: c12, l7")
    erase.add_argument("--yes", action="store_true", help="do it; without it, only show what there is")
    erase.add_argument("--with-company", action="store_true", help="and the company that is only they")
    erase.add_argument("--actor", metavar="NAME", help="with what this person may delete")


def _add_merging(commands: Any) -> None:
    merge = _command(
        commands,
        "merge",
        "search for records that are the same and merge them",
        "What only the names speak for is left. It can be taken back as a whole at any time: botcrm journal --undo N.",
    )
    merge.add_argument("kind", choices=DUPLICATES, metavar="KIND", help=", ".join(DUPLICATES))
    merge.add_argument("--rehearse", action="store_true", help="only say what would happen")
    merge.add_argument(
        "--least", type=percent, default=95, metavar="N", help="groups from N percent on; default: %(default)s"
    )
    merge.add_argument(
        "--conflicts",
        choices=("main", "newest"),
        default="main",
        help="whose value stands where records differ; default: %(default)s",
    )
    merge.add_argument("--actor", metavar="NAME", help="as this person, over what they may change")
    journal = _command(
        commands,
        "journal",
        "list long changes (imports, bulk changes, merges), or take one back",
        "What somebody changed since stays as it is and is listed.",
    )
    journal.add_argument("--undo", type=count, metavar="N", help="take number N back")
    journal.add_argument("--resume", type=count, metavar="N", help="let number N go on that was stopped or broken off")
    journal.add_argument("--stop", type=count, metavar="N", help="stop number N")
    journal.add_argument("--actor", metavar="NAME", help="as this person")


def _add_import(commands: Any) -> None:
    taking = _command(
        commands,
        "import",
        "take in records from a CSV, XLSX or vCard file",
        "Exports of Bitrix24, HubSpot, Pipedrive, Kommo and Odoo are known by their columns. Rows with problems come back in a file "
        "of their own. Broken off, the same command goes on where it was. It may run beside the bot.",
    )
    taking.add_argument("kind", choices=IMPORTS, metavar="KIND", help=", ".join(IMPORTS))
    taking.add_argument("file", metavar="FILE", help="what is read; its kind is told by what is in it")
    taking.add_argument(
        "--map",
        action="append",
        default=[],
        metavar='"COLUMN=FIELD"',
        help='e.g. "Phone 2=phone", "Colour=note:", "X=skip"',
    )
    taking.add_argument(
        "--rule",
        choices=IMPORT_RULES,
        default="skip",
        help="what is done with those that are there already, known by ID, by phone or e-mail, a deal without an ID by title, "
        "client and amount: skip, update (their empty fields), create; default: %(default)s",
    )
    taking.add_argument("--overwrite", action="store_true", help="update, and the file's values go before those here")
    taking.add_argument("--dry-run", action="store_true", help="look the file through and write nothing")
    taking.add_argument("--encoding", default="", metavar="NAME", help="e.g. cp1250; found out by itself")
    taking.add_argument("--source", default="", metavar="NAME", help="the system whose IDs these are, e.g. oldcrm")
    taking.add_argument("--delimiter", default="", metavar="CHAR", help="e.g. ; or tab; found out by itself")
    taking.add_argument("--owner", metavar="NAME", help="whose the records are that name nobody")
    taking.add_argument("--actor", metavar="NAME", help="in this person's name, and with what they may do")
    taking.add_argument("--problems", metavar="FILE", help="where rows with problems go; default: beside the file")
    taking.add_argument(
        "--run-rules", action="store_true", help="rules and plugins hear of every record, as if somebody had typed it"
    )


def _add_care(commands: Any) -> None:
    _command(commands, "settings", "list all settings with value and meaning", "Secrets are masked.")
    care = _command(
        commands, "doctor", "check settings, database, token, clock and queues", "It ends with 1 when one fails."
    )
    care.add_argument(
        "--fix",
        action="store_true",
        help="count again what is kept beside the records, such as counters, and put it right",
    )
    _command(
        commands,
        "retry",
        "handle updates again that were set aside after failing",
        "Use it when their cause is mended; botcrm doctor lists them.",
    )
    plugins = _command(
        commands, "plugins", "list the plugins, switch them on and off", "A bot that runs follows within half a minute."
    )
    switch = plugins.add_mutually_exclusive_group()
    switch.add_argument("--on", metavar="NAME", help="switch a plugin on")
    switch.add_argument("--off", metavar="NAME", help="switch a plugin off")


def _add_authors(commands: Any) -> None:
    plugin = _command(commands, "plugin", "write and check plugins of your own")
    actions = plugin.add_subparsers(dest="action", metavar="ACTION", required=True)
    new = _command(actions, "new", "write a package with tests that works, to begin with")
    new.add_argument("name", metavar="NAME", help="small letters, digits and underscores, e.g. visits")
    new.add_argument("--kind", choices=PLUGIN_KINDS, default="all", help="what it adds; default: one of each")
    new.add_argument("--dir", metavar="DIR", help="where its folder is made; default: here")
    check = _command(
        actions,
        "check",
        "check a plugin: source, contracts, its own tests",
        "It ends with 1 when something has to be mended. It needs botcrm[testing].",
    )
    check.add_argument("place", metavar="PATH", help="its folder or file, or the name of an installed one")
    check.add_argument("--static", action="store_true", help="read the source only, run nothing")
    migrations = _command(actions, "migrations", "write migrations for what changed in a plugin's tables")
    migrations.add_argument("place", metavar="PATH", help="its folder or file, or the name of an installed one")


def port(text: str) -> int:
    """Read a port number, 0 for a free one."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port (0 to 65535)")
    return int(text)


def percent(text: str) -> int:
    """Read a share of a hundred."""
    value = count(text.removesuffix("%"))
    if value > 100:
        raise argparse.ArgumentTypeError(f"{text!r} is more than 100 percent")
    return value


def count(text: str) -> int:
    """Read how many of something, one at least."""
    if not text.isdecimal() or not 0 < int(text) < 2**31:
        raise argparse.ArgumentTypeError(f"{text!r} is no number, such as 20")
    return int(text)


def telegram_id(text: str) -> int:
    """Read the id of a Telegram account; it has at most 52 bits."""
    if not text.isdecimal() or not 0 < int(text) < 2**52:
        raise argparse.ArgumentTypeError(f"{text!r} is no account number, such as 123456789")
    return int(text)


def day(text: str) -> date:
    """Read a day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day, such as 2026-10-01") from None


def name(text: str) -> str:
    """Read a person's name."""
    text = " ".join(text.split())
    if not 0 < len(text) <= 200:
        raise argparse.ArgumentTypeError("a name has 1 to 200 characters")
    return text
