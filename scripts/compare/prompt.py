"""Captures what the service sends a model in a run's first step."""

import http.server
import json
import os
import subprocess
import threading

DONE = {
    "evaluationPreviousGoal": "",
    "memory": "",
    "nextGoal": "",
    "actions": [{"done": {"text": "seen", "success": True}}],
}


def first_request(service: str, url: str) -> dict:
    """The body of the first model request of a run with this start URL."""
    caught = []

    class Model(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            caught.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            message = {"role": "assistant", "content": json.dumps(DONE)}
            answer = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = {
        "OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_address[1]}/v1",
        "OPENAI_API_KEY": "not-needed",
        "BROWSER_USE_PRIVATE_HOSTS": "127.0.0.1",
    }
    command = [service, "run", "look at the page", "--provider", "openai", "--start-url", url]
    subprocess.run(command, check=True, env=os.environ | settings, stdout=subprocess.DEVNULL)
    server.shutdown()
    return caught[0]
