"""HTTP entry points of exports, evidence packs and signing keys."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.utils.translation import get_language
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework.decorators import action
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from accounts.models import Scope, User
from lpr_project.common.renderers import OrjsonRenderer
from reports.api import examples
from reports.api.serializers import (
    ExportSerializer,
    NewExportSerializer,
    NewPackSerializer,
    SigningKeySerializer,
)
from reports.models import Export
from reports.selectors import exports_visible_to, signing_keys
from reports.services.exports import (
    Wanted,
    cancel_export,
    check_link,
    create_export,
    new_export,
    take_file,
)
from reports.services.making import send_at_once
from reports.views.requests import file_response, stored_response

FILE = OpenApiResponse(OpenApiTypes.BINARY, description="The file.")
GEO_JSON = OpenApiResponse(OpenApiTypes.OBJECT, description="The file, as GeoJSON.")
BUSY = OpenApiResponse(description="As many exports are in the making as one may have.")
GONE = OpenApiResponse(description="There is no file, not yet or no longer.")
MANY = OpenApiResponse(description="Too many rows to be sent at once: make an export.")
TOKEN = OpenApiParameter("token", str, required=True, description="As `file_url` has it.")


class FileRenderer(BaseRenderer):
    """Lets a caller ask for any type of file; a failure is JSON all the same."""

    media_type = "*/*"
    format = "file"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Any = None,
    ) -> bytes:
        return OrjsonRenderer().render(data)


class _Exports(ReadOnlyModelViewSet[Export]):
    """What exports and evidence packs have in common."""

    queryset = Export.objects.none()  # names the model for the schema
    serializer_class = ExportSerializer
    filter_backends = []
    read_scope = write_scope = Scope.DETECTIONS_EXPORT
    kinds: ClassVar[tuple[Export.Kind, ...]]

    def get_queryset(self) -> QuerySet[Export]:
        return exports_visible_to(self._user).filter(kind__in=self.kinds)

    @property
    def _user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    def _answer(self, export: Export) -> Response:
        return Response(self.get_serializer(export).data, status=201)

    @extend_schema(
        summary="Cancel it, or delete its file",
        responses={204: OpenApiResponse(description="It is gone.")},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        cancel_export(export=self.get_object(), actor=self._user)
        return Response(status=204)

    @extend_schema(
        summary="The file",
        description="By the link of `file_url`. Each download is audited.",
        parameters=[TOKEN],
        responses={(200, "application/geo+json"): GEO_JSON, (200, "*/*"): FILE, 409: GONE},
    )
    @action(detail=True, renderer_classes=[OrjsonRenderer, FileRenderer])
    def file(self, request: Request, pk: str) -> HttpResponseBase:
        export = self.get_object()
        token = request.query_params.get("token", "")
        check_link(export=export, user=self._user, token=token)
        return stored_response(request._request, export, take_file(export=export, user=self._user))  # noqa: SLF001  # Django's request


@extend_schema(tags=["exports"])
@extend_schema_view(
    list=extend_schema(summary="The caller's exports, newest first"),
    retrieve=extend_schema(
        summary="An export and how far it is",
        examples=[OpenApiExample("Done", examples.EXPORT, response_only=True)],
    ),
)
class ExportViewSet(_Exports):
    """Rows of a search, or of the audit trail, as a file."""

    kinds = (Export.Kind.DETECTIONS, Export.Kind.AUDIT_TRAIL)

    @extend_schema(
        summary="Have a file made",
        description="In the background: ask for it again until `state` is done. Owners, managers "
        "and analysts export detections that they see; owners and auditors the audit trail.",
        request=NewExportSerializer,
        responses={201: ExportSerializer, 429: BUSY},
        examples=[
            OpenApiExample("A search", examples.ASKED, request_only=True),
            OpenApiExample("Done", examples.EXPORT, response_only=True),
        ],
    )
    def create(self, request: Request) -> Response:
        return self._answer(create_export(user=self._user, wanted=self._wanted(request)))

    @extend_schema(
        summary="A small file, sent at once",
        description="For at most `LPR_EXPORT_DIRECT_ROWS` rows; nothing is kept.",
        request=NewExportSerializer,
        responses={(200, "application/geo+json"): GEO_JSON, (200, "*/*"): FILE, 409: MANY},
        examples=[OpenApiExample("A search", examples.ASKED, request_only=True)],
    )
    @action(detail=False, methods=["post"], renderer_classes=[OrjsonRenderer, FileRenderer])
    def direct(self, request: Request) -> HttpResponseBase:
        export = new_export(user=self._user, wanted=self._wanted(request))
        pieces = send_at_once(user=self._user, export=export)
        return file_response(request._request, export, pieces)  # noqa: SLF001  # Django's request

    def _wanted(self, request: Request) -> Wanted:
        asked = NewExportSerializer(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(asked.validated_data)
        kind, form = Export.Kind(values.pop("kind")), Export.Format(values.pop("format"))
        return Wanted(kind=kind, format=form, language=get_language() or "en", **values)


@extend_schema(tags=["evidence"])
@extend_schema_view(
    list=extend_schema(summary="The caller's evidence packs, newest first"),
    retrieve=extend_schema(
        summary="An evidence pack and how far it is",
        examples=[OpenApiExample("Done", examples.PACK, response_only=True)],
    ),
)
class EvidencePackViewSet(_Exports):
    """Everything about some detections, signed."""

    kinds = (Export.Kind.EVIDENCE,)

    @extend_schema(
        summary="Have an evidence pack made",
        description="Pictures, JSON, reports in English and Thai, audit events, manifest and "
        "signature. `warnings` says which pictures are not those that were recorded.",
        request=NewPackSerializer,
        responses={201: ExportSerializer, 429: BUSY},
        examples=[
            OpenApiExample("One detection", examples.PACK_ASKED, request_only=True),
            OpenApiExample("Done", examples.PACK, response_only=True),
        ],
    )
    def create(self, request: Request) -> Response:
        asked = NewPackSerializer(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(asked.validated_data)
        wanted = Wanted(
            kind=Export.Kind.EVIDENCE,
            format=Export.Format.ZIP,
            criteria={"detections": values.pop("detections")},
            language=get_language() or "en",
            **values,
        )
        return self._answer(create_export(user=self._user, wanted=wanted))


class SigningKeyView(APIView):
    """Public keys; they also stand on the page /evidence/, which asks for no log-in."""

    read_scope = Scope.DETECTIONS_EXPORT

    @extend_schema(
        tags=["evidence"],
        summary="Public keys that sign, or signed, evidence packs",
        responses=SigningKeySerializer(many=True),
        examples=[OpenApiExample("In use", [examples.KEY], response_only=True)],
    )
    def get(self, request: Request) -> Response:
        return Response(SigningKeySerializer(signing_keys(), many=True).data)
