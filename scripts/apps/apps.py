"""Starts real applications and checks what the view says about them: `apps.py MEASURE [NAME...]`. Prints each view. Run by
`make apps`, which installs the applications."""

import functools
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path("target/apps").resolve()
BIN = CACHE / "venv" / "bin"
MODULES = CACHE / "node" / "node_modules"
STARTS_WITHIN = 120

# Said of a page that has drawn its controls, these are untrue.
UNTRUE = ["looks empty", "still loading", "requests are still", "covers the page"]


class Browser:
    """Our view of a page, and actions on it. What is wrong is collected, so that one run tells all."""

    def __init__(self, measure: str):
        self.process = subprocess.Popen([measure, "steps"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.wrong: list[str] = []
        self.app = ""
        self.answer: dict = {}

    def step(self, step: dict) -> None:
        print(json.dumps(step), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.app}: the browser is gone")
        self.answer = json.loads(line)
        print(f"\n## {self.app}: {json.dumps(step)} ({self.answer['milliseconds']} ms) {self.answer['effect']}")
        for notice in self.answer["notices"]:
            print(f"! {notice}")
        print(self.answer["text"], flush=True)
        if self.answer["error"]:
            self.fail(f"{json.dumps(step)} failed: {self.answer['error']}")
        for notice in self.answer["notices"]:
            if any(untrue in notice for untrue in UNTRUE):
                self.fail(f"untrue: {notice}")

    def open(self, app: str, url: str) -> None:
        self.app = app
        self.step({"open": url})
        if len(self.lines(r"\[\d+\]<")) < 3:
            self.fail("the first look shows no application")

    def fail(self, what: str) -> None:
        self.wrong.append(f"{self.app}: {what}")
        print(f"WRONG: {what}", flush=True)

    def lines(self, pattern: str) -> list[str]:
        return [line for line in self.answer["text"].splitlines() if re.search(pattern, line)]

    def once(self, pattern: str) -> None:
        """A control stands once."""
        found = self.lines(r"\[\d+\]<" + pattern)
        if len(found) != 1:
            self.fail(f"{len(found)} controls instead of one: {pattern}")

    def says(self, pattern: str) -> None:
        if not self.lines(pattern) and not re.search(pattern, self.answer["effect"]):
            self.fail(f"not said: {pattern}")

    def silent(self, pattern: str) -> None:
        for line in self.lines(pattern):
            self.fail(f"noise: {line.strip()}")

    def index(self, pattern: str) -> int:
        """Of the first control whose line has the pattern."""
        for line in self.answer["text"].splitlines():
            if found := re.search(r"\[(\d+)\]<" + pattern, line):
                return int(found[1])
        self.fail(f"no control: {pattern}")
        return 0

    def act(self, name: str, pattern: str, **arguments: object) -> None:
        if index := self.index(pattern):
            self.step({name: {"index": index, **arguments}})

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class App:
    """A server of its own process group, with a temporary folder as its home."""

    def __init__(self, name: str, path: str, command: Callable[[int, pathlib.Path], list[str]]):
        self.folder = tempfile.TemporaryDirectory(prefix=f"apps-{name}-", ignore_cleanup_errors=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}{path}"
        home = pathlib.Path(self.folder.name)
        environment = {**os.environ, "HOME": self.folder.name, "PATH": f"{BIN}:{os.environ['PATH']}"}
        self.log = home / "log"
        self.process = subprocess.Popen(
            command(self.port, home),
            cwd=home,
            env=environment,
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self) -> str:
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                urllib.request.urlopen(self.url, timeout=5).close()
                return self.url
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        said = self.log.read_text()[-2000:]
        self.__exit__()
        sys.exit(f"{self.process.args[0]} does not start:\n{said}")

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.folder.cleanup()


def node_red(browser: Browser) -> None:
    script = str(MODULES / "node-red" / "red.js")
    with App("node-red", "/", lambda port, home: ["node", script, "--port", str(port), "--userDir", str(home)]) as url:
        browser.open("Node-RED", url)
        # Two questions, and only they can be used.
        browser.act("click", r"button.*No, do not enable notifications")
        browser.says("Welcome to Node-RED")
        browser.act("click", r"button icon=times")
        for control in ["Deploy", "inject", "debug", "switch"]:
            browser.once(f".*>{control}$")
        browser.act("click", r"a icon=bars")
        browser.once(".*>Import ctrl-i$")


def jupyter(browser: Browser) -> None:
    def command(port: int, home: pathlib.Path) -> list[str]:
        shutil.copy(HERE / "notebook.ipynb", home)
        options = ["--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
        return [str(BIN / "jupyter-lab"), *options, "--IdentityProvider.token=", f"--ServerApp.root_dir={home}"]

    with App("jupyter", "/lab/tree/notebook.ipynb", command) as url:
        browser.open("JupyterLab", url)
        browser.step({"wait": {"text": "Click to add a cell"}})
        for menu in ["File", "Edit", "Run", "Kernel"]:
            browser.once(f"menuitem popup=menu />{menu}$")
        for control in ["Save and create checkpoint", "Run this cell and advance"]:
            browser.once(f".*>{control}")
        browser.once("select value=Code .*>Cell type")
        browser.once('textbox .*value="print')
        browser.says("Cell 1/1")
        browser.act("click", r"button />Insert a cell below")
        browser.says("Cell 2/2")


def streamlit(browser: Browser) -> None:
    options = ["--server.headless=true", "--server.address=127.0.0.1", "--browser.gatherUsageStats=false"]
    with App(
        "streamlit",
        "/",
        lambda port, _: [str(BIN / "streamlit"), "run", str(HERE / "form.py"), f"--server.port={port}", *options],
    ) as url:
        browser.open("Streamlit", url)
        browser.step({"wait": {"text": "Wrap as a gift"}})
        browser.once("input />Name")
        browser.once("input type=number value=2 min=1 max=9 .*>Number of cups")
        browser.once("combobox value=red .*>Colour")
        browser.once(".*type=radio checked />small")
        browser.once(".*type=checkbox />Wrap as a gift")
        browser.once("button />Order")
        browser.act("input", "input />Name", text="Ada")
        browser.act("select", "combobox value=red .*>Colour", options=["green"])
        browser.act("click", ".*type=radio />large")
        browser.act("click", ".*type=checkbox />Wrap")
        browser.act("click", "button />Order")
        browser.says("Ada ordered 2 large green cups, wrapped")


def ag_grid(browser: Browser) -> None:
    with tempfile.TemporaryDirectory(prefix="apps-grid-") as folder:
        shutil.copy(HERE / "grid.html", folder)
        shutil.copy(MODULES / "ag-grid-community" / "dist" / "ag-grid-community.min.js", folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser.open("AG Grid", f"http://127.0.0.1:{server.server_address[1]}/grid.html")
        for control in ["Model", "Maker", "Price", "Stock", "K100", "Page Size", "Next Page", "Page number, 1 of 5"]:
            browser.once(rf"[^\[]*>{control}( |$)")
        browser.says("1 to 100 of 500")
        browser.silent("state=.*(height|column)")
        browser.silent("icon=wrapper")
        browser.act("click", r"[^\[]*>Price( |$)")
        browser.says("sorted ascending|sort=ascending")
        browser.once(r"[^\[]*>K190( |$)")
        server.shutdown()


APPS = {"node-red": node_red, "jupyter": jupyter, "streamlit": streamlit, "ag-grid": ag_grid}


def main() -> None:
    measure, *names = sys.argv[1:]
    browser = Browser(measure)
    try:
        for name in names or APPS:
            APPS[name](browser)
    finally:
        browser.close()
    if browser.wrong:
        sys.exit("\n".join(["", "wrong:", *browser.wrong]))


if __name__ == "__main__":
    main()
