"""The tree of commands: its help by purpose, the way to a command, and the answer to one that is not there."""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NoReturn

from tinytorch_hf.cli import terminal


class Parser(argparse.ArgumentParser):
    """A command; or a group of commands, once one was added to it.

    Attributes
    ----------
    what
        What it does, in one line of the help of the group that holds it.
    purposes
        The commands of a group by name, under headings that say what they are for; of a command none.
    """

    def __init__(self, what: str = "", **options: Any) -> None:
        super().__init__(**{"formatter_class": _Formatter, **options})
        self.what = what
        self.purposes: dict[str, dict[str, Parser]] = {}
        self._below: Any = None

    @property
    def commands(self) -> dict[str, Parser]:
        """The commands of a group by name, whatever they are for."""
        return {name: command for commands in self.purposes.values() for name, command in commands.items()}

    def heading(self, purpose: str) -> None:
        """Say what the commands are for that are added from now on."""
        self.purposes.setdefault(purpose, {})

    def add(self, name: str, what: str, **options: Any) -> Parser:
        """Add a command under the last heading; ``options`` are those of argparse."""
        if self._below is None:
            self._below = self.add_subparsers(prog=self.prog, metavar="COMMAND", required=True)
        if not self.purposes:
            self.heading("Commands")
        command: Parser = self._below.add_parser(name, help=what, what=what, **options)
        next(reversed(self.purposes.values()))[name] = command
        return command

    def group_options(self, **titles: Sequence[str]) -> None:
        """Put options, which were added, under headings of the help; a heading's words are joined by underscores."""
        for title, options in titles.items():
            heading = self.add_argument_group(title.replace("_", " "))
            for option in options:
                action = self._option_string_actions[option]
                self._optionals._group_actions.remove(action)
                heading._group_actions.append(action)

    def leaves(self) -> Iterator[Parser]:
        """Every command below, or this one if it is not a group."""
        if not self.purposes:
            yield self
        for command in self.commands.values():
            yield from command.leaves()

    def every(self) -> Iterator[Parser]:
        """Every command and every group below."""
        for command in self.commands.values():
            yield command
            yield from command.every()

    def format_help(self) -> str:
        """For a command what argparse prints; for a group every command below it, by purpose."""
        if not self.purposes:
            return super().format_help()
        rows = {
            purpose: [(leaf.prog.removeprefix(f"{self.prog} "), leaf.what) for leaf in _leaves(commands.values())]
            for purpose, commands in self.purposes.items()
        }
        column = max(len(name) for group in rows.values() for name, _ in group)
        width = terminal.columns()
        parts = [f"{self.format_usage()}\n{terminal.wrapped('', self.description or '', width)}"]
        for purpose, group in rows.items():
            lines = [terminal.wrapped(f"  {name:<{column}}  ", what, width) for name, what in group]
            parts.append("\n".join([terminal.bold(f"{purpose}:"), *lines]))
        more = f"`{self.prog} COMMAND --help` shows the options of a command and an example."
        parts.append(terminal.wrapped("", more, width))
        if self.epilog:
            parts.append(self.epilog % {"prog": self.prog})
        return "\n\n".join(parts) + "\n"

    def error(self, message: str) -> NoReturn:
        """End the program: the usage and what is wrong with the call, which fits the terminal."""
        self.print_usage(sys.stderr)
        terminal.tell_error(f"{self.prog}: error: {message}")
        sys.exit(2)

    def find(self, words: Sequence[str]) -> tuple[Parser, list[str]]:
        """The command or group that words lead to, and the words that are left."""
        if words and words[0] in self.commands:
            return self.commands[words[0]].find(words[1:])
        return self, list(words)

    def read(self, words: Sequence[str], **values: Any) -> argparse.Namespace:
        """The options that words give; ``values`` are added. Words that are wrong end the program, with a message."""
        for word in words:
            if word == "--":
                break
            option = word.partition("=")[0]
            if _looks_like_an_option(option) and not self._knows(option):
                self.error(
                    f"There is no option {option}.{_did_you_mean(_alike(option, self._option_string_actions, 1))}"
                )
        return self.parse_args(words, argparse.Namespace(**values))

    def _knows(self, option: str) -> bool:
        """Whether argparse takes it: an option, the beginning of a long one, or short ones in one word."""
        if option.startswith("--"):
            return any(known.startswith(option) for known in self._option_string_actions)
        return option[:2] in self._option_string_actions


def no_such_command(root: Parser, group: Parser, word: str) -> str:
    """What is said of a word that is not a command of a group: one line, with the commands that may be meant."""
    typed = f"{group.prog} {word}".removeprefix(f"{root.prog} ")
    hint = _did_you_mean([f"`{command.prog}`" for command in _near(root, group, word)])
    if not hint and group is not root:
        hint = f" Known: {', '.join(group.commands)}."
    return f"There is no command {typed}.{hint} `{group.prog} --help` lists all."


def _near(root: Parser, group: Parser, word: str) -> list[Parser]:
    """The commands that a word may mean: of this name elsewhere, else those spelled alike here, else elsewhere."""
    by_name: dict[str, list[Parser]] = {}
    for command in root.every():
        by_name.setdefault(command.prog.split()[-1], []).append(command)
    word = word.lower()
    if word in by_name:
        return by_name[word]
    here = _alike(word, group.commands, 2)
    if here:
        return [group.commands[name] for name in here]
    return [command for name in _alike(word, by_name, 2) for command in by_name[name]]


def _alike(word: str, known: Iterable[str], n: int) -> list[str]:
    """Up to ``n`` of the known words that are spelled much like one, the nearest first."""
    # Needed by who has mistyped something, and by nobody else.
    import difflib

    return difflib.get_close_matches(word.lower(), list(known), n)


def _did_you_mean(names: Sequence[str]) -> str:
    return f" Did you mean {' or '.join(names)}?" if names else ""


def _looks_like_an_option(word: str) -> bool:
    """Whether argparse takes a word for an option: not a number below 0, not a text with spaces."""
    return bool(re.match(r"-(?![\d.])\S+$", word))


def _leaves(commands: Iterable[Parser]) -> Iterator[Parser]:
    return (leaf for command in commands for leaf in command.leaves())


class _Formatter(argparse.HelpFormatter):
    """Breaks lines between words alone, never inside `--repo-id`; a line that is indented, an example, is kept."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return textwrap.wrap(" ".join(text.split()), width, break_long_words=False, break_on_hyphens=False)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(
            line if line.startswith(" ") else "\n".join(indent + row for row in self._split_lines(line, width))
            for line in text.splitlines()
        )
