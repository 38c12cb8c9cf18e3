"""The lines that visitors of a page copy: for every shell and for notebooks, with the mirror's address."""

from __future__ import annotations

from tinytorch_hf.mirror.markup import Element, element


def endpoint_lines(endpoint: str) -> Element:
    """How Hugging Face's libraries are told where to read, in each place where somebody might start Python."""
    variable = "HF_ENDPOINT"
    notebook = f'import os\n\nos.environ["{variable}"] = "{endpoint}"'
    return element(
        "div",
        _line("bash or zsh: Linux, macOS, Git Bash", f"export {variable}={endpoint}"),
        _line("PowerShell", f'$env:{variable} = "{endpoint}"'),
        _line("Command Prompt (cmd)", f"set {variable}={endpoint}"),
        _line("Notebook: the first cell, before datasets is imported", notebook),
        class_="lines",
    )


def load_lines(repository_id: str, configs: tuple[str, ...] = ()) -> Element:
    """How a dataset is loaded then; with a configuration where there are several and none is the default."""
    config = f', "{configs[0]}"' if len(configs) > 1 and "default" not in configs else ""
    code = f'from datasets import load_dataset\n\ndata = load_dataset("{repository_id}"{config})'
    return _line("Then, in Python", code)


def variable_line(what: str, variable: str, value: str) -> Element:
    """A variable of the environment, for bash and zsh."""
    return _line(what, f"export {variable}={value}")


def _line(where: str, text: str) -> Element:
    # With the keyboard it is reached, too.
    return element("figure", element("figcaption", where), element("pre", text, tabindex="0"))
