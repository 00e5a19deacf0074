"""Runs YooKassa's own Python SDK, unchanged, against the sandbox's shop and its notifications.

Needs a running sandbox and `pip install "yookassa>=3.13,<4"`:

    python sandbox/checks/yookassa_sdk.py http://127.0.0.1:9090

Each line says what held; the first thing that does not hold ends the run with a traceback.
The sandbox notifies the check while it runs, and whom it notified before afterwards.
"""

import json
import sys
import threading
import urllib.error
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from yookassa import Configuration, Payment, Refund, Settings
from yookassa.domain.common import SecurityHelper
from yookassa.domain.exceptions import (
    BadRequestError,
    InternalServerError,
    NotFoundError,
    ResponseProcessingError,
    TooManyRequestsError,
    UnauthorizedError,
)
from yookassa.domain.notification import WebhookNotificationFactory


class Control:
    """The sandbox's control API."""

    def __init__(self, base_url):
        self.base_url = f"{base_url}/control/yookassa"

    def __call__(self, method, path, body=None):
        request = urllib.request.Request(
            f"{self.base_url}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def fault(self, operation, kind):
        self("POST", "faults", {"operation": operation, "kind": kind})


class Inbox:
    """The shop's webhook: notes what comes, and refuses the first delivery."""

    def __init__(self):
        self.bodies = []
        self.came = threading.Condition()
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                with inbox.came:
                    inbox.bodies.append(json.loads(body))
                    self.send_response(500 if len(inbox.bodies) == 1 else 200)
                    self.end_headers()
                    inbox.came.notify_all()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhook"

    def wait(self, count):
        with self.came:
            assert self.came.wait_for(lambda: len(self.bodies) >= count, timeout=10), self.bodies
            return list(self.bodies)


def main(base_url):
    control = Control(base_url)
    shop = control("GET", "shop")
    before = control("GET", "notifications")
    control("DELETE", "faults")
    inbox = Inbox()
    settings = {"url": inbox.url, "intervals_millis": [10], "copies": 1}
    control("PATCH", "notifications", settings)
    try:
        Configuration.configure(
            shop["account_id"], shop["secret_key"], api_url=f"{base_url}/yookassa/v3"
        )
        check(control, inbox)
        wrong_key(base_url, shop)
    finally:
        control("PATCH", "notifications", before)
        control("DELETE", "faults")


def check(control, inbox):
    me = Settings.get_account_settings()
    assert me.account_id and me.test is True
    held("the shop knows itself", f"{me.account_id}, {', '.join(me.payment_methods)}")

    key = str(uuid.uuid4())
    payment = Payment.create(order("100.00"), key)
    assert payment.status == "pending" and payment.paid is False
    page = urllib.request.urlopen(payment.confirmation.confirmation_url, timeout=10).read().decode()
    assert "Оплатить" in page and "100,00" in page
    held("a payment is created and its page opens", payment.id)

    again = Payment.create(order("100.00"), key)
    assert again.id == payment.id
    error = refused(BadRequestError, lambda: Payment.create(order("100.01"), key))
    assert error["description"] == "Idempotence key duplicated"
    assert error["parameter"] == "Idempotence-Key"
    held("a key gives its first answer, and refuses other data")

    control("POST", f"payments/{payment.id}/pay")
    paid = Payment.find_one(payment.id)
    assert paid.status == "succeeded" and paid.paid and paid.refundable
    assert str(paid.amount.value) == "100.00" and paid.metadata["topup_id"] == "t1"
    assert paid.payment_method.type == "bank_card" and paid.payment_method.card.last4 == "4477"
    held("it is paid and found", f"income {paid.income_amount.value}")

    first, second = inbox.wait(2)[:2]
    assert first == second, "the refused delivery comes again"
    told = WebhookNotificationFactory().create(first)
    assert told.event == "payment.succeeded" and told.object.id == payment.id
    assert not SecurityHelper().is_ip_trusted("127.0.0.1")
    held("its notification comes until the answer is 200")

    ids = {Payment.create(order("10.00"), str(uuid.uuid4())).id for _ in range(5)}
    listed, cursor = [], None
    filters = {"limit": 2, "status": "pending", "created_at.gte": paid.created_at}
    while True:
        page = Payment.list({**filters, **({"cursor": cursor} if cursor else {})})
        listed += [item.id for item in page.items]
        cursor = page.next_cursor
        if not cursor:
            break
    assert len(listed) == len(set(listed)) and ids <= set(listed), listed
    held("lists go page by page")

    refund_key = str(uuid.uuid4())
    refund = Refund.create(back(payment.id, "40.00"), refund_key)
    assert refund.status == "succeeded"
    assert Refund.create(back(payment.id, "40.00"), refund_key).id == refund.id
    assert Refund.find_one(refund.id).payment_id == payment.id
    refused(BadRequestError, lambda: Refund.create(back(payment.id, "60.01"), str(uuid.uuid4())))
    assert str(Payment.find_one(payment.id).refunded_amount.value) == "40.00"
    assert [item.id for item in Refund.list({"payment_id": payment.id}).items] == [refund.id]
    told = WebhookNotificationFactory().create(inbox.wait(3)[2])
    assert told.event == "refund.succeeded" and told.object.id == refund.id
    held("a part is refunded once, told, and never more than was paid")

    reserved = Payment.create({**order("50.00"), "capture": False}, str(uuid.uuid4()))
    control("POST", f"payments/{reserved.id}/pay")
    captured = Payment.capture(reserved.id, {"amount": rub("20.00")}, str(uuid.uuid4()))
    assert captured.status == "succeeded" and str(captured.amount.value) == "20.00"
    reserved = Payment.create({**order("50.00"), "capture": False}, str(uuid.uuid4()))
    control("POST", f"payments/{reserved.id}/pay")
    canceled = Payment.cancel(reserved.id, str(uuid.uuid4()))
    assert canceled.cancellation_details.reason == "canceled_by_merchant"
    held("a reserved payment is captured or cancelled")

    declined = Payment.create(order("50.00"), str(uuid.uuid4()))
    control("POST", f"payments/{declined.id}/decline", {"reason": "insufficient_funds"})
    details = Payment.find_one(declined.id).cancellation_details
    assert (details.party, details.reason) == ("payment_network", "insufficient_funds")
    held("a declined payment says why")

    control("PATCH", "shop", {"receipts": "from_yookassa"})
    try:
        refused(BadRequestError, lambda: Payment.create(order("100.00"), str(uuid.uuid4())))
        Payment.create({**order("100.00"), "receipt": receipt("100.00")}, str(uuid.uuid4()))
    finally:
        control("PATCH", "shop", {"receipts": "not_needed"})
    held("a receipt is demanded and accepted")

    refused(NotFoundError, lambda: Payment.find_one("22e12f66-000f-5000-8000-000000000000"))
    control.fault("create_payment", {"type": "too_many_requests", "retry_after": 1800})
    error = refused(TooManyRequestsError, lambda: Payment.create(order("1.00"), "busy"))
    assert error["retry_after"] == 1800
    control.fault("create_payment", {"type": "server_error_after"})
    key = str(uuid.uuid4())
    refused(InternalServerError, lambda: Payment.create(order("1.00"), key))
    control.fault("create_payment", {"type": "processing", "retry_after": 1800})
    refused(ResponseProcessingError, lambda: Payment.create(order("1.00"), key))
    assert Payment.create(order("1.00"), key).status == "pending"
    made = [call for call in control("GET", "calls") if call["idempotence_key"] == key]
    answers = [call["answered"]["type"] for call in made]
    assert answers == ["done", "repeated", "repeated"], answers
    held("errors are typed, and a lost answer waits under its key")


def wrong_key(base_url, shop):
    Configuration.configure(shop["account_id"], "wrong", api_url=f"{base_url}/yookassa/v3")
    refused(UnauthorizedError, lambda: Settings.get_account_settings())
    held("a wrong key is refused")


def refused(kind, call):
    """The body of the error a call must end with."""
    try:
        call()
    except kind as error:
        return error.content
    raise AssertionError(f"the call should have ended with {kind.__name__}")


def rub(value):
    return {"value": value, "currency": "RUB"}


def order(value):
    return {
        "amount": rub(value),
        "capture": True,
        "confirmation": {"type": "redirect", "return_url": "https://t.me/rei_bot"},
        "description": "Balance top-up",
        "metadata": {"topup_id": "t1", "user_id": "42"},
    }


def back(payment_id, value):
    return {"payment_id": payment_id, "amount": rub(value), "description": "unspent"}


def receipt(value):
    item = {
        "description": "Balance top-up",
        "quantity": 1,
        "amount": rub(value),
        "vat_code": 1,
        "measure": "piece",
        "payment_mode": "full_prepayment",
        "payment_subject": "service",
    }
    return {"customer": {"email": "anna@example.com"}, "items": [item], "internet": True}


def held(what, detail=""):
    print(f"ok  {what}" + (f": {detail}" if detail else ""))


if __name__ == "__main__":
    main(*sys.argv[1:])
