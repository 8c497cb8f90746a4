"""What whoever holds an evidence pack needs, without an account: public keys and the verifier."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from reports.selectors import signing_keys
from reports.services.packs import VERIFIER, verifier_source


@require_safe
def evidence(request: HttpRequest) -> HttpResponse:
    """All public keys of this server, and how to check a pack with them."""
    return render(request, "reports/evidence.html", {"keys": signing_keys()})


@require_safe
def verifier(_request: HttpRequest) -> HttpResponse:
    """The program that checks packs, to be had from here rather than from a pack."""
    answer = HttpResponse(verifier_source(), content_type="text/x-python; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=VERIFIER
    )
    return answer
