"""Serves the built site as one who deploys it would: compressed, and under a policy that lets no page ask another origin for anything.

    make serve    http://localhost:8000

The tests and the measurements use the same server. Its addresses are those of a site at the root of its host.
"""
import argparse
import gzip
import io
import threading
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

SITE = Path(__file__).resolve().parents[3] / "_build" / "html"
COMPRESSED = {".html", ".css", ".js", ".mjs", ".json", ".svg", ".txt", ".map", ".py", ".ipynb", ".webmanifest", ".wasm", ".inv"}
# The theme writes scripts and styles into its pages; Python in the browser is compiled WebAssembly. Firefox fetches the next page.
PAGES = {"default-src": "'self'", "script-src": "'self' 'unsafe-inline' 'wasm-unsafe-eval'", "style-src": "'self' 'unsafe-inline'",
         "img-src": "'self' data: blob:", "font-src": "'self'", "connect-src": "'self'", "worker-src": "'self' blob:",
         "object-src": "'none'", "form-action": "'self'", "base-uri": "'self'", "frame-ancestors": "'self'"}
# JupyterLab compiles what checks its settings.
LITE = PAGES | {"script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:", "font-src": "'self' data:", "frame-src": "'self' blob:",
                "connect-src": "'self' data: blob:"}


def policy(path: str) -> str:
    """The Content-Security-Policy of what is asked for at `path`."""
    rules = LITE if path.startswith("/lite/") else PAGES
    return "; ".join(f"{name} {allowed}" for name, allowed in rules.items())


@lru_cache(maxsize=256)
def compressed(path: Path, changed: float) -> bytes:
    return gzip.compress(path.read_bytes(), 6, mtime=0)


class Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # a page's many files come through few connections
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript", ".wasm": "application/wasm", ".webmanifest": "application/manifest+json", ".woff2": "font/woff2"}

    def end_headers(self):
        self.send_header("Content-Security-Policy", policy(self.path))
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        named = urlsplit(self.path).query.startswith(("v=", "digest="))  # by what it holds: it will never change
        self.send_header("Cache-Control", "public, max-age=31536000, immutable" if named else "no-cache")
        super().end_headers()

    def send_head(self):
        """As the library does it, but compressed where that helps and the reader takes it."""
        path = Path(self.translate_path(self.path))
        if path.suffix not in COMPRESSED or not path.is_file() or "gzip" not in self.headers.get("Accept-Encoding", ""):
            return super().send_head()
        changed = path.stat().st_mtime
        tag = f'"{changed:.6f}"'
        if self.headers.get("If-None-Match") == tag:
            self.send_response(304)
            self.end_headers()
            return None
        body = compressed(path, changed)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Vary", "Accept-Encoding")
        self.send_header("ETag", tag)
        self.end_headers()
        return io.BytesIO(body)

    def send_error(self, code, message=None, explain=None):
        """What is not there has the book's own page."""
        page = Path(self.directory) / "404.html"
        if code != 404 or not page.is_file():
            super().send_error(code, message, explain)
            return
        body = page.read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle(self):
        with suppress(ConnectionError):  # a reader who has gone on
            super().handle()

    def log_message(self, *args):
        pass


@contextmanager
def serving(site: Path = SITE, port: int = 0):
    """The address of a server of `site`, as long as it is needed."""
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    if not (SITE / "index.html").is_file():
        raise SystemExit("There is no site yet: run 'make book' first.")
    with serving(SITE, port):
        print(f"http://localhost:{port} (stop with Ctrl-C)", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()
