"""Answers Neutron's lists with nothing, on 127.0.0.1:9696: Nova asks them for servers without networks too."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSIONS = {
    "versions": [
        {"id": "v2.0", "status": "CURRENT", "links": [{"rel": "self", "href": "http://127.0.0.1:9696/v2.0/"}]}
    ]
}


class Empty(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        name = self.path.split("?")[0].rstrip("/").split("/")[-1].replace(".json", "")
        body = json.dumps(VERSIONS if name in ("", "v2.0") else {name.replace("-", "_"): []}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = answer


ThreadingHTTPServer(("127.0.0.1", 9696), Empty).serve_forever()
