"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

from webapp import rate_accuracy_page
from webapp.api import addresses
from webapp.chat import views as chat
from webapp.chat.ratings import pages as ratings
from webapp.chat.sharing import pages as sharing
from webapp.languages import views as language_pages
from webapp.ops import health, planner_usage_page
from webapp.ops.metrics import page as metrics

handler400 = "webapp.errors.bad_request"
handler403 = "webapp.errors.forbidden"
handler404 = "webapp.errors.not_found_page"
handler500 = "webapp.errors.server_error"

urlpatterns = [
    path("", chat.chat, name="chat"),
    path("c/<uuid:conversation>/", chat.chat, name="conversation"),
    path("photos/<uuid:pk>/", chat.photo, name="photo"),
    path("shared/<str:link>/", sharing.shared, name="shared"),
    path("shared/<str:link>/photos/<uuid:photo>/", sharing.shared_photo, name="shared_photo"),
    path("ratings/ratings.csv", ratings.ratings_csv, name="ratings_csv"),
    path("library/", include("webapp.library.urls")),
    path("models/", chat.models, name="models"),
    path("curves/", rate_accuracy_page.curves, name="curves"),
    path("planner/", planner_usage_page.calls, name="planner"),
    path("planner/calls.csv", planner_usage_page.calls_csv, name="planner_csv"),
    path("retention/", include("webapp.ops.retention.page")),
    path("batches/", include("inference.batches.urls")),
    path("devices/", include("devices.urls")),
    path("watches/", include("inference.watches.urls")),
    path("federation/", include("federation.urls")),
    path("", include("webapp.accounts.pages.urls")),
    path("", include("webapp.ops.notifications.pages.urls")),
    path("api/", include(addresses.urlpatterns())),
    path("languages/choose/", language_pages.choose, name="choose_language"),
    path("languages/<str:language>.js", language_pages.catalogue, name="catalogue"),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz),
    path("healthz/fleet", health.fleet),
    path("livez", health.livez),
    path("metrics", metrics.metrics, name="metrics"),
]
