"""The pages to compare: from npm packages, served locally."""

import functools
import http.server
import pathlib
import shutil
import subprocess
import tarfile
import threading
from dataclasses import dataclass

HERE = pathlib.Path(__file__).parent


@dataclass(frozen=True)
class Page:
    package: str
    path: str
    kind: str
    url: str


def serve_all(cache: pathlib.Path) -> list[Page]:
    """Fetches the packages in `pages.txt`, unless cached, and serves them until this process exits."""
    lines = (line.strip() for line in (HERE / "pages.txt").read_text().splitlines())
    rows = [line.split(None, 3) for line in lines if line and not line.startswith("#")]
    return [Page(package, path, kind, serve(fetch(package, cache) / root) + path) for package, root, path, kind in rows]


def fetch(package: str, cache: pathlib.Path) -> pathlib.Path:
    """The folder of a package's files. npm checks the integrity of downloads."""
    folder = cache / "pages" / package.replace("/", "_")
    if not folder.exists():
        command = ["npm", "pack", "--silent", "--pack-destination", str(cache), package]
        packed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        archive = cache / packed.stdout.split()[-1]
        # Renamed once complete.
        part = folder.with_name(folder.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        with tarfile.open(archive) as tar:
            tar.extractall(part, filter="data")
        archive.unlink()
        part.rename(folder)
    [inside] = folder.iterdir()
    return inside


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def serve(folder: pathlib.Path) -> str:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}/"
