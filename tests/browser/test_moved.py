"""A reader who follows an old link comes to where the page went, with the state that the link asks for."""
import pytest
from built import moved


@pytest.mark.parametrize("javascript", [True, False])
@pytest.mark.parametrize(("asked", "came"), [
    ("old.html", "sub/new.html"), ("old.html#jury?voters=11&fair=false", "sub/new.html#jury?voters=11&fair=false"),
    ("sub/older.html", "sub/new.html#jury"), ("sub/older.html#ox?guess=1100", "sub/new.html#ox?guess=1100")])
def test_an_old_link_leads_on(browser, tmp_path, javascript, asked, came):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "new.html").write_text("<!doctype html><title>New</title>")
    (tmp_path / "old.html").write_text(moved.leading("old.html", "sub/new.html"))
    (tmp_path / "sub" / "older.html").write_text(moved.leading("sub/older.html", "sub/new.html#jury"))
    context = browser.new_context(java_script_enabled=javascript)
    tab = context.new_page()
    tab.goto(f"{tmp_path.as_uri()}/{asked}")
    tab.wait_for_url("**/new.html*")
    address = tab.url.removeprefix(f"{tmp_path.as_uri()}/")
    context.close()
    assert address.partition("#")[0] == "sub/new.html"
    assert address == came or not javascript
