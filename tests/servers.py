"""Loopback providers that answer well or badly on purpose: OpenAI-shaped and Gemini-shaped, scripted or at random.

Used by the tests and by the acceptance runs. Standard library only; nothing leaves 127.0.0.1.
"""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FAULTS = ("429", "500", "drop", "truncate", "garbage")


@dataclass(frozen=True)
class Response:
    """What the server does with one request.

    body : JSON-able, or bytes sent as they are; drop : close the connection without a word
    delay : seconds before it answers
    """

    status: int = 200
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    drop: bool = False
    delay: float = 0.0


@dataclass
class Provider:
    """One running server. `requests` holds every body in order of arrival; `served` what was done with each.

    faults : errors of `answer` itself; leaving `serving` raises the first
    """

    answer: Callable[[dict, int], Response]
    requests: list[dict] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict] = field(default_factory=list)
    served: list[Response] = field(default_factory=list)
    port: int = 0
    faults: list[Exception] = field(default_factory=list)
    running: int = 0
    most_running: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_base(self) -> str:
        return f"{self.url}/v1"

    @property
    def calls(self) -> int:
        return len(self.requests)


@contextmanager
def serving(answer: Callable[[dict, int], Response]) -> Iterator[Provider]:
    """Run a server in a thread; `answer(body, number)` decides what becomes of each POST."""
    provider = Provider(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.loads(raw)
            with provider.lock:
                number = len(provider.requests)
                provider.requests.append(body)
                provider.paths.append(self.path)
                provider.headers.append(dict(self.headers))
                provider.running += 1
                provider.most_running = max(provider.most_running, provider.running)
            try:
                response = provider.answer(body, number)
            except Exception as fault:
                provider.faults.append(fault)
                response = Response(drop=True)
            try:
                if response.delay:
                    time.sleep(response.delay)
            finally:
                with provider.lock:
                    provider.running -= 1
            with provider.lock:
                provider.served.append(response)
            self._send(response)

        def _send(self, response: Response) -> None:
            if response.drop:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return
            data = response.body if isinstance(response.body, bytes) else json.dumps(response.body).encode()
            self.send_response(response.status)
            for name, value in (("Content-Type", "application/json"), *response.headers):
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: object, client_address: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    provider.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    if provider.faults:
        raise provider.faults[0]


def openai_reply(
    text: str | None, *, finish: str = "stop", model: str = "resolved-model-1", prompt_tokens: int = 100,
    completion_tokens: int = 50, reasoning_tokens: int = 0, cached_tokens: int = 0, choices: bool = True,
) -> Response:
    """A chat completion in OpenAI's shape."""
    message = {"role": "assistant", "content": text}
    return Response(body={
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
        "choices": [{"index": 0, "finish_reason": finish, "message": message}] if choices else [],
        "usage": {
            "prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
            "completion_tokens_details": {"reasoning_tokens": reasoning_tokens},
            "prompt_tokens_details": {"cached_tokens": cached_tokens},
        },
    })


def gemini_reply(
    text: str | None, *, finish: str = "STOP", blocked: str = "", prompt_tokens: int = 100,
    completion_tokens: int = 50, reasoning_tokens: int = 0, candidates: bool = True,
) -> Response:
    """A generateContent answer in Gemini's shape; `blocked` names the reason of a blocked prompt."""
    body: dict[str, Any] = {
        "usageMetadata": {
            "promptTokenCount": prompt_tokens, "candidatesTokenCount": completion_tokens,
            "thoughtsTokenCount": reasoning_tokens,
            "totalTokenCount": prompt_tokens + completion_tokens + reasoning_tokens,
        },
        "modelVersion": "gemini-2.5-pro-001", "responseId": "r1",
    }
    if blocked:
        body["promptFeedback"] = {"blockReason": blocked}
    elif candidates:
        content: dict[str, Any] = {"role": "model"}
        if text is not None:
            content["parts"] = [{"text": text}]
        body["candidates"] = [{"content": content, "finishReason": finish, "index": 0}]
    return Response(body=body)


def error(status: int, message: str = "no", *, retry_after: str | None = None, **fields: Any) -> Response:
    """An HTTP error in OpenAI's shape."""
    headers = (("Retry-After", retry_after),) if retry_after is not None else ()
    return Response(status, {"error": {"message": message, **fields}}, headers)


def scripted(*responses: Response) -> Callable[[dict, int], Response]:
    """The responses in order; the last one for ever."""
    return lambda body, number: responses[min(number, len(responses) - 1)]


def faulty(
    good: Callable[[dict, int], Response], *, rate: float = 0.3, seed: int = 0, faults: tuple[str, ...] = FAULTS
) -> Callable[[dict, int], Response]:
    """`good`, but `rate` of the calls get one of the faults, drawn from a seeded generator."""
    draw, lock = random.Random(seed), threading.Lock()

    def answer(body: dict, number: int) -> Response:
        with lock:
            fault = draw.choice(faults) if draw.random() < rate else ""
        if fault == "429":
            return error(429, "slow down", retry_after="0")
        if fault == "500":
            return error(500, "broken")
        if fault == "drop":
            return Response(drop=True)
        if fault == "garbage":
            return Response(body=b"<html>502</html> \xff {")
        response = good(body, number)
        if fault == "truncate":
            cut = dict(response.body["choices"][0], finish_reason="length")
            return Response(body={**response.body, "choices": [cut]})
        return response

    return answer


def reasoning_model(good: Callable[[dict, int], Response]) -> Callable[[dict, int], Response]:
    """Shaped like a reasoning model: refuses any temperature but the default."""

    def answer(body: dict, number: int) -> Response:
        if body.get("temperature", 1) != 1:
            return error(
                400, "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) "
                "value is supported.", type="invalid_request_error", param="temperature", code="unsupported_value",
            )
        return good(body, number)

    return answer


def gemini_faults(
    good: Callable[[dict, int], Response], *, rate: float = 0.3, seed: int = 0
) -> Callable[[dict, int], Response]:
    """`good`, but `rate` of the calls end as Gemini's do: no candidates after thinking, STOP without text, blocked."""
    draw, lock = random.Random(seed), threading.Lock()

    def answer(body: dict, number: int) -> Response:
        with lock:
            fault = draw.choice(("thought", "empty", "blocked", "500")) if draw.random() < rate else ""
        if fault == "thought":
            return gemini_reply(None, candidates=False, completion_tokens=0, reasoning_tokens=200)
        if fault == "empty":
            return gemini_reply(None)
        if fault == "blocked":
            return gemini_reply(None, blocked="SAFETY")
        if fault == "500":
            return error(500, "internal", code=500)
        return good(body, number)

    return answer
