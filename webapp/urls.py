"""Every address of the site."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView

from webapp import rate_accuracy_page
from webapp.accounts import views as people
from webapp.api import api
from webapp.chat import views as chat
from webapp.ops import health, planner_usage_page

# The API asks for its own login (session, personal or node token) and answers 401 where a page would redirect; its
# documentation has none of its own and stays behind the pages' login.
api_urls = api.urls
for pattern in api_urls[0]:
    if pattern.name not in {"openapi-json", "openapi-view", "api-root"}:
        login_not_required(pattern.callback)

urlpatterns = [
    path("", chat.chat, name="chat"),
    path("c/<uuid:conversation>/", chat.chat, name="conversation"),
    path("photos/<uuid:pk>/", chat.photo, name="photo"),
    path("models/", chat.models, name="models"),
    path("curves/", rate_accuracy_page.curves, name="curves"),
    path("planner/", planner_usage_page.calls, name="planner"),
    path("planner/calls.csv", planner_usage_page.calls_csv, name="planner_csv"),
    path("devices/", include("devices.urls")),
    path("federation/", include("federation.urls")),
    path("setup/", people.setup, name="setup"),
    path("login/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("account/", people.account, name="account"),
    path("account/tokens/<int:pk>/revoke/", people.revoke_token, name="revoke_token"),
    path("api/", api_urls),
    path("admin/login/", RedirectView.as_view(pattern_name="login", query_string=True)),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz),
    path("livez", health.livez),
]
