"""Talks to the sandbox's Gemini through Google's own SDK, which knows nothing of the sandbox.

Needs a running sandbox and `pip install google-genai pillow`:

    python sandbox/checks/gemini_sdk.py http://127.0.0.1:9090 <gemini key>

Each line says what held; the first thing that does not hold ends the run with a traceback.
"""

import io
import json
import sys
import time
import urllib.request

from google import genai
from google.genai import errors, types
from PIL import Image

PRO = "gemini-3-pro-image"
FLASH = "gemini-3.1-flash-image"


def main(base_url, api_key):
    client = sdk(base_url, api_key)
    control(base_url, "DELETE", "faults")

    names = [model.name for model in client.models.list()]
    assert f"models/{PRO}" in names, names
    held("models are listed", ", ".join(names))

    for model, ratio, size, pixels in [
        (PRO, "1:1", "1K", (1024, 1024)),
        (PRO, "16:9", "2K", (2752, 1536)),
        (PRO, "3:4", "4K", (3584, 4800)),
        (FLASH, "9:16", "512", (384, 688)),
    ]:
        started = time.monotonic()
        answer = client.models.generate_content(
            model=model, contents="Закат над морем", config=image_config(ratio, size)
        )
        picture = only_picture(answer)
        assert picture.size == pixels, picture.size
        assert answer.candidates[0].finish_reason == types.FinishReason.STOP
        assert answer.usage_metadata.candidates_token_count > 0
        seconds = time.monotonic() - started
        held(f"{model} draws {ratio} at {size}", f"{picture.format}, {seconds:.2f} s")

    # The SDK encodes what it sends in the URL-safe alphabet.
    inputs = [picture_bytes("JPEG", (640, 360)), picture_bytes("PNG", (300, 500))]
    answer = client.models.generate_content(
        model=PRO,
        contents=[
            types.Part.from_bytes(data=inputs[0], mime_type="image/jpeg"),
            types.Part.from_bytes(data=inputs[1], mime_type="image/png"),
            "put both cats on one sofa",
        ],
    )
    assert only_picture(answer).size == (1376, 768)
    held("an edit of two pictures follows the first")

    fault(base_url, {"type": "blocked", "reason": "PROHIBITED_CONTENT"})
    answer = client.models.generate_content(model=PRO, contents="a cat")
    reason = answer.prompt_feedback.block_reason
    assert reason == types.BlockedReason.PROHIBITED_CONTENT and not answer.candidates
    held("a blocked prompt is feedback without candidates")

    answer = client.models.generate_content(model=PRO, contents="a cat #unsafe")
    assert answer.candidates[0].finish_reason == types.FinishReason.IMAGE_SAFETY
    assert not answer.parts
    held("a withheld picture says IMAGE_SAFETY")

    fault(base_url, {"type": "too_many_requests", "retry_after": 7})
    error = failure(client, model=PRO, contents="a cat")
    assert isinstance(error, errors.ClientError) and error.code == 429
    assert error.status == "RESOURCE_EXHAUSTED" and '"7s"' in json.dumps(error.details)
    held("429 is a ClientError with its delay")

    fault(base_url, {"type": "server_error", "status": 503})
    error = failure(client, model=PRO, contents="a cat")
    assert isinstance(error, errors.ServerError) and error.status == "UNAVAILABLE"
    held("503 is a ServerError")

    error = failure(client, model="gemini-3-pro-image-preview", contents="a cat")
    assert error.code == 404 and error.status == "NOT_FOUND"
    held("a retired model is gone")

    error = failure(client, model=PRO, contents="a cat", config=image_config("1:8", "1K"))
    assert error.code == 400 and error.status == "INVALID_ARGUMENT"
    held("a ratio the model lacks is refused", error.message)

    error = failure(sdk(base_url, "wrong"), model=PRO, contents="a cat")
    assert error.code == 400 and "API_KEY_INVALID" in json.dumps(error.details)
    held("a wrong key is API_KEY_INVALID")

    bill = control(base_url, "GET", "calls")
    held("the bill", f"{sum(call['billed'] for call in bill)} of {len(bill)} calls")


def sdk(base_url, api_key):
    # The SDK (3.4.0) calls /v1 unless told; the sandbox serves /v1beta, the version of our contract.
    options = types.HttpOptions(
        base_url=f"{base_url}/gemini", api_version="v1beta", timeout=60_000
    )
    return genai.Client(api_key=api_key, http_options=options)


def image_config(ratio, size):
    return types.GenerateContentConfig(
        response_modalities=["TEXT", "IMAGE"],
        image_config=types.ImageConfig(aspect_ratio=ratio, image_size=size),
    )


def only_picture(answer):
    """The picture of an answer that is not a thought, opened."""
    blobs = [part.inline_data for part in answer.parts if part.inline_data and not part.thought]
    assert len(blobs) == 1, len(blobs)
    picture = Image.open(io.BytesIO(blobs[0].data))
    picture.load()
    assert Image.MIME[picture.format] == blobs[0].mime_type
    return picture


def picture_bytes(kind, size):
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def failure(client, **call):
    try:
        client.models.generate_content(**call)
    except errors.APIError as error:
        return error
    raise AssertionError("the call should have failed")


def fault(base_url, kind):
    control(base_url, "POST", "faults", {"times": 1, "kind": kind})


def control(base_url, method, path, body=None):
    request = urllib.request.Request(
        f"{base_url}/control/gemini/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def held(what, detail=""):
    print(f"ok  {what}" + (f": {detail}" if detail else ""))


if __name__ == "__main__":
    main(*sys.argv[1:])
