"""E-mail, as text and HTML."""

import smtplib
from email.mime.image import MIMEImage

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from alerts.errors import DeliveryFailedError
from alerts.services.channels.message import Message, Target

# Source: RFC 5321, section 4.2.1: permanent negative completion.
PERMANENT = 500
MAILBOX_REFUSED = frozenset({550, 551, 552, 553, 554})


def send_email(message: Message, target: Target) -> None:
    """Hand a mail to the SMTP server; its Message-ID is the same at every try."""
    mail = EmailMultiAlternatives(
        subject=" ".join(message.subject.split()),
        body=message.body + (f"\n\n{message.link}\n" if message.link else "\n"),
        to=[target.options["address"]],
        headers={"Message-ID": f"<{message.key}@lpr-server>", "Auto-Submitted": "auto-generated"},
    )
    context = {"message": message, "lines": message.body.splitlines()}
    mail.attach_alternative(render_to_string("alerts/email.html", context), "text/html")
    if message.picture:
        picture = MIMEImage(message.picture, _subtype=message.picture_type.partition("/")[2])
        picture.add_header("Content-ID", "<plate>")
        picture.add_header("Content-Disposition", "inline", filename="plate.jpg")
        mail.attach(picture)
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        code = max((code for code, _ in error.recipients.values()), default=0)
        raise DeliveryFailedError(
            f"The mail server does not take mail for this address (code {code}).",
            is_about_message=code >= PERMANENT,
        ) from error
    except smtplib.SMTPResponseException as error:
        raise DeliveryFailedError(
            f"The mail server refused the mail (code {error.smtp_code})."
        ) from error
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryFailedError(
            "The mail server does not answer. Check LPR_EMAIL_URL."
        ) from error
