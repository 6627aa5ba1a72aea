"""The ``lead`` command: its options, its errors, and the codes that it ends with.

=====  ====================================================================
code   what it means
=====  ====================================================================
0      done
1      an error that the user can mend; the message names the fix
2      a command or an option that there is not, or a value out of its range
3      ``lead doctor``: something is missing
70     a bug of ours: a traceback
130    interrupted with Ctrl-C
=====  ====================================================================
"""

from __future__ import annotations

import io
import re
import sys
import traceback
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from lead import __version__
from lead.cli import motion_commands, study_commands
from lead.cli.study import app as study
from lead.errors import LeadError, from_system, is_of_the_machine

FAILED, BUG, INTERRUPTED = 1, 70, 130

_TILDE = re.compile(r"^(--[\w-]+=)?~(?=/)")
"""A home folder that the shell left to us: within quotes, or behind ``=``."""

app = typer.Typer(
    help="Text to human motion by latent diffusion, realigned to a text encoder.",
    epilog="Ends with 0 when done, 1 after an error that you can mend, 2 after a wrong option, "
    "3 where `lead doctor` finds something missing, 70 after a bug of ours, 130 after Ctrl-C.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(motion_commands.app)
app.add_typer(study_commands.app)
app.add_typer(study, name="study")


def _print_version(asked: bool) -> None:
    if asked:
        print(f"lead-motion {__version__}")
        raise typer.Exit


@app.callback()
def _lead(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command; whatever goes wrong is one message and one of the codes above."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files may be in any encoding
            stream.reconfigure(errors="backslashreplace")
    try:
        app(args=[_TILDE.sub(rf"\1{Path.home()}", argument) for argument in sys.argv[1:]])
        return
    except KeyboardInterrupt:
        _end_interrupted()
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # as newer versions of Typer say it
            _end_interrupted()
        raise
    except LeadError as error:
        failure = error
    except Exception as error:
        if not is_of_the_machine(error):
            traceback.print_exc()
            print("This is a bug of lead: please report it with the lines above.", file=sys.stderr)
            sys.exit(BUG)
        failure = from_system(error)
    print(f"Error: {failure}", file=sys.stderr)
    sys.exit(FAILED)


def _end_interrupted() -> NoReturn:
    print(
        "\nInterrupted. Files that were finished are kept; run the same command again for the "
        "others. (A download goes on where it stopped.)",
        file=sys.stderr,
    )
    sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
