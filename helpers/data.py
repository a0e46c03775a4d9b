"""The book's small data files: a line of names, then rows of values; lines that begin with # are comments."""
import csv


def read_rows(path):
    """[{name: text}, ...]: every row of the file."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def read_columns(path):
    """{name: [text, ...]}: every column of the file."""
    found = read_rows(path)
    return {name: [row[name] for row in found] for name in found[0]}
