"""Writers of documents: the computed parts of Markdown files. They are not part of the wheel."""
