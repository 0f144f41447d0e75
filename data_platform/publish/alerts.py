"""Messages to people, about what went wrong: to a webhook in the form that Slack has made common, and by mail.

Addresses and passwords are in no error. Not here: when somebody is told, and what (`assets/alerts.py`).
"""

from __future__ import annotations

import json
import smtplib
import ssl
import urllib.error
import urllib.request
from email.message import EmailMessage

from data_platform.core.errors import PlainError
from data_platform.run.settings import Alerts, Email


class AlertNotDelivered(PlainError, RuntimeError):
    """A message that did not arrive everywhere. Says by which way and why, and no address."""


def tell(alerts: Alerts, subject: str, text: str) -> None:
    """Tell everybody that the recipe names; whoever can be reached is, whether or not others can.

    Raises:
        AlertNotDelivered: if one way failed.
    """
    failed = []
    if alerts.webhook:
        try:
            _post(alerts.webhook, f"{subject}\n{text}", alerts.timeout_seconds)
        except (OSError, ValueError) as error:
            failed.append(f"webhook: {_why(error)}")
    if alerts.email:
        try:
            _mail(alerts.email, subject, text, alerts.timeout_seconds)
        except (OSError, ValueError) as error:
            failed.append(f"mail: {_why(error)}")
    if failed:
        raise AlertNotDelivered(f"not delivered by {'; '.join(failed)}")


def _post(address: str, text: str, timeout_seconds: float) -> None:
    """https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"""
    request = urllib.request.Request(
        address, json.dumps({"text": text}).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=timeout_seconds):
        pass


def _mail(email: Email, subject: str, text: str, timeout_seconds: float) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, email.sender, ", ".join(email.to)
    message.set_content(text)
    context = ssl.create_default_context()
    with (
        smtplib.SMTP_SSL(email.host, email.port, timeout=timeout_seconds, context=context)
        if email.security == "tls" else smtplib.SMTP(email.host, email.port, timeout=timeout_seconds)
    ) as server:
        if email.security == "starttls":
            server.starttls(context=context)
        if email.user and email.password:
            server.login(email.user, email.password)
        server.send_message(message)


def _why(error: Exception) -> str:
    """Kind and number of an error; its words may hold the address, or what a server answered to a password."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the server answered {error.smtp_code}"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    number = getattr(cause, "errno", None)
    return f"{type(cause).__name__}{f' {number}' if number is not None else ''}"
