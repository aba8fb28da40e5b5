"""From words to a command's ``run``, and from whatever happens there to an exit code."""

from __future__ import annotations

import argparse
import difflib
import importlib
import logging
import os
import platform
import re
import sys
import traceback
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import NoReturn

from diag import __version__
from diag.cli.options import add_common
from diag.errors import Cancelled, DiagError, ToolFailed, UsageError, refused
from diag.jobs.process import HostProcess
from diag.telling import lines, tell

_OUR_BUG = 70
_INTERRUPTED = 130
_WARMED = {"compare": "compare", "demo": "pipeline", "pipeline": "pipeline", "reduce": "reduce", "bench": "bench",
           "convert": "convert"}
"""Kind of the job that a command will run."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in our three lines instead of dumping the usage."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message[:1].upper() + message[1:], hint=self._meant(message) or f"See: {self.prog} --help")

    def _meant(self, message: str) -> str:
        """The option, or the choice of an option, that is nearest to what was written."""
        choice = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
        option = re.search(r"unrecognized arguments: (--?[^\s=]+)", message)
        if choice is not None:
            word, known = choice[1], re.findall(r"[\w.-]+", choice[2])
        elif option is not None:
            word, known = option[1], list(self._option_string_actions)
        else:
            return ""
        close = difflib.get_close_matches(word, known, 1)
        return f"Did you mean '{close[0]}'?" if close else ""


def execute(words: Sequence[str], commands: Mapping[str, tuple[str, str]]) -> int:
    """Run the command named by ``words[0]``; every exception becomes an exit code and at most a few lines on stderr."""
    args: argparse.Namespace | None = None
    host: HostProcess | None = None
    try:
        name = _command(words, commands)
        if name is None:
            _top(commands).print_help()
            return 0 if words else UsageError.exit_code
        if name in _WARMED and not {"-h", "--help"} & set(words):
            # Loading the numeric libraries takes longer here than everything else on a small model: both processes
            # do it at the same time.
            host = HostProcess(_WARMED[name])
        command = importlib.import_module(commands[name][0])
        args = read(name, command, words[1:])
        args.host = host
        _configure_logging(args)
        code: int = command.run(args)
        sys.stdout.flush()
        return code
    except (KeyboardInterrupt, Cancelled):
        print(tell("Stopped on request. What was finished is kept.", _lang(args, words)), file=sys.stderr)
        return _INTERRUPTED
    except DiagError as error:
        print("\n".join(_told(error, _lang(args, words))), file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # The reader of our output is gone (for example `| head`); that is no failure of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (OSError, MemoryError) as error:
        print("\n".join(lines(refused(error), _lang(args, words))), file=sys.stderr)
        return UsageError.exit_code
    except Exception:  # noqa: BLE001 - the last line of defence: our bug, said as such
        _report_bug(words)
        return _OUR_BUG
    finally:
        if host is not None:
            host.close()


def read(name: str, command: ModuleType, words: Sequence[str]) -> argparse.Namespace:
    """The options of a command, from its words: for the command line, and for forms of the window that speak it."""
    parser = _Parser(prog=f"diag {name}", description=command.__doc__, allow_abbrev=False,
                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add_common(parser)
    command.add_arguments(parser)
    return parser.parse_args(words)


def _command(words: Sequence[str], commands: Mapping[str, tuple[str, str]]) -> str | None:
    if not words or words[0] in ("-h", "--help", "help"):
        return None
    name = words[0]
    if name in commands:
        return name
    close = difflib.get_close_matches(name, commands, 1)
    raise UsageError(f"There is no command '{name}'",
                     hint=f"Did you mean '{close[0]}'?" if close else "See: diag --help")


def _top(commands: Mapping[str, tuple[str, str]]) -> argparse.ArgumentParser:
    width = max(map(len, commands))
    lines = [f"  {name:<{width}}  {text}" for name, (_, text) in commands.items()]
    return argparse.ArgumentParser(
        prog="diag", formatter_class=argparse.RawDescriptionHelpFormatter, usage="diag COMMAND [OPTIONS]",
        description="Why a model gives another answer after moving from ONNX to MindSpore Lite / Ascend.",
        epilog="commands:\n" + "\n".join(lines) + "\n\nexit codes: 0 nothing found, 1 findings, 2 bad input, "
        "3 a runtime is missing,\n4 a runtime failed, 70 our bug, 130 interrupted\n\n"
        "diag COMMAND --help tells more; diag --version tells the version.")


def _lang(args: argparse.Namespace | None, words: Sequence[str]) -> str:
    """The language that was asked for, also where the rest of the line makes no sense."""
    asked = re.search(r"(?:^|\0)--lang[=\0](en|zh)(?:\0|$)", "\0".join(words))
    return str(getattr(args, "lang", asked[1] if asked else "en"))


def _told(error: DiagError, lang: str) -> list[str]:
    """What, where, what now; and the cause where a program failed whose log was kept."""
    if not isinstance(error, ToolFailed) or error.log is None:
        return lines(error, lang)
    from diag.logs.failure import failure_lines

    return failure_lines(error, lang)


def _configure_logging(args: argparse.Namespace) -> None:
    level = logging.DEBUG if args.verbose else logging.WARNING
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("diag")
    logger.handlers[:] = [handler]
    logger.setLevel(level)


def _report_bug(words: Sequence[str]) -> None:
    print(f"This is a bug in Ascend Diag {__version__}, not in your model.\n"
          f"Command: diag {' '.join(words)}\nPlatform: Python {platform.python_version()}, {platform.platform()}\n"
          "Please report it with these lines:\n" + traceback.format_exc(), file=sys.stderr)
