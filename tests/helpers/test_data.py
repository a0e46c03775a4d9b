from helpers import data

TEXT = "# made by lot\nname,worth\n# in between\nox,1198\ncow,\n"


def test_rows_and_columns(tmp_path):
    path = tmp_path / "small.csv"
    path.write_text(TEXT, encoding="utf-8")
    assert data.read_rows(path) == [{"name": "ox", "worth": "1198"}, {"name": "cow", "worth": ""}]
    assert data.read_columns(path) == {"name": ["ox", "cow"], "worth": ["1198", ""]}
