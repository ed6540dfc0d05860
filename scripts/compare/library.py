"""Reads a page with the leading library, with its own code and defaults."""

import asyncio
import logging
import os
import pathlib
import shutil
import tempfile
from dataclasses import dataclass

# The library reads these on import.
os.environ.update(
    ANONYMIZED_TELEMETRY="false",
    BROWSER_USE_CLOUD_SYNC="false",
    BROWSER_USE_SETUP_LOGGING="false",
    BROWSER_USE_VERSION_CHECK="false",
    BROWSER_USE_CONFIG_DIR=tempfile.mkdtemp(),
)
logging.disable(logging.WARNING)

from browser_use.browser import BrowserProfile, BrowserSession  # noqa: E402

ORACLE = (pathlib.Path(__file__).parent / "oracle.js").read_text()
# Waits for a loaded page to settle. The service waits as long.
REST_SECONDS = 1.5
IN_PAGE = "function() { return this.ownerDocument === document && this.isConnected ? __oracle.tell(this) : null }"


@dataclass(frozen=True)
class Reading:
    text: str
    # The elements it indexes and those a person can use, as the oracle describes them.
    listed: list
    usable: list
    # The visible words.
    words: list


async def read(urls: list[str]) -> list[Reading]:
    profile = BrowserProfile(
        executable_path=os.environ.get("BROWSER_EXECUTABLE") or shutil.which("chromium"),
        headless=True,
        chromium_sandbox=False,
        viewport={"width": 1280, "height": 900},
        no_viewport=False,
        device_scale_factor=1,
        enable_default_extensions=False,
        highlight_elements=False,
        # Neither side fetches anything from the internet.
        args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
    )
    session = BrowserSession(browser_profile=profile)
    await session.start()
    try:
        return [await read_one(session, url) for url in urls]
    finally:
        await session.kill()


async def read_one(session: BrowserSession, url: str) -> Reading:
    await session.navigate_to(url)
    await asyncio.sleep(REST_SECONDS)
    state = await session.get_browser_state_summary(include_screenshot=False)
    cdp = await session.get_or_create_cdp_session()
    runtime, dom = cdp.cdp_client.send.Runtime, cdp.cdp_client.send.DOM

    async def evaluate(expression: str):
        # The command line API lists an element's event listeners.
        params = {"expression": expression, "returnByValue": True, "includeCommandLineAPI": True}
        answer = await runtime.evaluate(params=params, session_id=cdp.session_id)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"])
        return answer["result"].get("value")

    await evaluate(ORACLE)
    usable = await evaluate("__oracle.usable()")
    listed = []
    for node in state.dom_state.selector_map.values():
        if node.target_id != cdp.target_id:
            continue
        resolved = await dom.resolveNode(params={"backendNodeId": node.backend_node_id}, session_id=cdp.session_id)
        params = {"objectId": resolved["object"]["objectId"], "functionDeclaration": IN_PAGE, "returnByValue": True}
        told = await runtime.callFunctionOn(params=params, session_id=cdp.session_id)
        # Elements in frames are covered by our own tests.
        if element := told["result"].get("value"):
            listed.append(element)
    # As its agent calls it, with the default attributes.
    return Reading(state.dom_state.llm_representation(), listed, usable, await evaluate("__oracle.words()"))
