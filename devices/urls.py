"""Addresses below /devices/."""

from django.urls import path

from devices import views

app_name = "devices"
urlpatterns = [
    path("", views.page, name="page"),
    path("add/", views.add, name="add"),
    path("install.sh", views.install, name="install"),
    path("agent.whl", views.agent, name="agent"),
    path("agent/<str:name>", views.wheel, name="wheel"),
    path("<slug:slug>/", views.node, name="node"),
    path("<slug:slug>/readings/", views.readings, name="readings"),
    path("<slug:slug>/approve/", views.approve, name="approve"),
    path("<slug:slug>/revoke/", views.revoke, name="revoke"),
    path("<slug:slug>/rotate/", views.rotate, name="rotate"),
    path("<slug:slug>/restart/", views.restart, name="restart"),
    path("<slug:slug>/update/", views.update, name="update"),
    path("<slug:slug>/tags/", views.set_tags, name="tags"),
    path("<slug:slug>/rename/", views.rename, name="rename"),
    path("<slug:slug>/accept/", views.accept, name="accept"),
    path("<slug:slug>/history/", views.link_history, name="history"),
]
