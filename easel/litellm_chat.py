"""litellm behind the chat protocol: one HTTP request per call, typed failures. The one importer of litellm.

Retries, limits and records are wrapped around it (`easel.connection`).
"""

from __future__ import annotations

import base64
import logging
import os
import re
import threading
from collections.abc import Iterator
from typing import Any

from easel.asking import most_tokens
from easel.chat import (
    Blocked,
    ChatFailure,
    ChatReply,
    ChatRequest,
    Empty,
    Evidence,
    Image,
    Message,
    RefusedSetting,
    Sampling,
    ThoughtExhausted,
    TooLong,
    Transient,
    Truncated,
    Unavailable,
    Usage,
)
from easel.errors import ConfigurationError, MissingCapability, shorten
from easel.prices import Price, mapped_price
from easel.redaction import RedactingFilter, names_secret, redact

OWN_KEY = "EASEL_API_KEY"
"""The environment variable whose value a server at an `api_base` is sent."""
_DOOR = threading.Lock()
_LOGGERS = ("LiteLLM", "openai._base_client", "httpx")
_SETTINGS = re.compile(rf"\b({'|'.join(vars(Sampling()))})\b")
_DROPPABLE = frozenset({"temperature", "seed", "reasoning_effort"})
_TRANSIENT = frozenset({408, 409, 425, 429})
_QUOTA = ("perday", "per day", "per_day", "daily", "requests per day", "rpd", "tpd")
_BLOCKED = ("content_policy", "content policy", "content management policy", "content_filter", "safety system")
_MEND = {
    400: "The provider found the request wrong; look at its message.",
    401: "Set the provider's key: {key}.",
    402: "The account has no credit; add some, or choose another model.",
    403: "The key {key} may not use this model; choose another model or ask for access.",
    404: "Check the model's name and api_base.",
}


def litellm_module() -> Any:
    """litellm, imported once with everything off that we do not want: network at import, cache, hints, telemetry."""
    with _DOOR:
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        try:
            import litellm
        except ImportError:
            raise MissingCapability(
                "the package litellm", came="none", mend="Type: make setup, or pip install 'litellm==1.101.*'; "
                "without any model: --model stand-in.",
            ) from None
        litellm.suppress_debug_info = True
        litellm.telemetry = False
        litellm.drop_params = False  # a setting that is left out silently would not be recorded as not applied
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            if not any(isinstance(known, RedactingFilter) for known in logger.filters):
                logger.addFilter(RedactingFilter())
        return litellm


class LiteLLMChat:
    """A provider's model.

    model : litellm's name, "provider/model" ; label : what requests and records call it (default: `model`)
    api_base : address of the server, None for the provider's own. Such a server is never sent the provider's key
        that the environment may hold (OPENAI_API_KEY, ...), but EASEL_API_KEY, or the placeholder "none" without it
    api_key_env : environment variable that holds the key, for any server; its name must be key-like (`easel.redaction`)
    drop_refused_settings : leave out a setting that the model does not take, and list it in `not_applied`
    sees_images : None asks litellm's map (unknown models: no)
    price : None asks litellm's map; timeout : seconds for one request (ours: 600, a reasoning model thinks long)
    """

    evidence: Evidence = "live"

    def __init__(
        self, model: str, *, label: str | None = None, api_base: str | None = None, api_key_env: str | None = None,
        drop_refused_settings: bool = False, sees_images: bool | None = None, price: Price | None = None,
        timeout: float = 600.0,
    ) -> None:
        litellm = litellm_module()
        try:
            _, self._provider, _, _ = litellm.get_llm_provider(model, api_base=api_base)
        except Exception:
            raise ConfigurationError(
                "a model as litellm names it, for example 'gemini/gemini-2.5-pro' or 'openai/NAME' with an api_base",
                came=repr(model), mend="See litellm's list of providers.",
            ) from None
        self.name = label or model
        self._model, self._label, self._api_base = model, label, api_base
        self._drop, self._timeout = drop_refused_settings, timeout
        self._refused: frozenset[str] = frozenset()
        named = (api_key_env,) if api_key_env else (OWN_KEY,) if api_base else ()
        self._key = named or missing_keys(model)
        self._api_key = _key(api_base, api_key_env)
        info = _model_info(litellm, model)
        self.sees_images = bool(info.get("supports_vision")) if sees_images is None else sees_images
        self.price = price or mapped_price(info)
        self.largest_reply: int | None = info.get("max_output_tokens")
        """Tokens that the model can write at most, None when unknown."""

    def reply(self, request: ChatRequest) -> ChatReply:
        """One HTTP request. Raises the failures of `easel.chat`; Transient ones may pass when tried again."""
        litellm = litellm_module()
        if not self.sees_images and any(message.images for message in request.messages):
            raise ConfigurationError(
                f"no pictures, since '{self.name}' is not known to see them", came="a prompt with pictures",
                mend="Set sees_images if it does, or choose a model that sees.",
            )
        given = {name: value for name, value in request.sampling.given().items() if name not in self._refused}
        try:
            response = litellm.completion(
                model=self._model, messages=[_message(message) for message in request.messages],
                api_base=self._api_base, api_key=self._api_key, timeout=self._timeout, max_retries=0, num_retries=0,
                caching=False, cache={"no-cache": True, "no-store": True}, drop_params=False, stream=False, **given,
            )
        except Exception as error:
            failure = self._failure(error, request, given)
        else:
            return self._reply(response, request)
        # Raised here and not inside the except block: litellm's exceptions can carry keys and must not stand behind
        # ours, not even as a suppressed context.
        raise failure

    def _reply(self, response: Any, request: ChatRequest) -> ChatReply:
        usage = self._usage(response, request)
        choices = response.choices or []
        if not choices:
            if usage.completion_tokens:
                raise self._say(ThoughtExhausted, request, "no answer after thinking", usage)
            raise self._say(Empty, request, "no choices", usage)
        finish, text = choices[0].finish_reason, choices[0].message.content
        blank = not isinstance(text, str) or not text.strip()
        if finish == "content_filter":
            raise self._say(Blocked, request, "blocked by the provider's filter", usage)
        if finish == "length":
            if blank:
                raise self._say(ThoughtExhausted, request, f"{usage.completion_tokens} tokens and no word", usage)
            raise self._say(Truncated, request, f"{usage.completion_tokens} tokens, cut off", usage)
        if blank:
            raise self._say(Empty, request, "no text", usage)
        dropped = tuple(sorted(self._refused & request.sampling.given().keys()))
        return ChatReply(text, self._label or response.model or self._model, usage, dropped, "live")

    def _usage(self, response: Any, request: ChatRequest) -> Usage:
        reported = getattr(response, "usage", None)
        prompt = getattr(reported, "prompt_tokens", 0) or 0
        completion = getattr(reported, "completion_tokens", 0) or 0
        if not prompt and not completion:
            return self._worst_usage(request)
        reasoning = getattr(getattr(reported, "completion_tokens_details", None), "reasoning_tokens", 0) or 0
        cached = getattr(getattr(reported, "prompt_tokens_details", None), "cached_tokens", 0) or 0
        dollars = None if self.price is None else self.price.dollars(prompt, completion, cached)
        return Usage(prompt, completion, reasoning, cached, dollars)

    def _worst_usage(self, request: ChatRequest) -> Usage:
        """What a request can have been charged at most when the provider did not say."""
        prompt = most_tokens(request.messages)
        completion = request.sampling.max_tokens or self.largest_reply or 0
        dollars = None if self.price is None else self.price.worst(prompt, completion)
        return Usage(prompt, completion, dollars=dollars, estimated=True)

    def _say(self, kind: type[ChatFailure], request: ChatRequest, came: str, usage: Usage) -> ChatFailure:
        limit = request.sampling.max_tokens
        mend = f"Raise max_tokens (now {limit})." if kind in (Truncated, ThoughtExhausted) and limit else ""
        return kind("a complete reply", came=came, where=f"{self.name}, {request.site}", mend=mend, usage=usage)

    def _failure(self, error: Exception, request: ChatRequest, given: dict[str, Any]) -> ChatFailure:
        """Ours for litellm's: by status where the provider answered, by cause where it did not."""
        said = shorten(redact(self._unnamed(str(error))), 300)
        headers = getattr(error, "litellm_response_headers", None)
        answered = headers is not None
        status = getattr(error, "status_code", None) if answered else None
        names = [type(cause).__name__ for cause in _chain(error)]
        where = f"{self.name}, {request.site}"
        lower = said.lower()
        if "UnsupportedParamsError" in names:
            return self._refuse(said, request, given, sent=False)
        if status == 400 and "support" in lower and _SETTINGS.search(said):
            return self._refuse(said, request, given, sent=True)
        if "ContentPolicyViolationError" in names or (status == 400 and any(word in lower for word in _BLOCKED)):
            return Blocked("an answer", came=said, where=where, status=status)
        if "ContextWindowExceededError" in names:
            return TooLong("a prompt that fits", came=said, where=where, status=status)
        if not answered and "AuthenticationError" in names:
            return Unavailable("a key", came=said, where=where, mend=self._mend(401), sent=False)
        if "response block" in lower or (status is not None and status < 400):
            status = 200
        worst = self._worst_usage(request)
        if not answered and "no 'choices'" in said and said.rstrip("'].").endswith(("usage", "system_fingerprint")):
            # litellm hides the usage of an OpenAI-shaped reply without choices; it was charged.
            return ThoughtExhausted("a complete reply", came="no choices", where=where, usage=worst)
        if status is None or status < 400 or status in _TRANSIENT or status >= 500:
            failure = Transient("an answer", came=said, where=where, status=status)
            never_arrived = "ConnectError" in names or "ConnectTimeout" in names
            failure.usage = Usage() if never_arrived or (status or 0) >= 400 else worst
            failure.retry_after = headers.get("retry-after") if headers is not None else None
            if "insufficient_quota" in lower:
                return Unavailable("credit at the provider", came=said, where=where, mend=_MEND[402], status=status)
            failure.quota = status == 429 and any(word in lower for word in _QUOTA)
            return failure
        return Unavailable("a request that the provider takes", came=said, where=where, mend=self._mend(status),
                           status=status)

    def _refuse(self, said: str, request: ChatRequest, given: dict[str, Any], *, sent: bool) -> RefusedSetting:
        setting = next((name for name in _SETTINGS.findall(said) if name in given), "")
        value = f"{setting}={given[setting]}" if setting else "a setting"
        failure = RefusedSetting(
            f"settings that '{self.name}' takes", came=f"{value}, which it refuses: {shorten(said, 110)}",
            where=str(request.site), sent=sent, status=400 if sent else None,
            mend="Leave it out, or set drop_refused_settings (--drop-refused-settings): left out, and recorded so.",
        )
        failure.setting = setting
        # Never max_tokens: a reservation in the budget stands on it.
        if self._drop and setting in _DROPPABLE:
            with _DOOR:
                self._refused |= {setting}
            failure.dropped = True
        return failure

    def _mend(self, status: int) -> str:
        return _MEND.get(status, "").format(key=" or ".join(self._key) or "of your provider")

    def _unnamed(self, text: str) -> str:
        """The message without the real model name and address where a neutral label stands for them."""
        label = self._label
        if label:
            for name in (self._model, self._model.partition("/")[2], self._api_base or "", self._provider):
                text = re.sub(re.escape(name), lambda _: label, text, flags=re.I) if len(name) > 2 else text
        return text


def _message(message: Message) -> dict[str, Any]:
    if not message.images:
        return {"role": message.role, "content": message.text}
    return {"role": message.role, "content": [_part(part) for part in message.parts]}


def _part(part: str | Image) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    data = base64.b64encode(part.png).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _model_info(litellm: Any, model: str) -> dict[str, Any]:
    try:
        return dict(litellm.get_model_info(model))
    except Exception:  # litellm raises a bare Exception for a model that its map does not know
        return {}


def missing_keys(model: str) -> tuple[str, ...]:
    """Environment variables of which the provider needs one (or all), and none is set."""
    litellm = litellm_module()
    try:
        return tuple(litellm.validate_environment(model)["missing_keys"])
    except Exception:
        return ()


def _key(api_base: str | None, variable: str | None) -> str | None:
    """What is sent as key; None lets litellm look for the provider's own."""
    if variable is not None:
        if not names_secret(variable):
            raise ConfigurationError("a key-like variable name, so that its value is kept out of records and messages",
                                     came=repr(variable), where="api_key_env", mend="Name it ..._API_KEY.")
        if not os.environ.get(variable):
            raise MissingCapability(f"a key in {variable}", came="none", mend=f"export {variable}=...")
        return os.environ[variable]
    # Servers of one's own need no key, but clients refuse to start without one, and litellm would then take the
    # provider's from the environment and send it to a stranger.
    return os.environ.get(OWN_KEY) or "none" if api_base else None
